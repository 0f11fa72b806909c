// A second ring of a shard, which hands NVMe commands to the driver as they are (passthrough): no
// file, no block layer's queue, no page cache between a task and a namespace.
//
//   auto disk = co_await pelton::nvme_namespace::open(here, "/dev/ng0n1", open_mode::read);
//   pelton::nvme_queue commands(here);
//   auto got = co_await disk->read_at(commands, at, *pages);
//
// It exists for who asks for it: commands need SQEs of 128 bytes and CQEs of 32, and rings of
// shards keep the short ones. The shard sleeps in its own ring, which tells when this one has
// something. Tasks that are ready together submit their commands together, by one system call.
//
// Areas in here.pages() are registered with it and need no pinning, alone; several areas are pinned
// for each command, since no kernel takes registered memory in a vector here. Where areas do not
// meet at multiples of 4096 bytes the kernel itself copies them.
//
// Where the kernel, the device or the mask has no such commands, a thread sends each by ioctl(2).
//
// A command that was begun cannot be cancelled: a stop request is answered by its end, since the
// device may write to its memory until then. One of a task that was asked to stop before is
// ECANCELED.
//
// Thread: the shard's. A queue that is destroyed while commands are pending ends the process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/op/ladder.hpp>
#include <pelton/runtime/op/nvme_command.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <memory>

namespace pelton {

class nvme_ring;

struct nvme_queue_options {
    // Commands at once; a power of two. Later ones wait for one of these to end, in order.
    unsigned sq_entries = 64;
};

class nvme_queue {
public:
    // Makes the ring and registers the memory of here.pages() with it. Throws std::system_error
    // when a kernel that has such rings makes none.
    explicit nvme_queue(shard& here, nvme_queue_options with = {});
    nvme_queue(const nvme_queue&) = delete;
    nvme_queue& operator=(const nvme_queue&) = delete;
    ~nvme_queue();

    // Whether commands go through the ring, not by threads.
    bool is_passthrough() const noexcept { return ring_ != nullptr; }

    // One command that moves all of `memory`, whole blocks from the byte `at` on, of it the first
    // 1024 areas, or 64 of a view that is cut; yields how many bytes that were. Refused is what is
    // misaligned (each area, and `at`) or longer than shape.transfer_bytes_max; what the controller
    // refuses is an nvme_status(). `on` and what the areas name must outlive the await.
    task<result<std::size_t>> transfer(direction way, target& on, nvme_shape shape, areas memory,
                                       std::uint64_t at);
    // What was written, and told to be, outlasts a loss of power from now on.
    task<result<void>> flush(target& on, nvme_shape shape);

    // System calls that submitted to the ring, or asked it.
    std::uint64_t enters() const noexcept;

private:
    class use;

    task<result<std::size_t>> transfer_cut(direction way, target& on, nvme_shape shape,
                                           areas memory, std::uint64_t at);
    task<result<void>> carry_out(target& on, nvme_request what);
    task<result<void>> by_thread(target& on, nvme_request what);

    shard& here_;
    std::unique_ptr<nvme_ring> ring_;
    std::uint32_t pending_ = 0;  // commands, those that wait for a place included
};

}  // namespace pelton
