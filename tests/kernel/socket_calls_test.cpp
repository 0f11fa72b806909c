#include "buffers/death.hpp"

#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/outcome/unresolved.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>

#include <ostream>
#include <string>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a socketpair is connected with itself and closed by exec; a message goes through it") {
    auto& calls = linux_calls();
    const auto ends = calls.socketpair(SOCK_DGRAM).value();
    std::string sent = "one message";
    std::array<char, 64> got{};
    iovec from{sent.data(), sent.size()};
    iovec into{got.data(), got.size()};
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    CHECK(calls.recvmsg(ends[1], message, MSG_DONTWAIT).error() ==
          std::errc::resource_unavailable_try_again);
    message.msg_iov = &from;
    CHECK(calls.sendmsg(ends[0], message, MSG_NOSIGNAL).value() == sent.size());
    message.msg_iov = &into;
    CHECK(calls.recvmsg(ends[1], message, 0).value() == sent.size());
    CHECK(std::string(got.data()) == sent);
    for (const int each : ends) {
        CHECK((::fcntl(each, F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(calls.close(each));
    }
    CHECK(calls.sendmsg(ends[0], message, 0).error() == std::errc::bad_file_descriptor);
}

TEST_CASE("an option of a socket is asked for, and errors are the system's") {
    auto& calls = linux_calls();
    const int made = calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0).value();
    int type = 0;
    CHECK(calls.getsockopt(made, SOL_SOCKET, SO_TYPE, &type, sizeof(type)).value() == sizeof(int));
    CHECK(type == SOCK_DGRAM);
    CHECK(calls.getsockopt(made, SOL_SOCKET, 9999, &type, sizeof(type)).error() ==
          std::errc::no_protocol_option);
    CHECK(calls.close(made));
}

TEST_CASE("a numeric host is an address, and a name that cannot be is told in a sentence") {
    auto& calls = linux_calls();
    std::vector<sockaddr_storage> found;
    REQUIRE(calls.getaddrinfo("127.0.0.1", "80", found));
    REQUIRE(found.size() == 1);
    CHECK(found[0].ss_family == AF_INET);
    CHECK(ntohs(reinterpret_cast<const sockaddr_in&>(found[0]).sin_port) == 80);
    const auto refused = calls.getaddrinfo("no host has spaces", "80", found);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().category().name() == std::string("pelton.unresolved"));
}

TEST_CASE("each reason why a name is not resolved is a sentence of its own") {
    CHECK(unresolved(EAI_NONAME).message() ==
          "the name is not known: no such host or service; check its spelling");
    CHECK(unresolved(EAI_AGAIN) == std::errc::resource_unavailable_try_again);
    CHECK(unresolved(EAI_MEMORY) == std::errc::not_enough_memory);
    CHECK(unresolved(EAI_NONAME) != std::errc::resource_unavailable_try_again);
    CHECK(unresolved(EAI_SERVICE).message() != unresolved(EAI_FAIL).message());
    CHECK(unresolved(-1000).message().find("EAI code -1000") != std::string::npos);
}
