// Sending a list of leases without a copy: which of them one operation takes, who holds the pages,
// and what becomes of them when the connection breaks or the sender is stopped.
#include "skip.hpp"
#include "zero_copy.hpp"

#include <optional>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::size_t odd_bytes = 5'000;  // of each lease, so that no two touch

bool gathers(shard& here) {
    if (here.queues().has(feature::sendmsg_zc)) {
        return true;
    }
    pelton_test::skip("the kernel has no SENDMSG_ZC");
    return false;
}

task<> send_and_receive(zero_copy_pair& pair, const lease_list& pages,
                        std::span<const std::byte> payload) {
    const auto body = [&](children& kids) -> task<> {
        kids.spawn([&]() -> task<> {
            std::size_t moved = 0;
            const auto sent = co_await pair.sender.send_all(pages, &moved);
            CHECK(sent.value() == payload.size());
            CHECK(moved == payload.size());
        });
        co_await receive_all(pair.receiver, payload);
    };
    co_await scope(body);
}

constexpr int roomy = 1 << 20;

// So that no more than the first window of what is sent now leaves before somebody reads.
void stall(const zero_copy_pair& pair) {
    set_option(pair.sender, SO_SNDBUF, roomy);
    set_option(pair.receiver, SO_RCVBUF, 1);
}

}  // namespace

TEST_CASE("a list of leases is gathered without a copy from the threshold on") {
    recording_ring kernel;
    on_shard(recorded(kernel, "", 2), [&](shard& here) -> task<> {
        if (!gathers(here)) {
            co_return;
        }
        auto pair = co_await zero_copy_connected(here, zero_copy_from(10'000));
        const auto payload = random_bytes(8 * odd_bytes, 1);
        const auto below = std::span(payload).first(9'999);
        co_await send_and_receive(pair, in_leases(here, below, odd_bytes), below);
        CHECK(kernel.count(abi::op_sendmsg_zc) == 0);
        co_await send_and_receive(pair, in_leases(here, payload, odd_bytes), payload);
        CHECK(kernel.count(abi::op_sendmsg_zc) >= 1);
        CHECK(kernel.count(abi::op_send_zc) == 0);
        const bool fixed =
            here.pages().registered() && here.queues().has(feature::sendmsg_zc_fixed);
        for (const auto& each : kernel.sqes) {
            if (each.opcode == abi::op_sendmsg_zc) {
                CHECK(((each.ioprio & abi::recvsend_fixed_buf) != 0) == fixed);
            }
        }
        co_await all_notified(here);
        CHECK(pages_out(here) == 0);
    });
}

TEST_CASE("a list of more leases than one record holds goes by several operations") {
    recording_ring kernel;
    on_shard(recorded(kernel, "", 2), [&](shard& here) -> task<> {
        if (!gathers(here)) {
            co_return;
        }
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1));
        const auto payload = random_bytes(17 * odd_bytes, 2);
        co_await send_and_receive(pair, in_leases(here, payload, odd_bytes), payload);
        CHECK(kernel.count(abi::op_sendmsg_zc) >= 2);
    });
}

TEST_CASE("leases of little in front of many bytes are no reason for a tiny zero-copy send") {
    recording_ring kernel;
    on_shard(recorded(kernel, "", 2), [&](shard& here) -> task<> {
        auto pair = co_await zero_copy_connected(here, zero_copy_from(10'000));
        const auto payload = random_bytes(20'000, 3);
        lease_list pages = in_leases(here, std::span(payload).first(1'000), 100);
        pages.append(filled(here, 5, std::span(payload).subspan(1'000)));
        pages.append(lease());
        co_await send_and_receive(pair, pages, payload);
        CHECK(kernel.count(abi::op_sendmsg_zc) + kernel.count(abi::op_send_zc) == 0);
    });
}

TEST_CASE("where lists are not sent without a copy they are sent all the same") {
    for (const char* mask :
         {"", "sendmsg_zc", "sendmsg_zc_fixed", "registered_buffers", "sendmsg_zc,sendmsg"}) {
        for (const unsigned records : {0U, 16U}) {
            for (const bool local : {false, true}) {
                CAPTURE(mask);
                CAPTURE(records);
                CAPTURE(local);
                recording_ring kernel;
                auto with = recorded(kernel, mask, 2);
                with.lasting_records = records;
                on_shard(std::move(with), [&](shard& here) -> task<> {
                    auto pair = co_await zero_copy_connected(here, zero_copy_from(1));
                    if (local) {
                        // A Unix socket answers EOPNOTSUPP, in two CQEs.
                        std::array<int, 2> ends{};
                        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) ==
                                0);
                        pair.sender = tcp_stream(here, ends[0], zero_copy_from(1));
                        pair.receiver = tcp_stream(here, ends[1], stream_options());
                    }
                    const auto payload = random_bytes(4 * odd_bytes, 4);
                    co_await send_and_receive(pair, in_leases(here, payload, odd_bytes), payload);
                    co_await all_notified(here);
                    CHECK(pages_out(here) == 0);
                });
            }
        }
    }
}

TEST_CASE("a gathered zero-copy send that is cut short goes on where it was") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1), 1);
        const auto payload = random_bytes(60 * odd_bytes + 1, 5);
        co_await send_and_receive(pair, in_leases(here, payload, odd_bytes), payload);
        co_await all_notified(here);
        CHECK(pages_out(here) == 0);
    });
}

TEST_CASE("the pages of a gathered send are lent to nobody else before the notification") {
    on_shard([](shard& here) -> task<> {
        if (!gathers(here)) {
            co_return;
        }
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1));
        stall(pair);
        // More than the window: what is sent after it does not leave. Of pages, only what one
        // packet takes: the kernel charges more of them to the send buffer than there are.
        const auto payload = random_bytes(100'000, 6);
        const auto plug = std::span(payload).first(90'000);
        const auto plugged = co_await pair.sender.send_all(areas::for_write(plug));
        CHECK(plugged.value() == plug.size());
        {
            const auto pages = in_leases(here, std::span(payload).subspan(90'000), odd_bytes);
            const auto sent = co_await pair.sender.send_all(pages);
            CHECK(sent.value() == 2 * odd_bytes);  // and nobody has read a byte
        }
        CHECK(pages_out(here) == 4);
        {
            std::vector<lease> others;
            while (auto one = here.pages().take_now(1)) {
                std::ranges::fill(one->bytes(), std::byte{0xee});
                others.push_back(std::move(*one));
            }
        }
        set_option(pair.receiver, SO_RCVBUF, roomy);
        co_await receive_all(pair.receiver, payload);
        co_await all_notified(here);
        CHECK(pages_out(here) == 0);
    });
}

TEST_CASE("a gathered zero-copy send that waits for its peer can be asked to stop") {
    on_shard([](shard& here) -> task<> {
        if (!gathers(here)) {
            co_return;
        }
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1), 1);
        const auto payload = random_bytes(200 * odd_bytes, 7);
        std::optional<result<std::size_t>> sent;
        std::size_t moved = 0;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                const auto pages = in_leases(here, payload, odd_bytes);
                sent = co_await pair.sender.send_all(pages, &moved);
            });
            for (int i = 0; i < 20; ++i) {
                co_await nop(here);
            }
            kids.request_stop();
        };
        set_option(pair.receiver, SO_RCVBUF, 1);
        co_await scope(body);
        CHECK(sent->error() == std::errc::operation_canceled);
        CHECK(moved < payload.size());
        set_option(pair.receiver, SO_RCVBUF, roomy);
        REQUIRE(pair.sender.shutdown(half::sending));
        co_await receive_all(pair.receiver, std::span(payload).first(moved));
        {
            const auto end = co_await pair.receiver.receive();  // may lie in pages of its own
            CHECK(end.value().empty());
        }
        co_await all_notified(here);
        CHECK(pages_out(here) == 0);
    });
}

TEST_CASE("a peer that resets in the middle ends a gathered zero-copy send, and no page is lost") {
    on_shard([](shard& here) -> task<> {
        if (!gathers(here)) {
            co_return;
        }
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1), 1);
        set_option(pair.receiver, SO_RCVBUF, 1);
        const auto payload = random_bytes(200 * odd_bytes, 8);
        std::optional<result<std::size_t>> sent;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                const auto pages = in_leases(here, payload, odd_bytes);
                sent = co_await pair.sender.send_all(pages);
            });
            co_await receive_all(pair.receiver, std::span(payload).first(odd_bytes));
            reset_on_close(pair.receiver);
            const auto closed = co_await pair.receiver.close();
            CHECK(closed);
        };
        co_await scope(body);
        CHECK((sent->error() == std::errc::connection_reset ||
               sent->error() == std::errc::broken_pipe));
        co_await all_notified(here);
        CHECK(pages_out(here) == 0);
    });
}
