// The part of linux_calls() that is about sockets and names. For linux_calls.cpp alone.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

namespace pelton {

class linux_sockets : public calls_face {
public:
    result<int> socket(int family, int type, int protocol) noexcept override;
    result<std::array<int, 2>> socketpair(int type) noexcept override;
    result<void> bind(int descriptor, const sockaddr* address, socklen_t bytes) noexcept override;
    result<void> listen(int descriptor, int backlog) noexcept override;
    result<void> shutdown(int descriptor, int how) noexcept override;
    result<void> setsockopt(int descriptor, int level, int option, const void* value,
                            socklen_t bytes) noexcept override;
    result<socklen_t> getsockopt(int descriptor, int level, int option, void* into,
                                 socklen_t room) noexcept override;
    result<socklen_t> getsockname(int descriptor, sockaddr* into, socklen_t room) noexcept override;
    result<socklen_t> getpeername(int descriptor, sockaddr* into, socklen_t room) noexcept override;
    result<std::size_t> sendmsg(int descriptor, const msghdr& message, int flags) noexcept override;
    result<std::size_t> recvmsg(int descriptor, msghdr& message, int flags) noexcept override;
    result<void> getaddrinfo(const char* host, const char* service,
                             std::vector<sockaddr_storage>& into) noexcept override;
};

}  // namespace pelton
