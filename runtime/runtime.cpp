#include <pelton/runtime/outcome/say.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/stall_watch.hpp>
#include <pelton/runtime/shard/team.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>

namespace pelton::detail {

int exit_code(const std::exception_ptr& thrown) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const ended_by_signal& ended) {
        return 128 + ended.number;
    } catch (const std::exception& error) {
        say(fmt::format("pelton: {}\n", error.what()));
    } catch (...) {
        say("pelton: the main task threw something that is no std::exception\n");
    }
    return 1;
}

int exit_code(std::error_code error) noexcept {
    say(fmt::format("pelton: {}\n", error.message()));
    return 1;
}

namespace {

constexpr std::uint64_t stall_ns_of_a_team = 500'000'000;

int run_one(const options& with, const std::function<int(shard&)>& start) {
    shard here(with);
    std::unique_ptr<stall_watch> watch;
    if (with.stall_ns.value_or(0) != 0) {
        here.open_door();  // a shard without a door does not say when it sleeps
        auto* only = &here;
        watch = std::make_unique<stall_watch>(here.calls(), std::span(&only, 1), *with.stall_ns);
    }
    const int code = start(here);
    here.retire();
    return code;
}

unsigned count_of(const options& with) {
    if (with.shards != 0) {
        return with.shards;
    }
    return std::max(static_cast<unsigned>(with.calls->cores().size()), 1U);
}

}  // namespace

int run_shards(options with, const std::function<int(shard&)>& start) noexcept {
    try {
        team_options all;
        all.shards = count_of(with);
        if (all.shards == 1) {
            return run_one(with, start);
        }
        all.pin_to_cores = with.pin_to_cores;
        all.stall_ns = with.stall_ns.value_or(stall_ns_of_a_team);
        return team(with, all).run(start);
    } catch (...) {
        return exit_code(std::current_exception());
    }
}

}  // namespace pelton::detail
