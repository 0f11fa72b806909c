// Stop requests to I/O that the kernel does not interrupt: it ends by itself, and whole.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/op/nop.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/outcome/deadline_passed.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstring>

using namespace pelton;
using namespace std::chrono_literals;

namespace {

// A READ of a pipe on a thread of the kernel's: while it runs, a cancel is answered EALREADY.
class punted_read final : public operation<punted_read, std::size_t> {
public:
    punted_read(shard& here, int reader) noexcept : operation(here), reader_(reader) {}
    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        io_uring_prep_rw(abi::op_read, &sqe, reader_, &byte_, 1, 0);
        sqe.flags = IOSQE_ASYNC;
        return true;
    }
    result<std::size_t> decode(std::int32_t outcome) const noexcept {
        return static_cast<std::size_t>(outcome);
    }

private:
    const char* name() const noexcept override { return "READ on a kernel thread"; }
    int reader_;
    char byte_ = 0;
};

}  // namespace

TEST_CASE("a stop request does not tear direct I/O: it ends with all of its bytes, or unbegun") {
    const test::scratch_directory where;
    const auto bytes = test::random_bytes(std::size_t{1} << 20, 1);
    const auto path = test::make_file(where / "file", bytes);
    test::on_shard(options{}, [&](shard& here) -> task<> {
        auto opened = co_await file::open(here, path, open_mode::read | open_mode::direct);
        if (!opened) {
            pelton_test::skip("the file system has no O_DIRECT");
            co_return;
        }
        auto pages = co_await here.pages().take(256);
        for (int round = 0; round < 50; ++round) {
            std::memset(pages->data(), 0, pages->size());
            auto read = [&]() -> task<> {
                const auto got = co_await opened->read_at(0, *pages);
                if (got) {
                    CHECK(*got == bytes.size());
                    CHECK(std::memcmp(pages->data(), bytes.data(), bytes.size()) == 0);
                } else {
                    CHECK(got.error() == std::errc::operation_canceled);
                }
            };
            auto body = [&](children& kids) -> task<> {
                kids.spawn(read);
                if (round % 2 == 0) {
                    co_await nop(here);  // it is in flight then
                }
                kids.request_stop();
            };
            co_await scope(body);
            // A deadline likewise: what came is yielded, however late.
            const auto late = co_await with_timeout(0ns, opened->read_at(0, *pages));
            if (late) {
                CHECK(*late == bytes.size());
            } else {
                CHECK(late.error() == deadline_passed());  // it was still waiting for a thread
            }
        }
        CHECK(here.completions().counters().cancels > 0);
        CHECK((co_await opened->read_at(0, *pages)).value() == bytes.size());
    });
}

TEST_CASE("an operation on a kernel thread is cancelled again and again until it has ended") {
    test::on_shard(options{}, [](shard& here) -> task<> {
        const auto ends = test::make_pipe();
        int ended = 0;
        for (int round = 0; round < 200; ++round) {
            const auto got = co_await with_timeout(std::chrono::microseconds(round % 50),
                                                   punted_read(here, ends.out.get()));
            ended += got.error() == deadline_passed() ? 1 : 0;
        }
        CHECK(ended == 200);
        CHECK(here.completions().in_flight() == 0);
    });
}

TEST_CASE("a shard may end while cancels are in flight") {
    const auto before = test::open_descriptors();
    const auto ends = test::make_pipe();
    for (int round = 0; round < 20; ++round) {
        shard here((shard_options()));
        auto& completions = here.completions();
        strand flow;
        flow.home = &here;
        punted_read one(here, ends.out.get());
        punted_read two(here, ends.out.get());
        completions.start(one, std::noop_coroutine(), flow);
        completions.start(two, std::noop_coroutine(), flow);
        if (round % 2 == 0) {
            completions.turn(false, std::nullopt);
        }
        completions.cancel(one);
        if (round % 4 < 2) {
            completions.turn(false, std::nullopt);
        }
        const auto clock = [](void* of) { return static_cast<shard*>(of)->calls().now_ns(); };
        CHECK(completions.drain(5'000'000'000, clock, &here));
        CHECK(one.outcome() < 0);
        CHECK(two.outcome() < 0);
    }
    CHECK(test::open_descriptors() == before + 2);
}
