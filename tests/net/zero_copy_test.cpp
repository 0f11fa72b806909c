// Sending leases without a copy: who holds the pages, and that the sender does not wait for them.
#include "zero_copy.hpp"

#include <optional>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a lease is sent without a copy from the threshold on, from registered pages") {
    recording_ring kernel;
    on_shard(recorded(kernel, "", 2), [&](shard& here) -> task<> {
        if (!here.queues().has(feature::send_zc)) {
            co_return;
        }
        auto pair = co_await zero_copy_connected(here, zero_copy_from(10'000));
        const auto payload = random_bytes(60'000, 1);
        const auto small = filled(here, 3, std::span(payload).first(9'999));
        const auto few = co_await pair.sender.send_all(small);
        CHECK(few.value() == 9'999);
        CHECK(kernel.count(abi::op_send_zc) == 0);
        {
            const auto large = filled(here, 15, payload);
            const auto sent = co_await pair.sender.send_all(large);
            CHECK(sent.value() == payload.size());
        }
        CHECK(kernel.count(abi::op_send_zc) >= 1);
        for (const auto& each : kernel.sqes) {
            CHECK((each.opcode != abi::op_send_zc || !here.pages().registered() ||
                   (each.ioprio & abi::recvsend_fixed_buf) != 0));
        }
        co_await receive_all(pair.receiver, std::span(payload).first(9'999));
        co_await receive_all(pair.receiver, payload);
        co_await all_notified(here);
        CHECK(pages_out(here) == 3);
    });
}

TEST_CASE("a lease that is dropped after its send stays with the kernel until the notification") {
    recording_ring kernel;
    on_shard(recorded(kernel, "", 4), [&](shard& here) -> task<> {
        if (!here.queues().has(feature::send_zc)) {
            co_return;
        }
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1));
        const auto payload = random_bytes(20'000, 2);
        std::size_t held_max = 0;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                for (int i = 0; i < 50; ++i) {
                    const auto pages = filled(here, 5, payload);
                    const auto sent = co_await pair.sender.send_all(pages);
                    CHECK(sent.value() == payload.size());
                    held_max = std::max(held_max, here.lasting().used());
                }
            });
            for (int i = 0; i < 50; ++i) {
                co_await receive_all(pair.receiver, payload);
            }
        };
        co_await scope(body);
        co_await all_notified(here);
        CHECK(pages_out(here) == 0);
        std::size_t notifications = 0;
        for (const auto& each : kernel.cqes) {
            notifications += (each.flags & abi::cqe_notification) != 0 ? 1 : 0;
        }
        CHECK(notifications == kernel.count(abi::op_send_zc));
    });
}

TEST_CASE("a zero-copy send that is cut short goes on where it was") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1), 1);
        const auto payload = random_bytes(400'000, 3);
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> {
                const auto pages = filled(here, 100, payload);
                std::size_t moved = 0;
                const auto sent = co_await pair.sender.send_all(pages, &moved);
                CHECK(sent.value() == payload.size());
                CHECK(moved == payload.size());
            });
            co_await receive_all(pair.receiver, payload);
        };
        co_await scope(body);
    });
}

TEST_CASE("where there is no zero-copy send a lease is sent all the same") {
    for (const char* mask : {"send_zc", "registered_buffers", "send_zc,send", ""}) {
        CAPTURE(mask);
        for (const unsigned slots : {0U, 16U}) {
            recording_ring kernel;
            auto with = recorded(kernel, mask, 2);
            with.lasting_records = slots;
            on_shard(std::move(with), [&](shard& here) -> task<> {
                // A Unix socket answers EOPNOTSUPP, in two CQEs.
                std::array<int, 2> ends{};
                REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
                tcp_stream writer(here, ends[0], zero_copy_from(1));
                tcp_stream reader(here, ends[1], stream_options());
                const auto payload = random_bytes(20'000, 4);
                const auto pages = filled(here, 5, payload);
                const auto body = [&](children& kids) -> task<> {
                    kids.spawn([&]() -> task<> {
                        const auto sent = co_await writer.send_all(pages);
                        CHECK(sent.value() == payload.size());
                    });
                    co_await receive_all(reader, payload);
                };
                co_await scope(body);
                CHECK(here.lasting().used() == 0);
            });
        }
    }
}

TEST_CASE("a zero-copy send that waits for its peer can be asked to stop") {
    on_shard([](shard& here) -> task<> {
        auto pair = co_await zero_copy_connected(here, zero_copy_from(1), 1);
        const auto pages = filled(here, 400, random_bytes(1'600'000, 5));
        std::optional<result<std::size_t>> sent;
        std::size_t moved = 0;
        const auto body = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> { sent = co_await pair.sender.send_all(pages, &moved); });
            for (int i = 0; i < 20; ++i) {
                co_await nop(here);
            }
            kids.request_stop();
        };
        set_option(pair.receiver, SO_RCVBUF, 1);
        co_await scope(body);
        if (!*sent) {
            CHECK(sent->error() == std::errc::operation_canceled);
        }
        // What was sent is what the peer gets, however far that was.
        CHECK(pair.sender.shutdown(half::sending));
        std::size_t received = 0;
        for (;;) {
            const auto got = co_await pair.receiver.receive();
            REQUIRE(got);
            if (got->empty()) {
                break;
            }
            CHECK(std::equal(got->bytes().begin(), got->bytes().end(), pages.data() + received));
            received += got->size();
        }
        CHECK(received == moved);
    });
}
