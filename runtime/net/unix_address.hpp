// Where a unix socket is found: a path, an abstract name, or nothing.
//
// Thread: a value.
#pragma once

#include <pelton/runtime/outcome/result.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace pelton {

class unix_address {
public:
    // Of a socket that nobody bound.
    unix_address() noexcept { address_.sun_family = AF_UNIX; }

    // A file of type socket, which bind() makes and nobody removes (see unix_listener). 1 to 107
    // bytes, none of them zero; the error's message is a sentence, and compares equal to
    // std::errc::filename_too_long or invalid_argument.
    static result<unix_address> path(std::string_view where) noexcept;

    // A name without a file (unix(7)): gone when its last socket is, any byte allowed, and open to
    // everybody in this network namespace. 1 to 107 bytes.
    static result<unix_address> abstract(std::string_view name) noexcept;

    // What the system said: `bytes` of an address. address_family_not_supported for another family.
    static result<unix_address> from(const sockaddr_storage& address, socklen_t bytes) noexcept;

    bool is_unnamed() const noexcept { return name_bytes_ == 0; }
    bool is_abstract() const noexcept { return name_bytes_ != 0 && address_.sun_path[0] == '\0'; }
    bool is_path() const noexcept { return name_bytes_ != 0 && address_.sun_path[0] != '\0'; }

    // The path, or the abstract name without its leading zero byte; of this value.
    std::string_view name() const noexcept;
    // The path, ended by a zero byte; "" when it is none.
    const char* c_str() const noexcept { return is_path() ? address_.sun_path : ""; }

    // The path; "@name" for an abstract one, as ss(8) writes it, a zero byte as '@'; "*" for none.
    std::string to_string() const;

    // For the system, as long as this value lives.
    const sockaddr* address() const noexcept {
        return reinterpret_cast<const sockaddr*>(&address_);
    }
    socklen_t bytes() const noexcept {
        return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_bytes_);
    }

    friend bool operator==(const unix_address& a, const unix_address& b) noexcept {
        return a.is_abstract() == b.is_abstract() && a.name() == b.name();
    }

private:
    sockaddr_un address_{};
    std::size_t name_bytes_ =
        0;  // of sun_path, the zero byte at a path's end or a name's start too
};

}  // namespace pelton
