#include <pelton/runtime/net/unix_address.hpp>

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pelton {
namespace {

constexpr std::size_t name_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

// What is wrong with a name: one of these, or that it has as many bytes.
enum : int { empty_name = -1, zero_in_path = -2 };

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.unix_address"; }

    std::string message(int code) const override {
        switch (code) {
            case empty_name:
                return "the name of a unix socket is empty; give a path or an abstract name";
            case zero_in_path:
                return "the path of a unix socket has a zero byte in it; an abstract name may";
            default:
                return fmt::format(
                    "the name of a unix socket has {} bytes, and the system takes at most {}; use "
                    "a shorter path, one relative to the working directory, or an abstract name",
                    code, name_bytes_max);
        }
    }
    std::error_condition default_error_condition(int code) const noexcept override {
        return code > 0 ? std::errc::filename_too_long : std::errc::invalid_argument;
    }
};

std::unexpected<std::error_code> refused(int code) noexcept {
    static const category one;
    return std::unexpected(std::error_code(code, one));
}

int too_long(std::string_view name) noexcept {
    return static_cast<int>(std::min<std::size_t>(name.size(), INT_MAX));
}

}  // namespace

result<unix_address> unix_address::path(std::string_view where) noexcept {
    if (where.empty()) {
        return refused(empty_name);
    }
    if (where.size() > name_bytes_max) {
        return refused(too_long(where));
    }
    if (where.find('\0') != std::string_view::npos) {
        return refused(zero_in_path);
    }
    unix_address made;
    where.copy(made.address_.sun_path, where.size());
    made.name_bytes_ = where.size() + 1;
    return made;
}

result<unix_address> unix_address::abstract(std::string_view name) noexcept {
    if (name.empty()) {
        return refused(empty_name);
    }
    if (name.size() > name_bytes_max) {
        return refused(too_long(name));
    }
    unix_address made;
    name.copy(made.address_.sun_path + 1, name.size());
    made.name_bytes_ = name.size() + 1;
    return made;
}

result<unix_address> unix_address::from(const sockaddr_storage& address, socklen_t bytes) noexcept {
    constexpr auto head = offsetof(sockaddr_un, sun_path);
    unix_address made;
    if (bytes == 0) {
        return made;  // a datagram from a socket without a name
    }
    if (address.ss_family != AF_UNIX || bytes < head) {
        return failure(std::errc::address_family_not_supported);
    }
    // The kernel's count includes the zero byte of a path; one of 108 bytes has none.
    made.name_bytes_ = std::min<std::size_t>(bytes - head, name_bytes_max + 1);
    std::memcpy(&made.address_, &address, head + made.name_bytes_);
    if (made.is_path()) {
        made.address_.sun_path[name_bytes_max] = '\0';
        made.name_bytes_ = std::strlen(made.address_.sun_path) + 1;
    }
    return made;
}

std::string_view unix_address::name() const noexcept {
    if (name_bytes_ == 0) {
        return {};
    }
    return {address_.sun_path + (is_abstract() ? 1 : 0), name_bytes_ - 1};
}

std::string unix_address::to_string() const {
    if (is_unnamed()) {
        return "*";
    }
    std::string text(address_.sun_path, is_abstract() ? name_bytes_ : name_bytes_ - 1);
    std::replace(text.begin(), text.end(), '\0', '@');
    return text;
}

}  // namespace pelton
