#include <pelton/bench/fallback/masked.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/mask.hpp>
#include <pelton/runtime/runtime.hpp>

namespace pelton::bench::fallback {
namespace {

feature_set present() {
    feature_set found;
    const int code = run([&](shard& here) -> task<> {
        for (const auto& entry : feature_table()) {
            found.set(static_cast<std::size_t>(entry.id), here.queues().has(entry.id));
        }
        co_return;
    });
    check(code == 0, "no shard to ask for the kernel's features");
    return found;
}

}  // namespace

std::vector<masked> masks_that_matter(const std::vector<std::string>& names,
                                      std::vector<std::string>& left_out) {
    const feature_set there = present();
    std::vector<masked> all;
    for (const std::string& each : names) {
        std::string unknown;
        const auto features = parse_mask(each, unknown);
        check(features.has_value(), "a mask of this program names no feature");
        if ((*features & there).any()) {
            all.push_back({each, *features});
        } else {
            left_out.push_back(each);
        }
    }
    return all;
}

}  // namespace pelton::bench::fallback
