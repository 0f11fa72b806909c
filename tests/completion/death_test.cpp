// What ends the process, and with what sentence: each of these would let the kernel write into
// memory that has a new owner.
#include "completion/bench_loop.hpp"
#include "fixture.hpp"

#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <optional>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr const char* destroyed = "an operation was destroyed while the kernel may still use its";

template <class Code>
void check_dies(Code code, std::string_view words) {
    const auto end = ending_of(code);
    CHECK(end.signal == SIGABRT);
    INFO(end.text);
    CHECK(says(end.text, words));
}

}  // namespace

TEST_CASE("a record destroyed while the kernel has it ends the process") {
    check_dies(
        [] {
            auto* bench = new bench_loop;
            auto doomed = std::make_unique<watched>();
            bench->start(*doomed);
            bench->turn();
            doomed.reset();
        },
        destroyed);
}

TEST_CASE("a record destroyed in the SQ, before any enter, ends the process") {
    check_dies(
        [] {
            auto* bench = new bench_loop;
            auto doomed = std::make_unique<watched>();
            bench->start(*doomed);
            doomed.reset();
        },
        destroyed);
}

TEST_CASE("a record destroyed while it queues for room ends the process") {
    check_dies(
        [] {
            auto* bench = new bench_loop;
            auto* first = new watched[2];
            bench->start(first[0]);
            bench->start(first[1]);
            auto doomed = std::make_unique<watched>();
            bench->start(*doomed);
            if (doomed->queued()) {
                doomed.reset();
            }
        },
        destroyed);
}

TEST_CASE(
    "a record whose own CQE came but not that of its cancel ends the process when destroyed") {
    check_dies(
        [] {
            auto* bench = new bench_loop;
            auto doomed = std::make_unique<watched>();
            bench->start(*doomed);
            bench->turn();
            bench->completions.cancel(*doomed);
            bench->turn();
            bench->kernel.post(bench->kernel.seen()[0].user_data, 0);
            bench->turn();
            doomed.reset();
        },
        destroyed);
}

TEST_CASE("a loop destroyed with operations in flight ends the process") {
    check_dies(
        [] {
            auto* one = new watched;
            bench_loop bench;
            bench.start(*one);
            bench.turn();
        },
        "a loop was destroyed with operations in flight");
}

TEST_CASE("a loop destroyed while operations queue for room ends the process") {
    check_dies(
        [] {
            auto* ones = new watched[3];
            bench_loop bench;
            for (int i = 0; i < 3; ++i) {
                bench.start(ones[i]);
            }
            bench.turn();
            for (const auto& each : bench.kernel.seen()) {
                bench.kernel.post(each.user_data, 0);
            }
            bench.kernel.take_at_most(0);
            bench.turn();
            // Two are done, the third is admitted to the SQ at best.
        },
        "a loop was destroyed");
}

TEST_CASE("a task destroyed while it waits in an operation ends the process") {
    check_dies(
        [] {
            const pipe_ends silent;
            run(tiny(), [&](shard& here) -> task<> {
                struct frames {
                    static task<> wait(shard& at, int reader) {
                        static_cast<void>(co_await pipe_read(at, reader));
                    }
                };
                // A promise of our own destroys the frame that waits inside it.
                struct driver {
                    struct promise_type : promise_base {
                        driver get_return_object() {
                            return {std::coroutine_handle<promise_type>::from_promise(*this)};
                        }
                        void return_void() {}
                        void unhandled_exception() {}
                    };
                    std::coroutine_handle<promise_type> frame;
                };
                auto drive = [](task<> inner) -> driver { co_await std::move(inner); };
                auto driven = drive(frames::wait(here, silent.reader()));
                driven.frame.promise().set_strand(&co_await current_strand());
                driven.frame.resume();
                std::exchange(trampoline::parked, {}).resume();
                driven.frame.destroy();
            });
        },
        destroyed);
}

TEST_CASE("a forked child that enters the ring ends with a sentence") {
    ring queues(linux_ring(), entries(2));
    const auto end = ending_of([&] { static_cast<void>(queues.enter(0, std::nullopt)); });
    CHECK(end.signal == SIGABRT);
    CHECK(says(end.text, "a ring was used in a forked child; make a new one there, or exec"));
}

TEST_CASE("a forked child that goes on with a task ends with a sentence") {
    on_shard([](shard& here) -> task<> {
        CHECK(co_await nop(here));
        std::optional<ending> end;
        std::array<int, 2> errors{};
        require_call(::pipe(errors.data()) == 0, "pipe");
        const auto child = ::fork();
        require_call(child >= 0, "fork");
        if (child == 0) {
            for (const int each : {SIGABRT, SIGSEGV, SIGBUS}) {
                static_cast<void>(std::signal(each, SIG_DFL));
            }
            ::dup2(errors[1], STDERR_FILENO);
            // More than the SQ holds: the child looks at the queues, too.
            auto one = [&]() -> task<> { static_cast<void>(co_await nop(here)); };
            co_await when_all(one(), one(), one(), one());
            ::_exit(0);
        }
        ::close(errors[1]);
        const auto text = read_all(errors[0]);
        ::close(errors[0]);
        int status = 0;
        require_call(::waitpid(child, &status, 0) == child, "waitpid");
        CHECK(WIFSIGNALED(status));
        CHECK(says(text, "a ring was used in a forked child"));
        CHECK(co_await nop(here));  // the parent's ring is unharmed
    });
}

TEST_CASE("a forked child may make a ring of its own") {
    ring queues(linux_ring(), entries(2));
    const auto end = ending_of([] {
        const int code =
            run(tiny(), [](shard& here) -> task<int> { co_return co_await nop(here) ? 7 : 8; });
        ::_exit(code);
    });
    CHECK(end.text == "exit status 7");
}
