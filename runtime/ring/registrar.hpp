// A ring that nobody submits to: it keeps the registered buffers that the rings of several shards
// share.
//
// A buffer is pinned once, here, and each ring clones the table in microseconds. The ring of a
// shard could not be the source: with SINGLE_ISSUER only its own thread may touch it.
//
// Thread: any, one at a time for each index; registered() while nobody registers.
#pragma once

#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/ring/registry.hpp>

#include <cstddef>
#include <mutex>

namespace pelton {

class registrar {
public:
    // Throws std::system_error with one sentence when the kernel refuses the ring or its table.
    explicit registrar(ring_face& kernel);
    registrar(const registrar&) = delete;
    registrar& operator=(const registrar&) = delete;
    // The buffers stay pinned for as long as a ring that cloned them lives.
    ~registrar() { kernel_.tear_down(queues_); }

    // Makes [start, start + bytes) the buffer `index`, below registry::slots. ENOMEM when
    // RLIMIT_MEMLOCK does not allow it.
    result<void> register_range(unsigned index, std::byte* start, std::size_t bytes) noexcept;
    void unregister_range(unsigned index) noexcept;

    const registry& registered() const noexcept { return registry_; }
    int descriptor() const noexcept { return queues_.ring_fd; }

private:
    void note(unsigned index, registered_range range) noexcept;
    int update(unsigned index, const area& to) noexcept;

    ring_face& kernel_;
    io_uring queues_{};
    std::mutex mutex_;  // around changes of:
    registry registry_;
};

}  // namespace pelton
