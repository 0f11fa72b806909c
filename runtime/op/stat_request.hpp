// statx(2), by a name or of a descriptor (an empty name and AT_EMPTY_PATH).
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/file_name.hpp>
#include <pelton/runtime/op/via.hpp>

#include <liburing.h>

#include <sys/stat.h>

#include <cstdint>

namespace pelton {

// `Told` is made from what the kernel filled in.
template <class Told>
class stat_request {
public:
    using value_type = Told;
    static constexpr const char* name = "statx";
    static constexpr feature opcode = feature::statx;
    static constexpr via usual = via::ring;

    stat_request(int at, file_name path, unsigned flags, unsigned mask) noexcept
        : at_(at), path_(path), flags_(flags), mask_(mask) {}

    std::error_code refusal() const noexcept { return path_.refusal(); }
    void prepare(io_uring_sqe& sqe) noexcept {
        sqe.opcode = abi::op_statx;
        sqe.fd = at_;
        sqe.addr = reinterpret_cast<std::uint64_t>(path_.text());
        sqe.len = mask_;
        sqe.addr2 = reinterpret_cast<std::uint64_t>(&raw_);
        sqe.statx_flags = flags_;
    }
    result<Told> decode(std::int32_t) const noexcept { return Told(raw_); }
    result<Told> call(calls_face& calls) noexcept {
        if (const auto told = calls.statx(at_, path_.text(), static_cast<int>(flags_), mask_, raw_);
            !told) {
            return std::unexpected(told.error());
        }
        return Told(raw_);
    }

private:
    int at_;
    file_name path_;
    unsigned flags_;
    unsigned mask_;
    struct statx raw_{};
};

}  // namespace pelton
