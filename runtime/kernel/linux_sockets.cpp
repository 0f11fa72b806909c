#include <pelton/runtime/kernel/answer.hpp>
#include <pelton/runtime/kernel/linux_sockets.hpp>
#include <pelton/runtime/outcome/unresolved.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

namespace pelton {
namespace {

struct free_list {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using address_list = std::unique_ptr<addrinfo, free_list>;

}  // namespace

result<int> linux_sockets::socket(int family, int type, int protocol) noexcept {
    return value_of<int>([&] { return ::socket(family, type, protocol); });
}

result<std::array<int, 2>> linux_sockets::socketpair(int type) noexcept {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return failure(errno);
    }
    return ends;
}

result<void> linux_sockets::bind(int descriptor, const sockaddr* address,
                                 socklen_t bytes) noexcept {
    return success_of([&] { return ::bind(descriptor, address, bytes); });
}

result<void> linux_sockets::listen(int descriptor, int backlog) noexcept {
    return success_of([&] { return ::listen(descriptor, backlog); });
}

result<void> linux_sockets::shutdown(int descriptor, int how) noexcept {
    return success_of([&] { return ::shutdown(descriptor, how); });
}

result<void> linux_sockets::setsockopt(int descriptor, int level, int option, const void* value,
                                       socklen_t bytes) noexcept {
    return success_of([&] { return ::setsockopt(descriptor, level, option, value, bytes); });
}

result<socklen_t> linux_sockets::getsockopt(int descriptor, int level, int option, void* into,
                                            socklen_t room) noexcept {
    if (::getsockopt(descriptor, level, option, into, &room) != 0) {
        return failure(errno);
    }
    return room;
}

result<socklen_t> linux_sockets::getsockname(int descriptor, sockaddr* into,
                                             socklen_t room) noexcept {
    if (::getsockname(descriptor, into, &room) != 0) {
        return failure(errno);
    }
    return room;
}

result<socklen_t> linux_sockets::getpeername(int descriptor, sockaddr* into,
                                             socklen_t room) noexcept {
    if (::getpeername(descriptor, into, &room) != 0) {
        return failure(errno);
    }
    return room;
}

result<std::size_t> linux_sockets::sendmsg(int descriptor, const msghdr& message,
                                           int flags) noexcept {
    return value_of([&] { return ::sendmsg(descriptor, &message, flags); });
}

result<std::size_t> linux_sockets::recvmsg(int descriptor, msghdr& message, int flags) noexcept {
    return value_of([&] { return ::recvmsg(descriptor, &message, flags); });
}

result<void> linux_sockets::getaddrinfo(const char* host, const char* service,
                                        std::vector<sockaddr_storage>& into) noexcept {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;  // else each address comes once for each kind of socket
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(host, service, &hints, &list);
    if (code == EAI_SYSTEM) {
        return failure(errno);
    }
    if (code != 0) {
        return std::unexpected(unresolved(code));
    }
    const address_list owned(list);
    try {
        for (const auto* each = list; each != nullptr; each = each->ai_next) {
            auto& one = into.emplace_back();
            std::memcpy(&one, each->ai_addr, std::min<std::size_t>(each->ai_addrlen, sizeof(one)));
        }
    } catch (const std::bad_alloc&) {
        return failure(ENOMEM);
    }
    return {};
}

}  // namespace pelton
