// A scheduler without a kernel: it runs what is ready, in order, when the test says so. And gates,
// which stand for operations: a test opens them by hand.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/flow.hpp>
#include <pelton/runtime/task/task.hpp>
#include <pelton/runtime/task/trampoline.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <exception>
#include <ostream>  // doctest prints error codes
#include <utility>

namespace pelton::test {

class hand_scheduler final : public scheduler {
public:
    hand_scheduler() : group_(outside_) { outside_.home = this; }

    // Starts `body()`, which returns a task<>, as a flow. `body` must outlive the run.
    template <class Body>
    void start(Body& body) {
        group_.start(root(body, thrown_), "root");
    }
    void run_ready() {
        while (first_ != nullptr) {
            auto& next = *first_;
            first_ = next.next;
            trampoline::resume(next.handle);
        }
    }

    // Runs `body` to its end and rethrows what left it.
    template <class Body>
    void run(Body&& body) {
        start(body);
        run_ready();
        REQUIRE(all_ended());
        if (auto thrown = std::exchange(thrown_, nullptr)) {
            std::rethrow_exception(thrown);
        }
    }

    void request_stop() noexcept { group_.request_stop(); }
    bool all_ended() const noexcept { return group_.running() == 0 && strands_ == 0; }
    int strands() const noexcept { return strands_; }

    void make_ready(resumable& who) noexcept override {
        who.next = nullptr;
        (first_ == nullptr ? first_ : last_->next) = &who;
        last_ = &who;
    }
    void strand_started(strand&) noexcept override { ++strands_; }
    void strand_ended(strand&) noexcept override { --strands_; }

private:
    template <class Body>
    static flow root(Body& body, std::exception_ptr& thrown) {
        try {
            co_await body();
        } catch (...) {
            thrown = std::current_exception();
        }
    }

    resumable* first_ = nullptr;
    resumable* last_ = nullptr;
    int strands_ = 0;
    strand outside_;
    std::exception_ptr thrown_;
    flow_group group_;
};

// co_await gate.pass() waits until open() or a stop request. One flow may wait at a time.
class gate {
public:
    class awaiter final : public leaf {
    public:
        explicit awaiter(gate& at) noexcept : at_(at) {}
        awaiter(const awaiter&) = delete;
        awaiter& operator=(const awaiter&) = delete;
        ~awaiter() = default;

        bool await_ready() const noexcept { return false; }
        template <stranded Promise>
        void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
            waiter_.handle = waiter;
            flow_ = waiter.promise().on_strand();
            ++at_.arrivals_;
            if (flow_->stop_requested) {
                settle(ECANCELED);
                return;
            }
            flow_->waiting_in = this;
            at_.waiting_ = this;
        }
        result<void> await_resume() const noexcept {
            if (error_ != 0) {
                return failure(error_);
            }
            return {};
        }

        void settle(int error) noexcept {
            error_ = error;
            at_.waiting_ = nullptr;
            flow_->waiting_in = nullptr;
            flow_->home->make_ready(waiter_);
        }
        void request_stop() noexcept override {
            ++at_.stops_;
            if (!at_.keeps_closed_) {
                settle(ECANCELED);
            }
        }
        std::size_t describe(char*, std::size_t) const noexcept override { return 0; }

    private:
        gate& at_;
        resumable waiter_;
        strand* flow_ = nullptr;
        int error_ = 0;
    };

    awaiter pass() noexcept { return awaiter(*this); }
    void open(int error = 0) noexcept { waiting_->settle(error); }
    // As an operation that the kernel cannot cancel: stop requests are counted, no more.
    void keep_closed() noexcept { keeps_closed_ = true; }

    bool someone_waits() const noexcept { return waiting_ != nullptr; }
    int arrivals() const noexcept { return arrivals_; }
    int stops() const noexcept { return stops_; }

private:
    awaiter* waiting_ = nullptr;
    bool keeps_closed_ = false;
    int arrivals_ = 0;
    int stops_ = 0;
};

}  // namespace pelton::test
