#include "buffers/death.hpp"
#include "fixture.hpp"
#include "ring/peeling_ring.hpp"
#include "skip.hpp"

#include <pelton/runtime/ring/command_ring.hpp>

#include <doctest/doctest.h>

#include <poll.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <vector>

using namespace pelton;

namespace {

ring_options of(unsigned entries) {
    ring_options with;
    with.sq_entries = entries;
    return with;
}

bool is_readable(int descriptor) {
    pollfd one{descriptor, POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a ring of long entries carries SQEs of 128 bytes and CQEs of 32, around its end") {
    command_ring queues(linux_ring(), of(4));
    REQUIRE(queues.sq_entries() == 4);
    std::uint64_t expected = 1;
    for (std::uint64_t round = 0; round < 30; ++round) {
        const std::uint64_t count = 1 + round % 4;
        for (std::uint64_t i = 0; i < count; ++i) {
            auto* sqe = queues.peek();
            REQUIRE(sqe != nullptr);
            sqe->head.opcode = IORING_OP_NOP;
            sqe->head.user_data = expected + i;
            sqe->more.fill(std::byte{0xff});  // nobody's but the command's
            queues.commit();
        }
        CHECK(queues.offered() == count);
        queues.enter(true);
        CHECK(queues.offered() == 0);
        CHECK(is_readable(queues.descriptor()));
        std::uint64_t seen = 0;
        queues.reap([&](std::uint64_t user_data, std::int32_t result) {
            CHECK(user_data == expected + seen++);
            CHECK(result == 0);
        });
        CHECK(seen == count);
        CHECK_FALSE(is_readable(queues.descriptor()));
        expected += count;
    }
}

TEST_CASE("another ring that polls a ring of long entries wakes when one of its commands ends") {
    command_ring queues(linux_ring(), of(2));
    ring loop(linux_ring(), of(2));
    const test::pipe_ends some;
    std::array<char, 8> into{};
    auto* sqe = queues.peek();
    io_uring_prep_rw(abi::op_read, &sqe->head, some.reader(), into.data(), into.size(), 0);
    queues.commit();
    queues.enter(false);
    io_uring_prep_poll_add(loop.peek_sqe(), queues.descriptor(), POLLIN);
    loop.commit_sqe();
    // The poll waits before there is anything to tell. The first of a ring looks twice.
    for (int i = 0; i < 4; ++i) {
        loop.enter(0, std::nullopt);
    }
    REQUIRE(loop.reap([](std::uint64_t, std::int32_t, std::uint32_t) {}) == 0);
    some.write("word");
    CHECK(!loop.enter(1, 10'000'000'000).timed_out);
    CHECK(loop.reap([](std::uint64_t, std::int32_t outcome, std::uint32_t) {
        CHECK((outcome & POLLIN) != 0);
    }) == 1);
    queues.enter(true);
    int ended = 0;
    queues.reap([&](std::uint64_t, std::int32_t result) {
        ++ended;
        CHECK(result == 4);
    });
    CHECK(ended == 1);
}

TEST_CASE("a ring of long entries gives no more SQEs than it has, and each of them zeroed") {
    command_ring queues(linux_ring(), of(2));
    for (int i = 0; i < 2; ++i) {
        auto* sqe = queues.peek();
        REQUIRE(sqe != nullptr);
        sqe->head.opcode = IORING_OP_NOP;
        queues.commit();
    }
    CHECK(queues.peek() == nullptr);
    queues.enter(false);
    for (int i = 0; i < 2; ++i) {
        const auto* sqe = queues.peek();
        REQUIRE(sqe != nullptr);
        const auto* bytes = reinterpret_cast<const std::byte*>(sqe);
        CHECK(std::all_of(bytes, bytes + sizeof(*sqe),
                          [](std::byte one) { return one == std::byte{}; }));
    }
}

TEST_CASE("a ring of long entries works with each set of flags that an old kernel leaves") {
    for (const unsigned refused :
         {0U, 1U << 16, 1U << 16 | 1U << 13, 1U << 16 | 1U << 13 | 1U << 12}) {
        test::peeling_ring kernel;
        kernel.refuse_flags(refused);
        command_ring queues(kernel, of(2));
        queues.peek()->head.user_data = 5;
        queues.commit();
        queues.enter(true);
        std::uint64_t seen = 0;
        queues.reap([&](std::uint64_t user_data, std::int32_t) { seen = user_data; });
        CHECK(seen == 5);
    }
}

TEST_CASE("a kernel without long entries is EINVAL") {
    for (const unsigned refused : {abi::setup_sqe128, abi::setup_cqe32}) {
        test::peeling_ring kernel;
        kernel.refuse_flags(refused);
        try {
            const command_ring queues(kernel, of(2));
            FAIL("it was made");
        } catch (const std::system_error& error) {
            CHECK(error.code() == std::errc::invalid_argument);
        }
    }
}

TEST_CASE("a ring of long entries knows what is registered with it") {
    command_ring queues(linux_ring(), of(2));
    std::vector<std::byte> memory(16384);
    CHECK_FALSE(queues.is_registered(memory.data(), 1));
    if (const auto made = queues.register_range(memory.data(), memory.size()); !made) {
        pelton_test::skip("16 KiB cannot be registered: " + made.error().message());
        return;
    }
    CHECK(queues.is_registered(memory.data() + 100, 16284));
    CHECK_FALSE(queues.is_registered(memory.data() + 100, 16285));
}

TEST_CASE("a forked child that enters a ring of long entries ends with a sentence") {
    command_ring queues(linux_ring(), of(64));
    const auto end = test::ending_of([&] {
        for (int i = 0; i < 64; ++i) {
            queues.peek()->head.opcode = IORING_OP_NOP;
            queues.commit();
        }
        queues.enter(false);
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("used in a forked child") != std::string::npos);
}
