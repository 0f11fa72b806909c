// A namespace of an NVMe controller by its generic device, such as /dev/ng0n1 (Linux 5.13): its
// blocks are read and written by commands that nothing stands before.
//
//   auto disk = co_await pelton::nvme_namespace::open(here, "/dev/ng0n1", pelton::open_mode::read);
//   auto got = co_await disk->read_at(commands, 0, *pages);       // commands: an nvme_queue
//
// Positions and lengths are bytes, whole blocks of shape().block_bytes; memory begins at multiples
// of 4. Other transfers are refused with a sentence. A command is carried out whole or fails: an
// error of the controller's is an nvme_status(), in words. Whoever writes here writes past whatever
// file system or page cache there is on the block device of the same namespace.
//
// Linux 6.1 asks for CAP_SYS_ADMIN; 6.2 and newer let who may open the device read, and write when
// it is open for writing.
//
// Thread: the shard's. A namespace that moves or dies while commands on it are pending ends the
// process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/fs/open_mode.hpp>
#include <pelton/runtime/op/close.hpp>
#include <pelton/runtime/op/nvme_command.hpp>
#include <pelton/runtime/op/nvme_queue.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <string>

namespace pelton {

class [[nodiscard]] nvme_namespace {
public:
    // Opens the device and asks the controller what it is, on a thread. ENOTTY: it is no generic
    // device of a namespace, its block device for one. ENOTSUP: its blocks carry metadata.
    static task<result<nvme_namespace>> open(shard& here, std::string path, open_mode mode);

    nvme_namespace(nvme_namespace&&) noexcept = default;
    nvme_namespace& operator=(nvme_namespace&& other) noexcept;
    // Closes; an error goes to the shard's error hook.
    ~nvme_namespace() { drop(); }

    const nvme_shape& shape() const noexcept { return shape_; }
    std::uint64_t bytes() const noexcept { return shape_.blocks * shape_.block_bytes; }

    // One command each: all of `memory`, of it the first 1024 areas; see nvme_queue::transfer().
    // `by`, the array of the areas and what they name must outlive the await.
    task<result<std::size_t>> read_at(nvme_queue& by, std::uint64_t at, areas memory) {
        return by.transfer(direction::reading, on_, shape_, memory, at);
    }
    task<result<std::size_t>> write_at(nvme_queue& by, std::uint64_t at, areas memory) {
        return by.transfer(direction::writing, on_, shape_, memory, at);
    }
    // Writes that had ended when it starts outlast a loss of power once it resumes.
    task<result<void>> flush(nvme_queue& by) { return by.flush(on_, shape_); }

    close_operation close() noexcept { return close_operation(*home_, on_.release(), 0); }

    bool is_open() const noexcept { return on_.is_open(); }
    int descriptor() const noexcept { return on_.descriptor(); }

private:
    nvme_namespace(shard& here, int descriptor, const nvme_shape& shape) noexcept;
    void drop() noexcept;

    shard* home_;
    nvme_shape shape_;
    target on_;
};

}  // namespace pelton
