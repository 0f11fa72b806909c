// The rivals of a call to another shard: a thread that answers, by a condition variable or by two
// eventfds. Both threads sleep between two messages.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace pelton::bench {

class condition_ping_pong {
public:
    condition_ping_pong();
    condition_ping_pong(const condition_ping_pong&) = delete;
    condition_ping_pong& operator=(const condition_ping_pong&) = delete;
    ~condition_ping_pong();

    // So many round trips. Thread: the one that made it.
    void run(std::uint64_t rounds);

private:
    enum class turn : std::uint8_t { nobody, other, done, end };
    void answer();

    std::mutex mutex_;
    std::condition_variable changed_;
    turn turn_ = turn::nobody;
    std::thread other_;
};

class eventfd_ping_pong {
public:
    // Throws std::system_error.
    eventfd_ping_pong();
    eventfd_ping_pong(const eventfd_ping_pong&) = delete;
    eventfd_ping_pong& operator=(const eventfd_ping_pong&) = delete;
    ~eventfd_ping_pong();

    void run(std::uint64_t rounds);

private:
    static constexpr std::uint64_t message = 1;
    static constexpr std::uint64_t last_message = 2;
    void answer();

    int to_other_;
    int back_;
    std::thread other_;
};

}  // namespace pelton::bench
