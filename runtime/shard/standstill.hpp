// Whether the shards of a team all wait for each other, so that none of them will ever run again.
//
// A shard rests while it sleeps and only a message could wake it: it has no operation, no timer and
// no job. When all rest at one moment, no message is on its way and nobody else could send one, it
// stays so. That moment is looked for by the shard that rests last.
//
// Each says that it rests, and that it does not before it sends or takes anything. Who looks says
// so first and then asks whether all rest; who wakes says that first and then asks whether somebody
// looks, and if so waits. So when all did rest, none sends or takes a message until the look ends,
// whatever woke it, and what the shards keep can be read.
//
// Thread: any of the shards', except where it says otherwise.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace pelton {

class standstill {
public:
    explicit standstill(unsigned shards) : members_(shards) {}

    // The shard `number`'s thread, before it sleeps and after it said that it does. If it is the
    // last to rest, `nothing_comes()` is asked: whether nobody outside could send a message, and
    // then whether every mailbox is empty, in this order. If so, `report()` is called.
    template <class NothingComes, class Report>
    void rests(unsigned number, NothingComes&& nothing_comes, Report&& report) {
        members_[number].rests.store(true);
        if (!all_rest(number)) {
            return;
        }
        // Of two that are as late each looks: a look that began before the other came to rest
        // may have found it awake.
        const std::lock_guard look(mutex_);
        looked_at_.store(true);
        if (all_rest(number) && nothing_comes()) {
            report();
        }
        looked_at_.store(false);
    }

    // The same thread, after its sleep and before it sends or takes a message.
    void wakes(unsigned number) noexcept {
        members_[number].rests.store(false);
        if (looked_at_.load()) [[unlikely]] {
            const std::lock_guard until_the_end(mutex_);
        }
    }

    // Whether that shard rests and has not woken since. From any thread.
    bool is_at_rest(unsigned number) const noexcept { return members_[number].rests.load(); }

private:
    struct alignas(64) member {
        std::atomic<bool> rests{false};
    };

    // Begins with its neighbour, so that not all shards ask the same one first.
    bool all_rest(unsigned number) const noexcept {
        const auto count = static_cast<unsigned>(members_.size());
        for (unsigned i = 1; i <= count; ++i) {
            if (!is_at_rest((number + i) % count)) {
                return false;
            }
        }
        return true;
    }

    std::vector<member> members_;
    std::atomic<bool> looked_at_{false};
    std::mutex mutex_;
};

}  // namespace pelton
