// A second ring of a shard whose completions are polled for (IORING_SETUP_IOPOLL): the lowest
// latency that a fast NVMe device has, for a processor that never rests meanwhile.
//
//   pelton::polled_queue polled(here);
//   auto got = co_await file.read_polled_at(polled, at, *pages);
//
// It exists for who asks for it: rings of shards stay as they are, since a polled ring takes only
// direct reads and writes and can neither sleep nor hear a doorbell. While a transfer is pending
// the shard runs without sleep, and everything else that is ready runs between two polls.
//
// A transfer answers EOPNOTSUPP when the file was not opened with direct, when its file system
// cannot be polled, and, from Linux 6.11 on, when its device has no poll queues (for NVMe: the
// kernel's nvme.poll_queues=N). A transfer that has begun cannot be cancelled; one of a task that
// was asked to stop is ECANCELED and does not begin.
//
// Thread: the shard's. A queue that is destroyed while transfers are pending ends the process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/op/ladder.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <memory>

namespace pelton {

struct polled_options {
    unsigned sq_entries = 64;
    // Sleep for half of what such transfers took before, then poll (Linux 6.13; before it, or
    // hidden, polling begins at once). Costs less processor time and some latency.
    bool hybrid = false;
};

class polled_queue {
public:
    // Makes the ring and registers the memory of here.pages() with it. Where the kernel or the mask
    // has no polled rings, is_polled() is false and transfers go through the shard's own ring.
    explicit polled_queue(shard& here, polled_options with = {});
    polled_queue(const polled_queue&) = delete;
    polled_queue& operator=(const polled_queue&) = delete;
    ~polled_queue();

    bool is_polled() const noexcept { return polled_ != nullptr; }
    bool is_hybrid() const noexcept { return hybrid_; }

    // One transfer, as many bytes as the kernel moves at once. `on` and what the areas name must
    // outlive the await.
    task<result<std::size_t>> transfer(direction way, target& on, areas memory, std::uint64_t at);

    // Polls that were made.
    std::uint64_t polls() const noexcept { return polls_; }

private:
    struct own_ring;
    void poll_once_a_round() noexcept;

    shard& here_;
    std::unique_ptr<own_ring> polled_;
    bool hybrid_ = false;
    std::uint32_t pending_ = 0;  // transfers that wait
    std::uint32_t asked_ = 0;    // of those, since the last poll
    std::uint64_t polls_ = 0;
};

}  // namespace pelton
