#include "fixture.hpp"
#include "forwarding_calls.hpp"

#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

// Calls of a system that cannot start threads, or has no descriptor for a doorbell.
class poor_calls final : public forwarding_calls {
public:
    enum class lacks : std::uint8_t { threads, memory_for_threads, descriptors };
    explicit poor_calls(lacks what) noexcept : lacks_(what) {}

    blocking_threads* make_blocking_threads(unsigned threads_max) override {
        struct none final : blocking_threads {
            result<void> submit(blocking_job&) noexcept override { return failure(EAGAIN); }
        };
        if (lacks_ == lacks::memory_for_threads) {
            throw std::system_error(EAGAIN, std::system_category(), "no thread");
        }
        return lacks_ == lacks::threads ? new none
                                        : forwarding_calls::make_blocking_threads(threads_max);
    }
    result<int> eventfd() noexcept override {
        return lacks_ == lacks::descriptors ? failure(EMFILE) : forwarding_calls::eventfd();
    }

private:
    lacks lacks_;
};

}  // namespace

TEST_CASE("what an offloaded call returns comes back, whatever it is") {
    on_shard([](shard& here) -> task<> {
        auto number = [] { return 42; };
        CHECK(co_await offload(here, number) == 42);
        auto owner = [] { return std::make_unique<std::string>("moved"); };
        CHECK(*co_await offload(here, owner) == "moved");
        auto error = []() -> result<int> { return failure(ENOENT); };
        CHECK((co_await offload(here, error)).error() == std::errc::no_such_file_or_directory);
        int seen = 0;
        auto nothing = [&seen] { seen = 7; };
        co_await offload(here, nothing);
        CHECK(seen == 7);
        CHECK(co_await offload(here, [] { return 5; }) == 5);
        CHECK(here.counters().offloads == 5);
    });
}

TEST_CASE("what an offloaded call throws is thrown where it is awaited") {
    on_shard([](shard& here) -> task<> {
        std::string caught;
        auto fail = []() -> int { throw std::runtime_error("on a thread"); };
        try {
            co_await offload(here, fail);
        } catch (const std::runtime_error& error) {
            caught = error.what();
        }
        CHECK(caught == "on a thread");
    });
}

TEST_CASE("an offloaded call runs on another thread, and its task goes on on its own") {
    on_shard([](shard& here) -> task<> {
        const auto mine = std::this_thread::get_id();
        auto who = [] { return std::this_thread::get_id(); };
        CHECK(co_await offload(here, who) != mine);
        CHECK(std::this_thread::get_id() == mine);
    });
}

TEST_CASE("1,000 jobs run on at most four threads, each once") {
    on_shard([](shard& here) -> task<> {
        std::mutex guard;
        std::set<std::thread::id> threads;
        std::atomic<int> running{0};
        std::atomic<int> running_most{0};
        std::atomic<int> ran{0};
        auto job = [&] {
            const int now = ++running;
            int most = running_most;
            while (now > most && !running_most.compare_exchange_weak(most, now)) {
            }
            {
                const std::lock_guard lock(guard);
                threads.insert(std::this_thread::get_id());
            }
            ++ran;
            --running;
        };
        auto one = [&]() -> task<> { co_await offload(here, job); };
        std::vector<task<>> many;
        for (int i = 0; i < 1'000; ++i) {
            many.push_back(one());
        }
        static_cast<void>(co_await when_all(std::move(many)));
        CHECK(ran == 1'000);
        CHECK(threads.size() <= 4);
        CHECK(running_most <= 4);
        CHECK(!threads.contains(std::this_thread::get_id()));
    });
}

TEST_CASE("where no thread can be started the call is made here and now") {
    for (const auto lack : {poor_calls::lacks::threads, poor_calls::lacks::memory_for_threads,
                            poor_calls::lacks::descriptors}) {
        poor_calls calls(lack);
        std::vector<std::string> reported;
        auto with = tiny();
        with.calls = &calls;
        with.error = [&](std::error_code, std::string_view what) { reported.emplace_back(what); };
        on_shard(with, [](shard& here) -> task<> {
            const auto mine = std::this_thread::get_id();
            auto who = [] { return std::this_thread::get_id(); };
            for (int i = 0; i < 10; ++i) {
                CHECK(co_await offload(here, who) == mine);
            }
            auto fail = []() -> int { throw std::runtime_error("here"); };
            CHECK_THROWS_AS(co_await offload(here, fail), std::runtime_error);
        });
        CHECK(reported.empty() == (lack == poor_calls::lacks::threads));
    }
}

TEST_CASE("a stop request does not take an offloaded call from its task: the value still comes") {
    on_shard([](shard& here) -> task<> {
        std::atomic<bool> go{false};
        int got = 0;
        auto wait = [&go] {
            go.wait(false);
            return 3;
        };
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> { got = co_await offload(here, wait); });
            static_cast<void>(co_await yield());
            kids.request_stop();
            go = true;
            go.notify_all();
        };
        co_await scope(family);
        CHECK(got == 3);
    });
}

TEST_CASE("a process that waits for a thread is not taken for one that waits for nothing") {
    on_shard([](shard& here) -> task<> {
        std::atomic<bool> go{false};
        // The shard sleeps before the call can end: it is woken by another call that ends later.
        auto first = [&go] { go.wait(false); };
        auto second = [&go] {
            go = true;
            go.notify_all();
        };
        auto wait = [&]() -> task<> { co_await offload(here, first); };
        auto wake = [&]() -> task<> { co_await offload(here, second); };
        co_await when_all(wait(), wake());
        CHECK(go);
    });
}
