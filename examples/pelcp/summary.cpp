#include <pelton/examples/pelcp/summary.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pelcp {

void print_summary(const tally& total, std::uint64_t nanoseconds) {
    const nlohmann::ordered_json summary{
        {"files", total.files},
        {"directories", total.directories},
        {"symbolic_links", total.symlinks},
        {"hard_links", total.hard_links},
        {"special_files", total.specials},
        {"skipped", total.skipped},
        {"bytes", total.bytes},
        {"cloned", total.cloned},
        {"verified", total.verified},
        {"seconds", static_cast<double>(nanoseconds) / 1e9},
        {"errors", total.errors},
        {"messages", total.complaints},
    };
    // A name in a message need not be valid UTF-8, which JSON must be.
    fmt::print("{}\n", summary.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace pelcp
