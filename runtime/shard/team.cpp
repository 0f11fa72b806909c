#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/shard/team.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace pelton {
namespace {

// Enough CQEs for the bells of all peers, what the loop keeps for itself, and an operation or two.
shard_options with_room_for(const shard_options& each, unsigned peers) {
    constexpr unsigned others = 4;
    auto with = each;
    const auto wanted = each.ring.cq_entries != 0 ? each.ring.cq_entries : 4 * each.ring.sq_entries;
    with.ring.cq_entries = std::max(wanted, peers + others);
    with.ring.clones_buffers = true;
    return with;
}

}  // namespace

team::team(const shard_options& each, const team_options& all)
    : each_(with_room_for(each, all.shards - 1)),
      all_(all),
      meeting_(all.shards),
      standstill_(all.shards) {
    if (all.shards > shards_max) {
        throw_failed_call(EINVAL, fmt::format("a run has at most {} shards", shards_max));
    }
    if (all_.pin_to_cores) {
        cores_ = each_.calls->cores();
    }
    for (unsigned number = 0; number < all.shards; ++number) {
        members_.push_back(std::make_unique<member_state>(*this, number));
    }
    lanes_.resize(std::size_t{all.shards} * all.shards);
}

team::~team() = default;

int team::run(const std::function<int(shard&)>& main) {
    try {
        registrar_.emplace(*each_.ring_kernel);
    } catch (const std::system_error&) {
        // Each shard registers by itself then, and says what it lacks.
    }
    start_threads();
    serve(*members_[0], &main);
    registrar_.reset();
    rethrow_failure();
    return code_;
}

void team::start_threads() {
    const auto body = [](void* state) noexcept {
        auto& me = *static_cast<member_state*>(state);
        me.all.work(me);
    };
    for (unsigned number = 1; number < size(); ++number) {
        try {
            members_[number]->thread.reset(each_.calls->start_thread(body, members_[number].get()));
        } catch (...) {
            members_[number]->failed = std::current_exception();
            meeting_.absent(size() - number);
            return;
        }
    }
}

void team::work(member_state& me) noexcept {
    serve(me, nullptr);
}

// A shard from its making to its end. Only shard 0 has a main.
void team::serve(member_state& me, const std::function<int(shard&)>* main) {
    std::optional<shard> here;
    finding mine = finding::fine;
    try {
        here.emplace(each_, me.number);
        pin(me, *here);
        me.here = &*here;
    } catch (...) {
        me.failed = std::current_exception();
        mine = finding::broken;
    }
    if (meeting_.come(mine) != finding::broken && join(me, *here)) {
        if (main != nullptr) {
            lead(me, *here, *main);
        } else {
            follow(me, *here);
        }
        leave_loop(*here);
    }
    if (main != nullptr) {
        watch_.reset();
        end_members();
    } else {
        wait_for_turn(me);
    }
    here.reset();
    me.pages.reset();
}

void team::pin(member_state& me, shard& here) noexcept {
    if (cores_.empty()) {
        return;
    }
    const auto core = cores_[me.number % cores_.size()];
    if (const auto pinned = here.calls().pin_this_thread(core); !pinned) {
        here.report(pinned.error(), "a shard's thread could not be pinned to its core");
    }
}

// Makes the shard one of the team; every member does so at the same time. False when one failed.
bool team::join(member_state& me, shard& here) noexcept {
    if (meeting_.come(prepare(me, here)) == finding::broken || !share_pages(me, here)) {
        return false;
    }
    finding mine = finding::fine;
    if (me.number == 0 && all_.stall_ns != 0) {
        try {
            std::vector<shard*> everybody;
            for (const auto& each : members_) {
                everybody.push_back(each->here);
            }
            watch_ = std::make_unique<stall_watch>(here.calls(), everybody, all_.stall_ns);
        } catch (...) {
            me.failed = std::current_exception();
            mine = finding::broken;
        }
    }
    return meeting_.come(mine) != finding::broken;
}

finding team::prepare(member_state& me, shard& here) noexcept {
    try {
        here.team_ = this;
        here.completions().keep_places_for(size() - 1);
        for (unsigned to = 0; to < size(); ++to) {
            lanes_[me.number * size() + to] =
                std::make_unique<lane>(here, member(to), here.options_.mailbox_places);
        }
        static_cast<void>(here.address());
        return finding::fine;
    } catch (...) {
        me.failed = std::current_exception();
        return finding::broken;
    }
}

// Running
// ------------------------------------------------------------------------------------------

void team::lead(member_state& me, shard& here, const std::function<int(shard&)>& main) {
    code_ = main(here);
    for (const auto& each : members_) {
        if (each->number != me.number) {
            each->here->post(each->retire);
            each->here->ring_door();
        }
    }
    here.retire();
    here.run_until(all_retired_);
    for (const auto& each : members_) {
        if (each->number != me.number) {
            each->here->post(each->leave);
            each->here->ring_door();
        }
    }
}

void team::follow(member_state& me, shard& here) {
    here.run_until(me.retire.done);
    here.retire();
    auto& first = member(0);
    first.post(me.said);
    first.ring_door();
    here.run_until(me.leave.done);
}

void team::leave_loop(shard& here) noexcept {
    // Bells that are still in the SQ are for rings that are still there: the others wait for this.
    auto& queues = here.queues();
    while (queues.sq_room() != queues.sq_entries()) {
        here.completions().turn(false, std::nullopt);
    }
    static_cast<void>(meeting_.come(finding::fine));
    // What is in the kernel here may own pages of any shard, and so is gone before a pool ends.
    here.settle();
    const auto mine = here.leaked_ ? finding::refused : finding::fine;
    if (meeting_.come(mine) != finding::fine && !here.leaked_) {
        here.leak_pages();
    }
}

void team::wait_for_turn(member_state& me) noexcept {
    std::unique_lock lock(mutex_);
    while (!me.may_end) {
        turn_came_.wait(lock);
    }
}

void team::end_members() noexcept {
    for (unsigned number = size() - 1; number > 0; --number) {
        auto& each = *members_[number];
        {
            const std::lock_guard lock(mutex_);
            each.may_end = true;
        }
        turn_came_.notify_all();
        each.thread.reset();
    }
}

void team::rethrow_failure() {
    for (const auto& each : members_) {
        if (!each->failed) {
            continue;
        }
        try {
            std::rethrow_exception(each->failed);
        } catch (const std::system_error& error) {
            // Its text ends with the error's own words, which the new one adds again.
            std::string_view what = error.what();
            const auto words = ": " + error.code().message();
            what.remove_suffix(what.ends_with(words) ? words.size() : 0);
            throw std::system_error(error.code(), fmt::format("shard {} of {} could not start: {}",
                                                              each->number, size(), what));
        }
    }
}

}  // namespace pelton
