// How the shards of a team come to registered pages: each maps an arena of its own, on its own
// thread, and every ring knows all of them, so that a lease that was handed over is a registered
// buffer there, too.
#include <pelton/runtime/shard/degraded_pages.hpp>
#include <pelton/runtime/shard/team.hpp>

#include <algorithm>
#include <cerrno>

namespace pelton {
namespace {

std::unique_ptr<arena> map(std::size_t bytes) {
    arena_options wanted;
    wanted.bytes = bytes;
    return std::make_unique<arena>(wanted);
}

}  // namespace

// Every member does this at the same time. False when one of them cannot go on.
bool team::share_pages(member_state& me, shard& here) noexcept {
    const bool can_clone =
        registrar_ && here.queues().has(feature::clone_buffers) &&
        !here.known().masked.test(static_cast<std::size_t>(feature::registered_buffers));
    const bool clones =
        meeting_.come(can_clone ? finding::fine : finding::refused) == finding::fine;
    if (!clones) {
        here.queues().make_buffer_table();
    }
    auto bytes = each_.page_bytes;
    const auto worst = agree_on_pages(me, here, clones, bytes);
    if (worst == finding::broken) {
        return false;
    }
    if (worst == finding::fine) {
        static_cast<void>(meeting_.come(learn_others(me, here, clones)));
    }
    return meeting_.come(keep_pages(me, here, worst, bytes)) != finding::broken;
}

// All have the same number of pages: a shard with fewer than the others would be a surprise.
finding team::agree_on_pages(member_state& me, shard& here, bool clones,
                             std::size_t& bytes) noexcept {
    const auto least = std::max(bytes / 8, std::min(bytes, arena::page_bytes()));
    for (;; bytes /= 2) {
        const auto worst = meeting_.come(register_own(me, here, clones, bytes));
        if (worst == finding::fine) {
            return worst;
        }
        forget_own(me, here, clones);
        if (worst != finding::no_memory || bytes / 2 < least) {
            return worst;
        }
        // What was given up is seen by those who try next.
        static_cast<void>(meeting_.come(finding::fine));
    }
}

finding team::register_own(member_state& me, shard& here, bool clones, std::size_t bytes) noexcept {
    try {
        me.pages = map(bytes);
    } catch (...) {
        me.failed = std::current_exception();
        return finding::broken;
    }
    me.whole = me.pages->whole();
    if (clones) {
        const auto done = registrar_->register_range(me.number, me.whole.start, me.whole.length);
        me.refusal = done ? std::error_code() : done.error();
        me.index = done ? std::optional(me.number) : std::nullopt;
    } else {
        const auto index = here.queues().register_range(me.whole.start, me.whole.length);
        me.refusal = index ? std::error_code() : index.error();
        me.index = index ? std::optional(*index) : std::nullopt;
    }
    if (me.index) {
        return finding::fine;
    }
    return me.refusal == std::errc::not_enough_memory ? finding::no_memory : finding::refused;
}

void team::forget_own(member_state& me, shard& here, bool clones) noexcept {
    if (me.index && clones) {
        registrar_->unregister_range(*me.index);
    } else if (me.index) {
        here.queues().unregister_range(*me.index);
    }
    me.index.reset();
    me.pages.reset();
}

// A ring that does not clone registers by itself, and does without what it is not allowed:
// transfers with those leases then are plain ones.
finding team::learn_others(member_state& me, shard& here, bool clones) noexcept {
    auto& queues = here.queues();
    if (clones) {
        if (queues.clone_buffers(*registrar_)) {
            return finding::fine;
        }
        queues.make_buffer_table();
        const auto own = queues.register_range(me.whole.start, me.whole.length);
        me.index = own ? std::optional(*own) : std::nullopt;
    }
    for (const auto& each : members_) {
        if (each->number != me.number) {
            static_cast<void>(queues.register_range(each->whole.start, each->whole.length));
        }
    }
    return finding::fine;
}

finding team::keep_pages(member_state& me, shard& here, finding worst, std::size_t bytes) noexcept {
    try {
        if (worst != finding::fine) {
            me.pages = map(each_.page_bytes);
        }
        here.pages_ = std::make_unique<page_source>(here, std::move(me.pages), me.index);
        if (me.number == 0 && worst == finding::refused) {
            here.notice(no_registered_pages(
                me.refusal ? me.refusal : std::make_error_code(std::errc::not_supported)));
        } else if (me.number == 0 && (worst != finding::fine || bytes != each_.page_bytes)) {
            here.notice(fewer_registered_pages(here.calls(), worst == finding::fine ? bytes : 0,
                                               each_.page_bytes));
        }
        return finding::fine;
    } catch (...) {
        me.failed = std::current_exception();
        return finding::broken;
    }
}

}  // namespace pelton
