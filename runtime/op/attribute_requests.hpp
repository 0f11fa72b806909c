// Extended attributes, xattr(7), of a descriptor or of what a path leads to. io_uring reads and
// writes them; listing and removing have no opcode.
#pragma once

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/file_name.hpp>
#include <pelton/runtime/op/via.hpp>

#include <liburing.h>

#include <cerrno>
#include <cstdint>
#include <span>

namespace pelton {

// Whose attributes: an open descriptor's, or those of what a path leads to.
class attribute_owner {
public:
    explicit attribute_owner(int descriptor) noexcept : descriptor_(descriptor), path_("") {}
    explicit attribute_owner(file_name path) noexcept : descriptor_(-1), path_(path) {}

    bool by_path() const noexcept { return descriptor_ < 0; }
    int descriptor() const noexcept { return descriptor_; }
    const char* path() const noexcept { return path_.text(); }
    std::error_code refusal() const noexcept { return path_.refusal(); }

private:
    int descriptor_;
    file_name path_;
};

class attribute_request {
public:
    static constexpr via usual = via::thread;

    std::error_code refusal() const noexcept {
        const auto first = owner_.refusal();
        return first ? first : key_.refusal();
    }

protected:
    attribute_request(attribute_owner owner, file_name key) noexcept : owner_(owner), key_(key) {}

    void fill(io_uring_sqe& sqe, abi::opcode of_descriptor, abi::opcode of_path, const void* value,
              std::size_t bytes) const noexcept {
        sqe.opcode = owner_.by_path() ? of_path : of_descriptor;
        sqe.fd = owner_.by_path() ? 0 : owner_.descriptor();
        sqe.addr = reinterpret_cast<std::uint64_t>(key_.text());
        sqe.addr2 = reinterpret_cast<std::uint64_t>(value);
        sqe.len = static_cast<unsigned>(bytes);
        sqe.addr3 = owner_.by_path() ? reinterpret_cast<std::uint64_t>(owner_.path()) : 0;
    }

    attribute_owner owner_;
    file_name key_;
};

// Yields the bytes of the value; of no room for any, the bytes it has. ERANGE: it has more.
class get_attribute_request : public attribute_request {
public:
    using value_type = std::size_t;
    static constexpr const char* name = "getxattr";
    static constexpr feature opcode = feature::xattr;

    get_attribute_request(attribute_owner owner, file_name key, std::span<std::byte> into) noexcept
        : attribute_request(owner, key), into_(into) {}

    bool fits_in_sqe() const noexcept { return into_.size() <= UINT32_MAX; }
    void prepare(io_uring_sqe& sqe) const noexcept {
        fill(sqe, abi::op_fgetxattr, abi::op_getxattr, into_.data(), into_.size());
    }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }
    result<std::size_t> call(calls_face& calls) const noexcept {
        return owner_.by_path() ? calls.getxattr(owner_.path(), key_.text(), into_)
                                : calls.fgetxattr(owner_.descriptor(), key_.text(), into_);
    }

private:
    std::span<std::byte> into_;
};

class set_attribute_request : public attribute_request {
public:
    using value_type = void;
    static constexpr const char* name = "setxattr";
    static constexpr feature opcode = feature::xattr;

    // `flags`: 0, XATTR_CREATE or XATTR_REPLACE.
    set_attribute_request(attribute_owner owner, file_name key, std::span<const std::byte> value,
                          int flags) noexcept
        : attribute_request(owner, key), value_(value), flags_(flags) {}

    bool fits_in_sqe() const noexcept { return value_.size() <= UINT32_MAX; }
    void prepare(io_uring_sqe& sqe) const noexcept {
        fill(sqe, abi::op_fsetxattr, abi::op_setxattr, value_.data(), value_.size());
        sqe.xattr_flags = static_cast<unsigned>(flags_);
    }
    result<void> decode(std::int32_t) const noexcept { return {}; }
    result<void> call(calls_face& calls) const noexcept {
        return owner_.by_path() ? calls.setxattr(owner_.path(), key_.text(), value_, flags_)
                                : calls.fsetxattr(owner_.descriptor(), key_.text(), value_, flags_);
    }

private:
    std::span<const std::byte> value_;
    int flags_;
};

class remove_attribute_request : public attribute_request {
public:
    using value_type = void;
    static constexpr const char* name = "removexattr";
    static constexpr feature opcode = no_opcode;

    remove_attribute_request(attribute_owner owner, file_name key) noexcept
        : attribute_request(owner, key) {}

    result<void> call(calls_face& calls) const noexcept {
        return owner_.by_path() ? calls.removexattr(owner_.path(), key_.text())
                                : calls.fremovexattr(owner_.descriptor(), key_.text());
    }
};

// Yields the bytes of the names, each of which ends with a zero byte; of no room for any, the bytes
// there are. ERANGE: there are more.
class list_attributes_request : public attribute_request {
public:
    using value_type = std::size_t;
    static constexpr const char* name = "listxattr";
    static constexpr feature opcode = no_opcode;

    list_attributes_request(attribute_owner owner, std::span<char> into) noexcept
        : attribute_request(owner, ""), into_(into) {}

    result<std::size_t> call(calls_face& calls) const noexcept {
        return owner_.by_path() ? calls.listxattr(owner_.path(), into_)
                                : calls.flistxattr(owner_.descriptor(), into_);
    }

private:
    std::span<char> into_;
};

}  // namespace pelton
