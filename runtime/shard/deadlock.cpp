// What is said when every task waits and nothing is left that could wake one: on a shard alone, or
// on all shards of a team.
#include <pelton/runtime/outcome/say.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/team.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace pelton {
namespace {

void refuse_page_deadlock(bool some_wait_for_pages) {
    check(!some_wait_for_pages,
          "deadlock: the tasks above wait for pages of a pool whose pages are held by tasks "
          "that wait themselves; take at once what a task needs, give pages back before asking "
          "for more, or raise options.page_bytes");
}

}  // namespace

void shard::refuse_deadlock() {
    const std::uint32_t own = door_ != nullptr && door_->now() == record::state::in_flight ? 1 : 0;
    if (completions_.in_flight() > own || completions_.has_queued() || jobs_out_ != 0) [[likely]] {
        return;
    }
    if (team_ != nullptr) {
        rests_ = true;
        team_->shard_rests(number_);
        return;
    }
    // Who might post is asked before what was posted: another thread may do so and go at once.
    if (may_be_posted_to() || may_get_pages() || !box_.empty()) {
        return;
    }
    say(dump());
    refuse_page_deadlock(pages_ != nullptr && pages_->has_waiters());
    fatal("every task waits and nothing is left that could wake one");
}

// Whether somebody outside holds its address, or posted by it.
bool shard::may_be_posted_to() noexcept {
    return gate_ != nullptr && (gate_.use_count() > 1 || !gate_->is_quiet());
}

// Whether a task waits for pages that a thread which is none of ours may hold.
bool shard::may_get_pages() noexcept {
    if (!awaits_lent_pages()) {
        return false;
    }
    // A lease does not say which thread holds it, so any thread that is not ours may.
    if (!has_company_) {
        const unsigned ours = threads() + (watch_ != nullptr ? 1 : 0);
        has_company_ = options_.calls->threads_of_process().value_or(ours + 1) > ours;
    }
    return has_company_;
}

bool shard::awaits_lent_pages() const noexcept {
    return pages_ != nullptr && pages_->is_awaited() && pages_->pool().lent_pages() != 0;
}

unsigned shard::threads() const noexcept {
    return 1 + (threads_ != nullptr ? threads_->started() : 0);
}

// A team
// ----------------------------------------------------------------------------------------------

void team::shard_rests(unsigned number) {
    standstill_.rests(number, [this] { return nothing_comes(); }, [this] { refuse_standstill(); });
}

bool team::nothing_comes() {
    bool some_await = false;
    unsigned ours = watch_ != nullptr ? 1 : 0;
    for (const auto& each : members_) {
        if (each->here->may_be_posted_to()) {
            return false;
        }
        some_await = some_await || each->here->awaits_lent_pages();
        ours += each->here->threads();
    }
    if (some_await && each_.calls->threads_of_process().value_or(ours + 1) > ours) {
        return false;
    }
    return std::ranges::all_of(members_, [](const auto& each) { return each->here->box_.empty(); });
}

void team::refuse_standstill() {
    bool some_wait_for_pages = false;
    for (const auto& each : members_) {
        say(fmt::format("shard {}:\n{}", each->number, each->here->tasks()));
        const auto* pages = each->here->pages_.get();
        some_wait_for_pages = some_wait_for_pages || (pages != nullptr && pages->has_waiters());
    }
    refuse_page_deadlock(some_wait_for_pages);
    fatal("every task of every shard waits and nothing is left that could wake one");
}

}  // namespace pelton
