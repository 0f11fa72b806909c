// The room a file has: fallocate(2), ftruncate(2), sync_file_range(2).
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/via.hpp>

#include <liburing.h>

#include <cstdint>

namespace pelton {

class extent_request {
public:
    using value_type = void;
    static constexpr via usual = via::thread;

    std::error_code refusal() const noexcept { return {}; }
    result<void> decode(std::int32_t) const noexcept { return {}; }

protected:
    extent_request(int descriptor, std::uint64_t at, std::uint64_t bytes) noexcept
        : descriptor_(descriptor), at_(at), bytes_(bytes) {}

    int descriptor_;
    std::uint64_t at_;
    std::uint64_t bytes_;
};

class allocate_request : public extent_request {
public:
    static constexpr const char* name = "fallocate";
    static constexpr feature opcode = feature::fallocate;

    // `mode` is fallocate(2)'s.
    allocate_request(int descriptor, int mode, std::uint64_t at, std::uint64_t bytes) noexcept
        : extent_request(descriptor, at, bytes), mode_(mode) {}

    void prepare(io_uring_sqe& sqe) const noexcept {
        sqe.opcode = abi::op_fallocate;
        sqe.fd = descriptor_;
        sqe.off = at_;
        sqe.addr = bytes_;
        sqe.len = static_cast<unsigned>(mode_);
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.fallocate(descriptor_, mode_, at_, bytes_);
    }

private:
    int mode_;
};

class truncate_request : public extent_request {
public:
    static constexpr const char* name = "ftruncate";
    static constexpr feature opcode = feature::ftruncate;

    truncate_request(int descriptor, std::uint64_t bytes) noexcept
        : extent_request(descriptor, 0, bytes) {}

    void prepare(io_uring_sqe& sqe) const noexcept {
        sqe.opcode = abi::op_ftruncate;
        sqe.fd = descriptor_;
        sqe.off = bytes_;
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.ftruncate(descriptor_, bytes_);
    }
};

class sync_range_request : public extent_request {
public:
    static constexpr const char* name = "sync_file_range";
    static constexpr feature opcode = feature::sync_file_range;

    // `flags` are sync_file_range(2)'s.
    sync_range_request(int descriptor, std::uint64_t at, std::uint64_t bytes,
                       unsigned flags) noexcept
        : extent_request(descriptor, at, bytes), flags_(flags) {}

    bool fits_in_sqe() const noexcept { return bytes_ <= UINT32_MAX; }
    void prepare(io_uring_sqe& sqe) const noexcept {
        sqe.opcode = abi::op_sync_file_range;
        sqe.fd = descriptor_;
        sqe.off = at_;
        sqe.len = static_cast<unsigned>(bytes_);
        sqe.sync_range_flags = flags_;
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.sync_file_range(descriptor_, at_, bytes_, flags_);
    }

private:
    unsigned flags_;
};

}  // namespace pelton
