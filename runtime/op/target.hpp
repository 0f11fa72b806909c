// What an operation reads from or writes to: a descriptor and the rules that come with it.
//
// Alignment and which opcodes are safe belong here, to the target, never to an area. The owner (a
// file, a stream) embeds one; operations point at it while they run, which is why an owner that
// moves or dies meanwhile ends the process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/outcome/misaligned.hpp>
#include <pelton/runtime/ring/registered_descriptor.hpp>

#include <liburing.h>

#include <cstdint>
#include <system_error>
#include <utility>

namespace pelton {

// What an O_DIRECT descriptor asks of a transfer, in bytes; 0 where nothing is asked.
struct direct_alignment {
    std::uint32_t memory = 0;
    std::uint32_t offset = 0;
};

// How many bytes an atomic write to it has, powers of two; zeros where there is none.
struct atomic_limits {
    std::uint32_t least = 0;
    std::uint32_t most = 0;
};

class target {
public:
    static constexpr std::uint64_t no_position = UINT64_MAX;

    target() noexcept = default;
    explicit target(int descriptor, bool takes_fixed_vectors = false,
                    direct_alignment alignment = {}, bool has_peer = false,
                    atomic_limits atomic = {}) noexcept
        : descriptor_(descriptor),
          takes_fixed_vectors_(takes_fixed_vectors),
          has_peer_(has_peer),
          alignment_(alignment),
          atomic_(atomic) {}

    target(target&& other) noexcept { *this = std::move(other); }
    target& operator=(target&& other) noexcept {
        check(in_use_ == 0 && other.in_use_ == 0,
              "a file or stream was moved while operations on it are pending");
        descriptor_ = std::exchange(other.descriptor_, -1);
        registered_ = std::move(other.registered_);
        takes_fixed_vectors_ = other.takes_fixed_vectors_;
        has_peer_ = other.has_peer_;
        alignment_ = other.alignment_;
        atomic_ = other.atomic_;
        refuses_dont_cache_ = other.refuses_dont_cache_;
        lost_ = other.lost_;
        return *this;
    }
    ~target() {
        check(in_use_ == 0, "a file or stream was destroyed while operations on it are pending");
    }

    int descriptor() const noexcept { return descriptor_; }
    bool is_open() const noexcept { return descriptor_ >= 0; }

    // Names the descriptor in an SQE of `queues`: by its place in that ring's table of open files
    // if it has one, which spares the kernel finding the file and holding it.
    void name_in(io_uring_sqe& sqe, const ring& queues) const noexcept {
        if (registered_.known_to(queues)) {
            sqe.fd = registered_.place();
            sqe.flags |= abi::sqe_fixed_file;
        } else {
            sqe.fd = descriptor_;
        }
    }
    // Whether it has a place there now.
    bool register_with(ring& queues) noexcept {
        if (!registered_) {
            registered_ = registered_descriptor(queues, descriptor_);
        }
        return static_cast<bool>(registered_);
    }
    direct_alignment alignment() const noexcept { return alignment_; }

    atomic_limits atomic() const noexcept { return atomic_; }

    // Whether READV_FIXED and WRITEV_FIXED are safe: on a file without ->read_iter, as in procfs,
    // the kernel takes the iovec array itself for the data and overwrites it (seen on 6.18).
    bool takes_fixed_vectors() const noexcept { return takes_fixed_vectors_; }

    // Whether somebody else decides when a transfer ends, as with a pipe or a terminal.
    bool has_peer() const noexcept { return has_peer_; }

    // Gives the descriptor up, for close(). Its number may have a new owner before an operation
    // that is still to be submitted names it.
    int release() noexcept {
        check(in_use_ == 0,
              "a file or stream was destroyed while operations on it are pending, or closed; await "
              "them first");
        registered_.give_back();
        return std::exchange(descriptor_, -1);
    }

    // Why a transfer of `memory` at `at` would be refused, naming the first area that is
    // misaligned; an empty code when it would not.
    std::error_code refuse(const areas& memory, std::uint64_t at) const noexcept {
        if (alignment_.offset == 0) [[likely]] {
            return {};
        }
        return refuse_direct(memory, at);
    }

    // Why an atomic write of `memory` at `at` would be refused, likewise. What direct transfers
    // must be aligned to is not looked at.
    std::error_code refuse_atomic(const areas& memory, std::uint64_t at) const noexcept;

    // Whether no direct transfer can start there, however its memory lies.
    bool refuses_position(std::uint64_t at) const noexcept {
        return alignment_.offset != 0 && (at & (alignment_.offset - 1)) != 0;
    }

    // After a sync that failed: the errno, kept for every later sync and for close(). The kernel
    // tells it once and then takes the pages for clean, so that a second sync would succeed
    // although the bytes are lost.
    int lost() const noexcept { return lost_; }
    void note_lost(int errno_value) noexcept { lost_ = lost_ != 0 ? lost_ : errno_value; }

    // Whether a transfer with manner::dont_cache was refused for it, so that none need try again.
    bool refuses_dont_cache() const noexcept { return refuses_dont_cache_; }
    void note_dont_cache_refused() noexcept { refuses_dont_cache_ = true; }

    // Operations count themselves in and out; a coroutine does so by having a `use`.
    void enter() noexcept { ++in_use_; }
    void leave() noexcept { --in_use_; }
    class use {
    public:
        explicit use(target& of) noexcept : of_(of) { of_.enter(); }
        use(const use&) = delete;
        use& operator=(const use&) = delete;
        ~use() { of_.leave(); }

    private:
        target& of_;
    };

private:
    std::error_code refuse_direct(const areas& memory, std::uint64_t at) const noexcept;

    int descriptor_ = -1;
    registered_descriptor registered_;
    bool takes_fixed_vectors_ = false;
    bool has_peer_ = false;
    bool refuses_dont_cache_ = false;
    direct_alignment alignment_;
    atomic_limits atomic_;
    int lost_ = 0;
    std::uint32_t in_use_ = 0;
};

}  // namespace pelton
