// What a shard tells people who cannot be told by a return value.
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/outcome/say.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>

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
    say(fmt::format("pelton: {}\n", sentence));
}

void shard::report(std::error_code error, std::string_view what) noexcept {
    try {
        if (options_.error) {
            options_.error(error, what);
            return;
        }
        say(fmt::format("pelton: {}: {}\n", what, error.message()));
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

std::string shard::tasks() const {
    std::string text;
    auto out = std::back_inserter(text);
    std::array<char, 160> line{};
    const auto told = [&line](const leaf& one) {
        const auto length = one.describe(line.data(), line.size());
        return std::string_view(line.data(), std::min(length, line.size()));
    };
    for (auto* flow = strands_; flow != nullptr; flow = flow->later) {
        fmt::format_to(out, "{} {}: {}{}\n", flow->name, static_cast<const void*>(flow),
                       flow->waiting_in == nullptr ? "running or ready" : told(*flow->waiting_in),
                       flow->stop_requested ? " (asked to stop)" : "");
    }
    lasting_.each([&](const lasting_record& one) { fmt::format_to(out, "{}\n", told(one)); });
    return text;
}

std::string shard::dump() const {
    std::string text = tasks();
    auto out = std::back_inserter(text);
    const auto& ring = queues_.counters();
    const auto& loop = completions_.counters();
    fmt::format_to(out,
                   "sqes {} enters {} cqes {} short_enters {} enter_retries {} overflows {} "
                   "scratch_full {}\n",
                   ring.sqes, ring.enters, ring.cqes, ring.short_enters, ring.enter_retries,
                   ring.overflows, ring.scratch_full);
    fmt::format_to(out,
                   "in_flight {} room_waits {} resumes {} cancels {} cancel_repeats {} "
                   "resubmits {}\n",
                   completions_.in_flight(), loop.room_waits, loop.resumes, loop.cancels,
                   loop.cancel_repeats, loop.resubmits);
    fmt::format_to(out,
                   "turns {} timers {} offloads {} fixed_transfers {} plain_transfers {} "
                   "short_transfers {}\n",
                   counters_.turns, timers_.armed(), counters_.offloads, counters_.fixed_transfers,
                   counters_.plain_transfers, counters_.short_transfers);
    fmt::format_to(out, "shard {} calls {} mailbox_waits {} bells {}\n", number_, counters_.calls,
                   counters_.mailbox_waits, counters_.bells);
    return text;
}

}  // namespace pelton
