// What this kernel can do, as asked of it, less what PELTON_MASK hides.
#pragma once

#include <pelton/runtime/ring/feature.hpp>

#include <string>

namespace pelton {

struct capabilities {
    feature_set present;
    feature_set masked;  // hidden by request, present or not
    unsigned setup_flags = 0;
    unsigned setup_features = 0;  // as the kernel reported them
    unsigned opcodes = 0;         // how many the kernel knows
    unsigned sq_entries = 0;
    unsigned cq_entries = 0;

    bool has(feature one) const noexcept { return present.test(static_cast<std::size_t>(one)); }
};

// A table for people: each feature, since when, whether it is here, and what a missing one costs.
std::string describe(const capabilities& known);

}  // namespace pelton
