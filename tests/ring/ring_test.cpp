#include "completion/scripted_ring.hpp"
#include "fixture.hpp"

#include <pelton/buffers/arena.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <optional>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

ring_options two_entries() {
    ring_options with;
    with.sq_entries = 2;
    return with;
}

// A scripted kernel whose enter answers with `errno_value`.
class refusing_ring final : public ring_face {
public:
    explicit refusing_ring(int errno_value) noexcept : errno_value_(errno_value) {}
    int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
        return inner_.set_up(entries, params, ring);
    }
    int enter(io_uring&, unsigned, unsigned, unsigned, void*, std::size_t) noexcept override {
        return -errno_value_;
    }
    int register_with(io_uring& ring, unsigned opcode, void* argument,
                      unsigned count) noexcept override {
        return inner_.register_with(ring, opcode, argument, count);
    }
    void tear_down(io_uring&) noexcept override {}
    const std::atomic<unsigned>& forks() const noexcept override { return inner_.forks(); }

private:
    scripted_ring inner_;
    int errno_value_;
};

void fill_nop(ring& queues, std::uint64_t user_data) {
    auto* sqe = queues.peek_sqe();
    REQUIRE(sqe != nullptr);
    sqe->opcode = abi::op_nop;
    sqe->user_data = user_data;
    queues.commit_sqe();
}

}  // namespace

TEST_CASE("what a ring says of itself is what was asked for and what this kernel must have") {
    const ring made(linux_ring(), two_entries());
    CHECK(made.sq_entries() == 2);
    CHECK(made.cq_entries() == 8);
    const auto& known = made.known();
    CHECK(known.sq_entries == 2);
    CHECK(known.cq_entries == 8);
    CHECK(known.opcodes > abi::op_sendmsg_zc);  // Linux 6.1
    CHECK(known.opcodes < 256);
    for (const auto one : {feature::ext_arg, feature::nodrop, feature::async_cancel, feature::read,
                           feature::readv, feature::read_fixed}) {
        CHECK(known.has(one));
    }
    CHECK(known.masked.none());
    if (known.has(feature::defer_taskrun)) {
        CHECK(known.has(feature::single_issuer));
        CHECK(!known.has(feature::coop_taskrun));
    }
}

TEST_CASE("a ring has at least as many CQ entries as SQ entries, and four") {
    for (const unsigned sq : {1U, 2U, 16U}) {
        for (const unsigned cq : {1U, 2U, 8U, 64U}) {
            auto with = two_entries();
            with.sq_entries = sq;
            with.cq_entries = cq;
            const ring made(linux_ring(), with);
            CHECK(made.cq_entries() >= std::max({sq, cq, 4U}));
        }
    }
}

TEST_CASE("an SQE that was not committed is not submitted") {
    ring queues(linux_ring(), two_entries());
    auto* sqe = queues.peek_sqe();
    REQUIRE(sqe != nullptr);
    sqe->opcode = abi::op_nop;
    sqe->user_data = 1;
    CHECK(queues.peek_sqe() == sqe);
    fill_nop(queues, 2);
    static_cast<void>(queues.enter(1, std::nullopt));
    std::vector<std::uint64_t> seen;
    queues.reap(
        [&](std::uint64_t user_data, std::int32_t, std::uint32_t) { seen.push_back(user_data); });
    CHECK(seen == std::vector<std::uint64_t>{2});
}

TEST_CASE("a full SQ gives no SQE until an enter took some, and an SQE is zeroed each time") {
    ring queues(linux_ring(), two_entries());
    for (std::uint64_t round = 0; round < 100; ++round) {
        fill_nop(queues, 2 * round);
        fill_nop(queues, 2 * round + 1);
        CHECK(queues.sq_room() == 0);
        CHECK(queues.peek_sqe() == nullptr);
        static_cast<void>(queues.enter(2, std::nullopt));
        std::vector<std::uint64_t> seen;
        queues.reap([&](std::uint64_t user_data, std::int32_t result, std::uint32_t) {
            CHECK(result == 0);
            seen.push_back(user_data);
        });
        CHECK(seen == std::vector{2 * round, 2 * round + 1});
        const auto* fresh = queues.peek_sqe();
        CHECK(fresh->user_data == 0);
        CHECK(fresh->opcode == 0);
    }
    CHECK(queues.counters().sqes == 200);
    CHECK(queues.counters().cqes == 200);
    CHECK(queues.counters().enters == 100);
}

TEST_CASE("SQEs taken back are not submitted") {
    ring queues(linux_ring(), two_entries());
    fill_nop(queues, 1);
    fill_nop(queues, 2);
    queues.take_back_sqes(1);
    CHECK(queues.sq_room() == 1);
    static_cast<void>(queues.enter(1, std::nullopt));
    CHECK(queues.reap([](std::uint64_t user_data, std::int32_t, std::uint32_t) {
        CHECK(user_data == 1);
    }) == 1);
}

TEST_CASE("an enter with nothing to wait for ends at its timeout") {
    ring queues(linux_ring(), two_entries());
    CHECK(queues.enter(1, 1'000'000).timed_out);
    CHECK(!queues.enter(0, std::nullopt).timed_out);
}

TEST_CASE("scratch that is not there is not given, and all is there after an enter") {
    ring queues(linux_ring(), two_entries());
    const auto first = queues.scratch(4 * abi::iovec_max);
    CHECK(first.size() == 4 * abi::iovec_max);
    CHECK(queues.scratch(1).empty());
    CHECK(queues.counters().scratch_full == 1);
    queues.give_back_scratch(10);
    CHECK(queues.scratch(10).size() == 10);
    CHECK(queues.scratch(1).empty());
    static_cast<void>(queues.enter(0, std::nullopt));
    CHECK(queues.scratch(abi::iovec_max).data() == first.data());
}

TEST_CASE("an enter that fails for a reason no retry helps ends the process") {
    const auto end = ending_of([] {
        refusing_ring kernel(EBADF);
        ring queues(kernel, two_entries());
        static_cast<void>(queues.enter(0, std::nullopt));
    });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "io_uring_enter failed with errno 9"));
}

TEST_CASE("an enter that fails for now is counted and returns") {
    for (const int errno_value : {EINTR, EAGAIN, EBUSY}) {
        refusing_ring kernel(errno_value);
        ring queues(kernel, two_entries());
        fill_nop(queues, 1);
        CHECK(!queues.enter(1, std::nullopt).timed_out);
        CHECK(queues.counters().enter_retries == 1);
        CHECK(queues.counters().short_enters == 1);
        CHECK(queues.counters().sqes == 0);
        CHECK(queues.sq_room() == 1);
    }
    refusing_ring kernel(ETIME);
    ring queues(kernel, two_entries());
    CHECK(queues.enter(1, 1).timed_out);
    CHECK(queues.counters().enter_retries == 0);
}

TEST_CASE("memory is registered and found, and given back it is found no more") {
    ring queues(linux_ring(), two_entries());
    const arena pages({.bytes = std::size_t{64} * 1024});
    const auto index = queues.register_range(pages.base(), pages.bytes());
    REQUIRE(index);
    CHECK(queues.registered().find(pages.base() + 100, 100) == static_cast<int>(*index));
    auto* sqe = queues.peek_sqe();
    const pipe_ends pipe;
    pipe.write("hello");
    io_uring_prep_rw(abi::op_read_fixed, sqe, pipe.reader(), pages.base() + 100, 100, 0);
    sqe->buf_index = static_cast<std::uint16_t>(*index);
    queues.commit_sqe();
    static_cast<void>(queues.enter(1, std::nullopt));
    queues.reap([](std::uint64_t, std::int32_t result, std::uint32_t) { CHECK(result == 5); });
    queues.unregister_range(*index);
    CHECK(queues.registered().find(pages.base(), 1) == registry::none);
    CHECK(queues.register_range(pages.base(), pages.bytes()) == *index);
}

TEST_CASE("registering fails as a value: too many ranges, memory that is none, no buffer table") {
    ring queues(linux_ring(), two_entries());
    const arena pages({.bytes = registry::slots * std::size_t{4096}});
    for (unsigned i = 0; i < registry::slots; ++i) {
        REQUIRE(queues.register_range(pages.base() + std::size_t{4096} * i, 4096));
    }
    CHECK(queues.register_range(pages.base(), 4096).error() == std::errc::no_space_on_device);
    queues.unregister_range(7);
    CHECK(queues.register_range(nullptr, 4096).error() == std::errc::bad_address);
    CHECK(queues.register_range(pages.base(), 4096) == 7U);
    auto masked = two_entries();
    masked.masked.set(static_cast<std::size_t>(feature::registered_buffers));
    ring plain(linux_ring(), masked);
    CHECK(plain.register_range(pages.base(), 4096).error() == std::errc::not_supported);
}

TEST_CASE(
    "more rings than a thread may register descriptors for all work, and leave their places") {
    std::vector<std::unique_ptr<ring>> rings;
    std::size_t registered = 0;
    for (int i = 0; i < 20; ++i) {
        auto& one = *rings.emplace_back(std::make_unique<ring>(linux_ring(), two_entries()));
        registered += one.has(feature::registered_ring_fd) ? 1 : 0;
        fill_nop(one, 5);
        static_cast<void>(one.enter(1, std::nullopt));
        CHECK(one.reap([](std::uint64_t, std::int32_t, std::uint32_t) {}) == 1);
    }
    CHECK(registered < 20);
    rings.clear();
    for (int i = 0; i < 40; ++i) {
        const ring one(linux_ring(), two_entries());
        CHECK(one.has(feature::registered_ring_fd) == (registered > 0));
    }
}
