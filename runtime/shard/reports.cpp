// What a shard tells people who cannot be told by a return value.
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace pelton {

void shard::say_if_smaller() {
    // More than the kernel's most is cut to that in silence, as asked for (IORING_SETUP_CLAMP).
    const auto wanted = std::min(options_.ring.sq_entries, abi::sq_entries_max);
    if (queues_.sq_entries() < wanted) {
        notice(
            fmt::format("RLIMIT_MEMLOCK ({} KiB) does not allow queues of {} entries, {} are "
                        "used: more waits for room; raise it (ulimit -l, LimitMEMLOCK=)",
                        calls().memlock_limit() / 1024, wanted, queues_.sq_entries()));
    }
}

void shard::notice(std::string_view sentence) {
    if (options_.notice) {
        options_.notice(sentence);
        return;
    }
    fmt::print(stderr, "pelton: {}\n", sentence);
}

void shard::report(std::error_code error, std::string_view what) noexcept {
    try {
        if (options_.error) {
            options_.error(error, what);
            return;
        }
        fmt::print(stderr, "pelton: {}: {}\n", what, error.message());
    } catch (...) {
        fatal("an error could not be reported");
    }
}

void shard::report_thrown(const std::exception_ptr& thrown, std::string_view what) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::system_error& error) {
        report(error.code(), what);
    } catch (const std::exception& error) {
        report(std::make_error_code(std::errc::operation_canceled),
               fmt::format("{} ({})", what, error.what()));
    } catch (...) {
        report(std::make_error_code(std::errc::operation_canceled), what);
    }
}

}  // namespace pelton
