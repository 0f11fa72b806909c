// An operation that the ring or a thread carries out, as via says and as the kernel allows.
//
//   class unlink_request {
//   public:
//       using value_type = void;
//       static constexpr const char* name = "unlinkat";
//       static constexpr feature opcode = feature::unlinkat;   // or no_opcode
//       static constexpr via usual = via::thread;
//       std::error_code refusal() const noexcept;              // empty: go on
//       void prepare(io_uring_sqe& sqe) noexcept;              // the ring's way
//       result<void> decode(std::int32_t outcome) noexcept;
//       result<void> call(calls_face& calls) noexcept;         // a thread's
//       bool fits_in_sqe() const noexcept;                     // may be left out: always
//       void learn(const result<void>& outcome) noexcept;      // may be left out; on the shard
//   };
//
// Neither way costs a coroutine's frame. What a request points to must outlive the await. A
// thread's call, once begun, is not cancelled by a stop request: it reports what it did.
#pragma once

#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/op/via.hpp>
#include <pelton/runtime/shard/offload.hpp>

#include <cerrno>
#include <coroutine>
#include <cstdint>
#include <system_error>
#include <utility>

namespace pelton {

// What is in use while the operation runs: none, one or two.
struct targets_in_use {
    target* first = nullptr;
    target* second = nullptr;

    void enter() const noexcept {
        if (first != nullptr) {
            first->enter();
        }
        if (second != nullptr) {
            second->enter();
        }
    }
    void leave() const noexcept {
        if (first != nullptr) {
            first->leave();
        }
        if (second != nullptr) {
            second->leave();
        }
    }
};

template <class Request>
class call_operation final
    : public operation<call_operation<Request>, typename Request::value_type> {
    using base = operation<call_operation<Request>, typename Request::value_type>;
    enum class way : std::uint8_t { ring, thread };

public:
    template <class... Arguments>
    call_operation(shard& here, targets_in_use on, via chosen, Arguments&&... arguments) noexcept
        : base(here),
          on_(on),
          request_(std::forward<Arguments>(arguments)...),
          way_(choose(here, request_, chosen)),
          thread_(here, by_thread(request_, here.calls())) {}

    bool await_ready() noexcept {
        refusal_ = request_.refusal();
        return static_cast<bool>(refusal_);
    }

    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        on_.enter();
        if (waiter.promise().on_strand()->stop_requested) {
            way_ = way::ring;  // whose loop ends it with ECANCELED, and asks for no SQE
        }
        if (way_ == way::ring) {
            base::await_suspend(waiter);
        } else {
            thread_.await_suspend(waiter);
        }
    }

    result<typename Request::value_type> await_resume() {
        if (refusal_) {
            return std::unexpected(refusal_);
        }
        on_.leave();
        auto outcome = way_ == way::ring ? base::await_resume() : thread_.await_resume();
        if constexpr (requires { request_.learn(outcome); }) {
            request_.learn(outcome);
        }
        return outcome;
    }

    bool prepare(io_uring_sqe& sqe, ring&) noexcept override {
        if constexpr (Request::opcode != no_opcode) {
            request_.prepare(sqe);
        }
        return true;
    }
    result<typename Request::value_type> decode(std::int32_t outcome) noexcept {
        if constexpr (Request::opcode != no_opcode) {
            return request_.decode(outcome);
        } else {
            return failure(ENOSYS);
        }
    }

private:
    class by_thread {
    public:
        by_thread(Request& what, calls_face& calls) noexcept : what_(what), calls_(calls) {}
        result<typename Request::value_type> operator()() noexcept { return what_.call(calls_); }

    private:
        Request& what_;
        calls_face& calls_;
    };

    static way choose(shard& here, const Request& what, via chosen) noexcept {
        if constexpr (Request::opcode == no_opcode) {
            return way::thread;
        } else {
            const auto wanted = chosen == via::usual ? Request::usual : chosen;
            if (wanted != via::ring || !here.queues().has(Request::opcode)) {
                return way::thread;
            }
            if constexpr (requires { what.fits_in_sqe(); }) {
                return what.fits_in_sqe() ? way::ring : way::thread;
            }
            return way::ring;
        }
    }

    const char* name() const noexcept override { return Request::name; }

    targets_in_use on_;
    Request request_;
    way way_;
    std::error_code refusal_;
    offload_awaiter<by_thread> thread_;
};

}  // namespace pelton
