// What is going to be read, or is not any more: posix_fadvise(2) for files, madvise(2) for memory.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/via.hpp>

#include <liburing.h>

#include <cstdint>
#include <span>

namespace pelton {

class file_advice_request {
public:
    using value_type = void;
    static constexpr const char* name = "fadvise";
    static constexpr feature opcode = feature::fadvise;
    static constexpr via usual = via::ring;

    // `bytes` of 0: to the end of the file. `advice` is posix_fadvise(2)'s.
    file_advice_request(int descriptor, std::uint64_t at, std::uint64_t bytes, int advice) noexcept
        : descriptor_(descriptor), advice_(advice), at_(at), bytes_(bytes) {}

    std::error_code refusal() const noexcept { return {}; }
    bool fits_in_sqe() const noexcept { return bytes_ <= UINT32_MAX; }
    void prepare(io_uring_sqe& sqe) const noexcept {
        sqe.opcode = abi::op_fadvise;
        sqe.fd = descriptor_;
        sqe.off = at_;
        sqe.len = static_cast<unsigned>(bytes_);
        sqe.fadvise_advice = static_cast<unsigned>(advice_);
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }
    result<void> call(calls_face& calls) const noexcept {
        return calls.fadvise(descriptor_, at_, bytes_, advice_);
    }

private:
    int descriptor_;
    int advice_;
    std::uint64_t at_;
    std::uint64_t bytes_;
};

class memory_advice_request {
public:
    using value_type = void;
    static constexpr const char* name = "madvise";
    static constexpr feature opcode = feature::madvise;
    static constexpr via usual = via::ring;

    // `advice` is madvise(2)'s.
    memory_advice_request(std::span<std::byte> memory, int advice) noexcept
        : memory_(memory), advice_(advice) {}

    std::error_code refusal() const noexcept { return {}; }
    bool fits_in_sqe() const noexcept { return memory_.size() <= UINT32_MAX; }
    void prepare(io_uring_sqe& sqe) const noexcept {
        sqe.opcode = abi::op_madvise;
        sqe.fd = -1;
        sqe.addr = reinterpret_cast<std::uint64_t>(memory_.data());
        sqe.len = static_cast<unsigned>(memory_.size());
        sqe.fadvise_advice = static_cast<unsigned>(advice_);
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }
    result<void> call(calls_face& calls) const noexcept { return calls.madvise(memory_, advice_); }

private:
    std::span<std::byte> memory_;
    int advice_;
};

}  // namespace pelton
