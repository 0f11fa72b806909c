// How the loop leaves the kernel.
#include <pelton/runtime/completion/loop.hpp>

#include <cerrno>

namespace pelton {

void loop::finish_queued() noexcept {
    while (!waiting_.empty()) {
        auto& head = static_cast<record&>(*waiting_.first());
        waiting_.drop_first(head.next);
        finish_queued_chain(head, -ECANCELED);
    }
}

bool loop::drain(std::uint64_t limit_ns, std::uint64_t (*clock)(void*), void* context) noexcept {
    constexpr std::uint64_t round_ns = 10'000'000;
    const auto deadline = clock(context) + limit_ns;
    settle_room();
    finish_queued();
    // What is in the SQ and was never submitted no cancel finds: the first round would wait it out.
    turn(false, std::nullopt);
    finish_queued();  // what went on after a part that was there
    while (in_flight_ != 0 && clock(context) < deadline) {
        // One cancel of everything is not enough: a kernel thread about to block misses it.
        if (queues_.cancel_everything(round_ns) == -ENOSYS) {
            cancel_all_by_sqe();
        }
        turn(true, round_ns);
        finish_queued();
    }
    return in_flight_ == 0;
}

}  // namespace pelton
