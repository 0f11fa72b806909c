// The shards of one run(): their threads, the lanes between them, what they share, and how they
// begin and end together.
//
// Invariants
//   (1) No task runs before every shard is there; when one cannot be made, none runs.
//   (2) The end has an order: the main task ends; every shard refuses posts and asks its guests to
//       stop; when all posted tasks have ended, no task is left anywhere; the shards leave their
//       loops, then what is in the kernel ends, and only when all of that is done, they are
//       destroyed, the highest number first and shard 0 last, then the registrar. So nobody rings a
//       ring that is gone, and every lease is home before its pool ends.
//
// Thread: shard 0's, except where it says otherwise.
#pragma once

#include <pelton/buffers/arena.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/ring/registrar.hpp>
#include <pelton/runtime/shard/lane.hpp>
#include <pelton/runtime/shard/meeting.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/shard/stall_watch.hpp>
#include <pelton/runtime/shard/standstill.hpp>

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace pelton {

struct team_options {
    unsigned shards = 1;
    bool pin_to_cores = false;
    std::uint64_t stall_ns = 0;  // 0: nobody watches
};

class team {
public:
    static constexpr unsigned shards_max = 128;

    team(const shard_options& each, const team_options& all);
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team();

    // Makes the shards, the calling thread becomes the first of them, runs `main` there and ends
    // all. Throws what the first shard that could not be made threw, its number in the text.
    int run(const std::function<int(shard&)>& main);

    // Any of its threads, while tasks run.
    unsigned size() const noexcept { return all_.shards; }
    shard& member(unsigned number) noexcept { return *members_[number]->here; }
    lane& between(unsigned from, unsigned to) noexcept { return *lanes_[from * size() + to]; }

    // Around the sleep of a shard that only a message could wake: ends the process with a sentence
    // when all of them sleep so and none will ever come. Its thread.
    void shard_rests(unsigned number);
    void shard_wakes(unsigned number) noexcept { standstill_.wakes(number); }

private:
    // A message that says one thing once.
    struct errand final : message {
        void deliver() noexcept override { done = true; }
        bool done = false;
    };
    struct retired final : message {
        explicit retired(team& of) noexcept : all(of) {}
        void deliver() noexcept override {
            ++all.retired_;
            all.all_retired_ = all.retired_ == all.size() - 1;
        }
        team& all;
    };
    struct member_state {
        member_state(team& of, unsigned which) noexcept : all(of), number(which), said(of) {}

        team& all;
        unsigned number;
        shard* here = nullptr;          // while it lives
        std::unique_ptr<arena> pages;   // until the shard has them
        area whole{};                   // where they are
        std::optional<unsigned> index;  // under which the shard's ring knows them
        std::error_code refusal;
        std::exception_ptr failed;
        errand retire;
        errand leave;
        retired said;
        bool may_end = false;  // under the team's mutex
        std::unique_ptr<running_thread> thread;
    };

    void start_threads();
    void work(member_state& me) noexcept;
    void serve(member_state& me, const std::function<int(shard&)>* main);
    bool join(member_state& me, shard& here) noexcept;
    finding prepare(member_state& me, shard& here) noexcept;
    bool share_pages(member_state& me, shard& here) noexcept;
    finding agree_on_pages(member_state& me, shard& here, bool clones, std::size_t& bytes) noexcept;
    finding register_own(member_state& me, shard& here, bool clones, std::size_t bytes) noexcept;
    void forget_own(member_state& me, shard& here, bool clones) noexcept;
    finding learn_others(member_state& me, shard& here, bool clones) noexcept;
    finding keep_pages(member_state& me, shard& here, finding worst, std::size_t bytes) noexcept;
    void pin(member_state& me, shard& here) noexcept;
    void lead(member_state& me, shard& here, const std::function<int(shard&)>& main);
    void follow(member_state& me, shard& here);
    void leave_loop(shard& here) noexcept;
    void wait_for_turn(member_state& me) noexcept;
    void end_members() noexcept;
    void rethrow_failure();
    bool nothing_comes();
    void refuse_standstill();

    // Constant while tasks run
    shard_options each_;
    team_options all_;
    std::vector<unsigned> cores_;
    std::optional<registrar> registrar_;
    std::vector<std::unique_ptr<member_state>> members_;
    std::vector<std::unique_ptr<lane>> lanes_;
    std::unique_ptr<stall_watch> watch_;

    // Shard 0's thread
    int code_ = 1;
    unsigned retired_ = 0;
    bool all_retired_ = false;

    // All threads
    meeting meeting_;
    standstill standstill_;
    std::mutex mutex_;
    std::condition_variable turn_came_;
};

}  // namespace pelton
