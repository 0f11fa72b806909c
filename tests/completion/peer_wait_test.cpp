// Operations whose end a peer decides take no place in the CQ: they keep nobody waiting, and when
// more of them end at once than the CQ holds, none is lost.
#include "fixture.hpp"

#include <doctest/doctest.h>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr int peers = 100;  // on a CQ of 8 entries

// READ of a byte, as a receive from a peer.
class peer_read final : public operation<peer_read, std::size_t> {
    using base = operation<peer_read, std::size_t>;

public:
    peer_read(shard& here, int reader) noexcept : operation(here), reader_(reader) {}

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        here().completions().peer_wait_begins();
        base::await_suspend(waiter);
    }
    result<std::size_t> await_resume() noexcept {
        here().completions().peer_wait_ended();
        return base::await_resume();
    }
    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        io_uring_prep_rw(abi::op_read, &sqe, reader_, &byte_, 1, 0);
        return true;
    }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }

private:
    const char* name() const noexcept override { return "READ from a peer"; }

    int reader_;
    char byte_ = 0;
};

// How `peers` reads of one pipe ended.
struct outcomes {
    int ended = 0;
    int cancelled = 0;

    task<> read(shard& here, int reader) {
        const auto got = co_await peer_read(here, reader);
        ++(got ? ended : cancelled);
    }
};

}  // namespace

TEST_CASE("waits for peers do not keep other operations waiting") {
    on_shard([](shard& here) -> task<> {
        const pipe_ends silent;
        outcomes reads;
        auto family = [&](children& kids) -> task<> {
            for (int i = 0; i < peers; ++i) {
                kids.spawn([&] { return reads.read(here, silent.reader()); });
            }
            for (int i = 0; i < 20; ++i) {
                CHECK(co_await nop(here));
            }
            CHECK(here.completions().in_flight() == peers);
            kids.request_stop();
        };
        co_await scope(family);
        CHECK(reads.cancelled == peers);
        CHECK(here.completions().in_flight() == 0);
    });
}

TEST_CASE("more waits for peers than the CQ holds may end at once, and none is lost") {
    on_shard([](shard& here) -> task<> {
        for (int round = 0; round < 5; ++round) {
            pipe_ends pipe;
            outcomes reads;
            auto family = [&](children& kids) -> task<> {
                for (int i = 0; i < peers; ++i) {
                    kids.spawn([&] { return reads.read(here, pipe.reader()); });
                }
                while (here.completions().in_flight() < peers) {
                    CHECK(co_await nop(here));
                }
                pipe.close_writer();
            };
            co_await scope(family);
            CHECK(reads.ended == peers);
            CHECK(here.completions().in_flight() == 0);
        }
        // Afterwards the room is what it was: 50 reads that are no peers' find it.
        const pipe_ends silent;
        auto read = [&]() -> task<> { CHECK(!co_await pipe_read(here, silent.reader())); };
        auto family = [&](children& kids) -> task<> {
            for (int i = 0; i < 50; ++i) {
                kids.spawn(read);
            }
            for (int i = 0; i < 1'000; ++i) {
                static_cast<void>(co_await yield());
            }
            CHECK(here.completions().in_flight() == 6);  // 8 less the doorbell's and a cancel's
            kids.request_stop();
        };
        co_await scope(family);
    });
}
