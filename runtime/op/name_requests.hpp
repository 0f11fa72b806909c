// Names in directories: making, removing, moving and linking them. `at` is a directory's
// descriptor, or AT_FDCWD; an absolute path ignores it.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/file_name.hpp>
#include <pelton/runtime/op/via.hpp>
#include <pelton/runtime/ring/feature.hpp>

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace pelton {

// What they share: a directory and a name in it, and no value.
class name_request {
public:
    using value_type = void;
    static constexpr via usual = via::ring;

    std::error_code refusal() const noexcept { return path_.refusal(); }
    result<void> decode(std::int32_t) const noexcept { return {}; }

protected:
    name_request(int at, file_name path) noexcept : at_(at), path_(path) {}

    void fill(io_uring_sqe& sqe, abi::opcode opcode) const noexcept {
        sqe.opcode = opcode;
        sqe.fd = at_;
        sqe.addr = reinterpret_cast<std::uint64_t>(path_.text());
    }

    int at_;
    file_name path_;
};

class make_directory_request : public name_request {
public:
    static constexpr const char* name = "mkdirat";
    static constexpr feature opcode = feature::mkdirat;

    make_directory_request(int at, file_name path, unsigned permissions) noexcept
        : name_request(at, path), permissions_(permissions) {}

    void prepare(io_uring_sqe& sqe) const noexcept {
        fill(sqe, abi::op_mkdirat);
        sqe.len = permissions_;
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.mkdirat(at_, path_.text(), permissions_);
    }

private:
    unsigned permissions_;
};

class remove_request : public name_request {
public:
    static constexpr const char* name = "unlinkat";
    static constexpr feature opcode = feature::unlinkat;

    // `flags`: 0, or AT_REMOVEDIR for a directory.
    remove_request(int at, file_name path, int flags) noexcept
        : name_request(at, path), flags_(flags) {}

    void prepare(io_uring_sqe& sqe) const noexcept {
        fill(sqe, abi::op_unlinkat);
        sqe.unlink_flags = static_cast<unsigned>(flags_);
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.unlinkat(at_, path_.text(), flags_);
    }

private:
    int flags_;
};

class make_symbolic_link_request : public name_request {
public:
    static constexpr const char* name = "symlinkat";
    static constexpr feature opcode = feature::symlinkat;

    make_symbolic_link_request(file_name leads_to, int at, file_name path) noexcept
        : name_request(at, path), leads_to_(leads_to) {}

    std::error_code refusal() const noexcept {
        const auto first = leads_to_.refusal();
        return first ? first : name_request::refusal();
    }
    void prepare(io_uring_sqe& sqe) const noexcept {
        fill(sqe, abi::op_symlinkat);
        sqe.addr2 = sqe.addr;
        sqe.addr = reinterpret_cast<std::uint64_t>(leads_to_.text());
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.symlinkat(leads_to_.text(), at_, path_.text());
    }

private:
    file_name leads_to_;
};

// A name that becomes, or is joined by, another one.
class two_names_request : public name_request {
public:
    std::error_code refusal() const noexcept {
        const auto first = into_.refusal();
        return first ? first : name_request::refusal();
    }

protected:
    two_names_request(int from_at, file_name from, int into_at, file_name into) noexcept
        : name_request(from_at, from), into_at_(into_at), into_(into) {}

    void fill(io_uring_sqe& sqe, abi::opcode opcode) const noexcept {
        name_request::fill(sqe, opcode);
        sqe.len = static_cast<unsigned>(into_at_);
        sqe.addr2 = reinterpret_cast<std::uint64_t>(into_.text());
    }

    int into_at_;
    file_name into_;
};

class rename_request : public two_names_request {
public:
    static constexpr const char* name = "renameat2";
    static constexpr feature opcode = feature::renameat;

    // `flags` are renameat2(2)'s.
    rename_request(int from_at, file_name from, int into_at, file_name into,
                   unsigned flags) noexcept
        : two_names_request(from_at, from, into_at, into), flags_(flags) {}

    void prepare(io_uring_sqe& sqe) const noexcept {
        fill(sqe, abi::op_renameat);
        sqe.rename_flags = flags_;
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.renameat2(at_, path_.text(), into_at_, into_.text(), flags_);
    }

private:
    unsigned flags_;
};

class link_request : public two_names_request {
public:
    static constexpr const char* name = "linkat";
    static constexpr feature opcode = feature::linkat;

    // `flags`: 0, or AT_SYMLINK_FOLLOW.
    link_request(int from_at, file_name from, int into_at, file_name into, int flags) noexcept
        : two_names_request(from_at, from, into_at, into), flags_(flags) {}

    void prepare(io_uring_sqe& sqe) const noexcept {
        fill(sqe, abi::op_linkat);
        sqe.hardlink_flags = static_cast<unsigned>(flags_);
    }
    result<void> call(calls_face& calls) const noexcept {
        return calls.linkat(at_, path_.text(), into_at_, into_.text(), flags_);
    }

private:
    int flags_;
};

// readlinkat(2), which has no opcode. Yields the bytes put into `into`: all of `room` may mean that
// the rest was cut off.
class read_link_request : public name_request {
public:
    using value_type = std::size_t;
    static constexpr const char* name = "readlinkat";
    static constexpr feature opcode = no_opcode;

    read_link_request(int at, file_name path, std::span<char> into) noexcept
        : name_request(at, path), into_(into) {}

    result<std::size_t> call(calls_face& calls) const noexcept {
        return calls.readlinkat(at_, path_.text(), into_);
    }

private:
    std::span<char> into_;
};

}  // namespace pelton
