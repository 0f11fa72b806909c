#include <pelton/runtime/kernel/blocking_pool.hpp>

#include <doctest/doctest.h>

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <deque>
#include <functional>
#include <latch>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

using namespace pelton;

namespace {

class job final : public blocking_job {
public:
    explicit job(std::function<void()> what) : what_(std::move(what)) {}
    void run() noexcept override { what_(); }
    void finished() noexcept override { done_ = true; }
    bool done() const noexcept { return done_; }

private:
    std::function<void()> what_;
    std::atomic<bool> done_{false};
};

}  // namespace

TEST_CASE("a pool's one thread runs jobs in the order of submission") {
    std::vector<int> order;
    std::deque<job> jobs;
    {
        blocking_pool pool(1);
        for (int i = 0; i < 100; ++i) {
            jobs.emplace_back([&order, i] { order.push_back(i); });
            CHECK(pool.submit(jobs.back()));
        }
    }
    REQUIRE(order.size() == 100);
    for (int i = 0; i < 100; ++i) {
        CHECK(order[static_cast<std::size_t>(i)] == i);
    }
}

TEST_CASE("the end of a pool waits for every job, and each is finished once") {
    std::atomic<int> ran{0};
    std::deque<job> jobs;
    {
        blocking_pool pool(3);
        for (int i = 0; i < 1'000; ++i) {
            jobs.emplace_back([&ran] { ++ran; });
            CHECK(pool.submit(jobs.back()));
        }
    }
    CHECK(ran == 1'000);
    for (const auto& each : jobs) {
        CHECK(each.done());
    }
}

TEST_CASE("a pool runs as many jobs at once as it may have threads, and not more") {
    constexpr unsigned threads_max = 4;
    std::latch all_run(threads_max);
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    std::mutex guard;
    std::set<std::thread::id> threads;
    std::deque<job> jobs;
    {
        blocking_pool pool(threads_max);
        for (unsigned i = 0; i < threads_max; ++i) {
            // Each waits for the others: with fewer threads this would never end.
            jobs.emplace_back([&] { all_run.arrive_and_wait(); });
            CHECK(pool.submit(jobs.back()));
        }
        for (int i = 0; i < 200; ++i) {
            jobs.emplace_back([&] {
                const int now = ++running;
                int before = most;
                while (now > before && !most.compare_exchange_weak(before, now)) {
                }
                const std::lock_guard lock(guard);
                threads.insert(std::this_thread::get_id());
                --running;
            });
            CHECK(pool.submit(jobs.back()));
        }
    }
    CHECK(most <= static_cast<int>(threads_max));
    CHECK(threads.size() <= threads_max);
}

TEST_CASE(
    "a pool starts no thread before it has a job, and no second one while the first is idle") {
    std::mutex guard;
    std::set<std::thread::id> threads;
    blocking_pool pool(4);
    for (int i = 0; i < 50; ++i) {
        std::latch ended(1);
        job one([&] {
            const std::lock_guard lock(guard);
            threads.insert(std::this_thread::get_id());
            ended.count_down();
        });
        CHECK(pool.submit(one));
        ended.wait();
        while (!one.done()) {
            std::this_thread::yield();
        }
    }
    CHECK(threads.size() <= 4);
    CHECK(!threads.contains(std::this_thread::get_id()));
}

TEST_CASE("a pool of no threads has one") {
    blocking_pool pool(0);
    std::latch ended(1);
    job one([&] { ended.count_down(); });
    CHECK(pool.submit(one));
    ended.wait();
    while (!one.done()) {
        std::this_thread::yield();
    }
}

TEST_CASE("signals are blocked on a pool's threads, and as they were on ours") {
    sigset_t before;
    sigset_t after;
    REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &before) == 0);
    bool blocked = true;
    job one([&blocked] {
        sigset_t here;
        blocked = pthread_sigmask(SIG_SETMASK, nullptr, &here) == 0;
        for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM, SIGPIPE}) {
            blocked = blocked && sigismember(&here, each) == 1;
        }
    });
    {
        blocking_pool pool(1);
        CHECK(pool.submit(one));
    }
    CHECK(blocked);
    REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &after) == 0);
    for (const int each : {SIGINT, SIGTERM, SIGUSR1}) {
        CHECK(sigismember(&before, each) == sigismember(&after, each));
    }
}
