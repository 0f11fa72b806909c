#include <pelton/runtime/ring/capabilities.hpp>

#include <fmt/format.h>

#include <iterator>

namespace pelton {

std::string describe(const capabilities& known) {
    std::string text = fmt::format(
        "ring: {} SQ entries, {} CQ entries, setup flags 0x{:x}, features 0x{:x}, {} opcodes\n",
        known.sq_entries, known.cq_entries, known.setup_flags, known.setup_features, known.opcodes);
    auto out = std::back_inserter(text);
    fmt::format_to(out, "{:<20} {:<6} {:<8} {}\n", "feature", "since", "state",
                   "what its absence costs");
    for (const auto& entry : feature_table()) {
        const auto index = static_cast<std::size_t>(entry.id);
        const bool here = known.present.test(index);
        const auto* present = entry.kind == feature_kind::polled_flag ? "untried" : "yes";
        const auto* state = here ? present : known.masked.test(index) ? "masked" : "no";
        fmt::format_to(out, "{:<20} {:<6} {:<8} {}\n", entry.name, entry.since, state,
                       here ? "" : entry.when_missing);
    }
    return text;
}

}  // namespace pelton
