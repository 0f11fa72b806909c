// A mask to measure, and whether it hides anything that is there.
#pragma once

#include <pelton/runtime/ring/feature.hpp>

#include <string>
#include <vector>

namespace pelton::bench::fallback {

struct masked {
    std::string names;  // as PELTON_MASK spells them
    feature_set features;

    std::string rival() const { return "without " + names; }
};

// The masks, in their order, that hide something which the kernel has and PELTON_MASK does not hide
// already. `left_out` gets the names of the others. Ends the process on a name that is no feature.
std::vector<masked> masks_that_matter(const std::vector<std::string>& names,
                                      std::vector<std::string>& left_out);

}  // namespace pelton::bench::fallback
