#include <pelton/bench/shards/ping_pong.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace pelton::bench {
namespace {

int make_eventfd() {
    const int made = eventfd(0, EFD_CLOEXEC);
    if (made < 0) throw_failed_call(errno, "eventfd");
    return made;
}

void put(int descriptor, std::uint64_t value) {
    check(write(descriptor, &value, sizeof(value)) == sizeof(value), "write to an eventfd failed");
}

std::uint64_t take(int descriptor) {
    std::uint64_t value = 0;
    check(read(descriptor, &value, sizeof(value)) == sizeof(value), "read of an eventfd failed");
    return value;
}

}  // namespace

condition_ping_pong::condition_ping_pong() : other_([this] { answer(); }) {}

condition_ping_pong::~condition_ping_pong() {
    {
        const std::lock_guard held(mutex_);
        turn_ = turn::end;
    }
    changed_.notify_all();
    other_.join();
}

void condition_ping_pong::run(std::uint64_t rounds) {
    for (; rounds > 0; --rounds) {
        std::unique_lock held(mutex_);
        turn_ = turn::other;
        changed_.notify_one();
        changed_.wait(held, [this] { return turn_ == turn::done; });
    }
}

void condition_ping_pong::answer() {
    std::unique_lock held(mutex_);
    for (;;) {
        changed_.wait(held, [this] { return turn_ == turn::other || turn_ == turn::end; });
        if (turn_ == turn::end) return;
        turn_ = turn::done;
        changed_.notify_one();
    }
}

eventfd_ping_pong::eventfd_ping_pong()
    : to_other_(make_eventfd()), back_(make_eventfd()), other_([this] { answer(); }) {}

eventfd_ping_pong::~eventfd_ping_pong() {
    put(to_other_, last_message);
    other_.join();
    close(to_other_);
    close(back_);
}

void eventfd_ping_pong::run(std::uint64_t rounds) {
    for (; rounds > 0; --rounds) {
        put(to_other_, message);
        take(back_);
    }
}

void eventfd_ping_pong::answer() {
    while (take(to_other_) == message) {
        put(back_, message);
    }
}

}  // namespace pelton::bench
