#include "address_family.hpp"
#include "buffers/death.hpp"
#include "connection.hpp"

#include <pelton/runtime/net/udp_inflow.hpp>
#include <pelton/runtime/net/udp_socket.hpp>

#include <netinet/tcp.h>

#include <memory>
#include <optional>
#include <string>

using namespace pelton;
using namespace pelton::test;

namespace {

// The end of a process in which `destroy` meets a receive that is pending on a stream.
template <class Destroy>
ending end_of(Destroy destroy) {
    return ending_of([&] {
        static_cast<void>(run(quiet(), [&](shard& here) -> task<> {
            auto pair = co_await connected(here);
            auto stream = std::make_unique<tcp_stream>(std::move(pair.server));
            const auto body = [&](children& kids) -> task<> {
                kids.spawn([&]() -> task<> { static_cast<void>(co_await stream->receive()); });
                co_await yield();
                destroy(stream);
            };
            co_await scope(body);
        }));
    });
}

}  // namespace

TEST_CASE("a stream that dies while an operation on it is pending ends the process and says so") {
    const auto end = end_of([](std::unique_ptr<tcp_stream>& stream) { stream.reset(); });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("while operations on it are pending") != std::string::npos);
}

TEST_CASE("a stream that moves while an operation on it is pending ends the process and says so") {
    const auto end = end_of([](std::unique_ptr<tcp_stream>& stream) {
        const tcp_stream elsewhere(std::move(*stream));
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("moved while operations on it are pending") != std::string::npos);
}

TEST_CASE("a stream that is closed while an operation on it is pending ends the process") {
    const auto end =
        end_of([](std::unique_ptr<tcp_stream>& stream) { static_cast<void>(stream->close()); });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("while operations on it are pending") != std::string::npos);
}

TEST_CASE(
    "a datagram socket that dies while it connects, or waits for a datagram, ends the process") {
    // Each begins in the batch in which the socket dies: the kernel has not seen it.
    const auto connects = [](udp_socket& socket, const endpoint& peer) -> task<> {
        static_cast<void>(co_await socket.connect(peer));
    };
    const auto waits = [](udp_socket& socket, const endpoint&) -> task<> {
        auto coming = socket.inflow();
        static_cast<void>(co_await coming.next());
    };
    const auto end_of_socket = [](auto begins, std::string_view mask) {
        return ending_of([&] {
            static_cast<void>(run(masked(mask), [&](shard& here) -> task<> {
                auto socket = std::make_unique<udp_socket>(
                    udp_socket::bind(here, endpoint::loopback(0)).value());
                const auto peer = socket->local().value();
                const auto body = [&](children& kids) -> task<> {
                    kids.spawn([&] { return begins(*socket, peer); });
                    kids.spawn([&]() -> task<> {
                        socket.reset();
                        co_return;
                    });
                    co_return;
                };
                co_await scope(body);
            }));
        });
    };
    for (const auto& end : {end_of_socket(connects, ""), end_of_socket(waits, "buffer_ring")}) {
        CHECK(end.signal == SIGABRT);
        CHECK(end.text.find("while operations on it are pending") != std::string::npos);
    }
}

TEST_CASE("a listener that dies while it serves ends the process") {
    const auto end = ending_of([] {
        static_cast<void>(run(quiet(), [](shard& here) -> task<> {
            std::optional<tcp_listener> door(tcp_listener::bind(here, endpoint::any(0)).value());
            const auto body = [&](children& kids) -> task<> {
                const auto nobody = [](tcp_stream) -> task<> { co_return; };
                kids.spawn([&] { return door->serve(kids, nobody); });
                co_await yield();
                door.reset();
            };
            co_await scope(body);
        }));
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("while operations on it are pending") != std::string::npos);
}

TEST_CASE("streams are moved, assigned, closed and closed again without losing a descriptor") {
    const auto before = open_descriptors();
    on_shard([](shard& here) -> task<> {
        auto first = co_await connected(here);
        auto second =
            co_await connected(here, has_v6() ? endpoint::loopback_v6(0) : endpoint::loopback(0));
        first.client = std::move(second.client);
        const auto end = co_await first.server.receive();
        CHECK(end.value().empty());  // what was assigned over is closed
        CHECK_FALSE(second.client.is_open());
        auto& same = first.client;
        first.client = std::move(same);
        CHECK(first.client.is_open());
        const auto sent = co_await first.client.send_all(areas::for_write("moved"));
        CHECK(sent.value() == 5);

        const auto closed = co_await first.client.close();
        CHECK(closed);
        const auto again = co_await first.client.close();
        CHECK(again.error() == std::errc::bad_file_descriptor);
        std::byte memory{};
        const auto late = co_await first.client.receive(areas(std::span(&memory, 1)));
        CHECK(late.error() == std::errc::bad_file_descriptor);
        CHECK(first.client.local().error() == std::errc::bad_file_descriptor);
    });
    CHECK(open_descriptors() == before);
}

TEST_CASE("a close that fails in a destructor goes to the error hook") {
    auto with = quiet();
    int reports = 0;
    with.error = [&](std::error_code error, std::string_view) {
        CHECK(error == std::errc::bad_file_descriptor);
        ++reports;
    };
    on_shard(std::move(with), [](shard& here) -> task<> {
        const tcp_stream wrong(here, 9'999, stream_options());
        co_return;
    });
    CHECK(reports == 1);
}

TEST_CASE("both ends agree about their addresses, and options reach the socket") {
    on_shard([](shard& here) -> task<> {
        for (const bool v6 : {false, has_v6()}) {
            auto pair =
                co_await connected(here, v6 ? endpoint::loopback_v6(0) : endpoint::loopback(0));
            CHECK(pair.client.local().value() == pair.server.peer().value());
            CHECK(pair.client.peer().value() == pair.server.local().value());
            for (const bool on : {true, false}) {
                CHECK(pair.client.set_no_delay(on));
                int value = -1;
                socklen_t bytes = sizeof(value);
                CHECK(::getsockopt(pair.client.descriptor(), IPPROTO_TCP, TCP_NODELAY, &value,
                                   &bytes) == 0);
                CHECK((value != 0) == on);
            }
            CHECK((::fcntl(pair.client.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
            CHECK((::fcntl(pair.server.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
        }
    });
}

TEST_CASE("a lease received into outlives the stream, and shows what came alone") {
    on_shard([](shard& here) -> task<> {
        lease kept;
        {
            auto pair = co_await connected(here);
            const auto sent = co_await pair.client.send_all(areas::for_write("kept"));
            CHECK(sent);
            auto got = co_await pair.server.receive();
            kept = std::move(got.value());
        }
        CHECK(kept.pages() > 0);
        CHECK(std::string_view(reinterpret_cast<const char*>(kept.data()), kept.size()) == "kept");
    });
}
