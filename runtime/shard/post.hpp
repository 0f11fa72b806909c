// post(where, fn): work for a shard, from any thread.
//
//   auto where = here.address();                                  // on the shard
//   std::thread([where] { pelton::post(where, [](pelton::shard& there) { ... }); });
//
// post() fires and forgets; post_and_wait() blocks for what fn yields.
#pragma once

#include <pelton/runtime/shard/gate.hpp>
#include <pelton/runtime/shard/invocation.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/frame_pool.hpp>

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace pelton {

namespace detail {

// Posted work by what calling it returns, a task or another value: the flow need not know the
// callable.
template <class R>
class posted_work;

template <class R>
flow run_posted(std::unique_ptr<posted_work<R>> self, shard& there);

template <class R>
class posted_work : public posted {
public:
    virtual ~posted_work() = default;

    // Goes back to the thread that posted, so that who posts again and again costs no malloc.
    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* work, std::size_t bytes) noexcept {
        frame_pool::release(work, bytes);
    }
    // For callables that want more than a frame's alignment.
    static void* operator new(std::size_t bytes, std::align_val_t alignment) {
        return ::operator new(bytes, alignment);
    }
    static void operator delete(void* work, std::size_t, std::align_val_t alignment) noexcept {
        ::operator delete(work, alignment);
    }

private:
    friend flow run_posted<R>(std::unique_ptr<posted_work<R>> self, shard& there);
    virtual R invoke(shard& there) = 0;
    flow body(shard& there) final {
        return run_posted<R>(std::unique_ptr<posted_work<R>>(this), there);
    }
};

template <class R>
flow run_posted(std::unique_ptr<posted_work<R>> self, shard& there) {
    auto& way = self->through();
    try {
        if constexpr (!is_task<R>) {
            static_cast<void>(self->invoke(there));
        } else if constexpr (is_result<typename value_of_task<R>::type>) {
            if (auto ended = co_await self->invoke(there); !ended) {
                there.report(ended.error(), "a posted task failed");
            }
        } else {
            co_await self->invoke(there);
        }
    } catch (...) {
        there.report_thrown(std::current_exception(), "a posted task threw");
    }
    self.reset();  // on this thread, and before the shard may end
    way.ended();
    co_return;
}

template <class F>
class posted_call final : public posted_work<invoked<F>> {
public:
    explicit posted_call(F call) : call_(std::move(call)) {}

private:
    invoked<F> invoke(shard& there) override { return invoke_on(call_, there); }

    F call_;
};

template <class R>
class awaited_work;

template <class R>
flow run_awaited(awaited_work<R>& self, shard& there);

// Lives on the stack of the thread that waits for it.
template <class R>
class awaited_work : public posted {
public:
    using value_type = typename value_of_task<std::remove_cvref_t<R>>::type;

    void wait() {
        std::unique_lock lock(mutex_);
        while (!done_) {
            changed_.wait(lock);
        }
    }
    value_type take() {
        if (thrown_) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
        if constexpr (!std::is_void_v<value_type>) {
            return std::move(*value_);
        }
    }

protected:
    ~awaited_work() = default;

private:
    friend flow run_awaited<R>(awaited_work<R>& self, shard& there);
    virtual R invoke(shard& there) = 0;
    flow body(shard& there) final { return run_awaited<R>(*this, there); }
    void finish() noexcept {
        const std::lock_guard lock(mutex_);  // also around the notification: then this is gone
        done_ = true;
        changed_.notify_one();
    }

    std::optional<unit_for_void<value_type>> value_;
    std::exception_ptr thrown_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
};

template <class R>
flow run_awaited(awaited_work<R>& self, shard& there) {
    auto& way = self.through();
    try {
        if constexpr (std::is_void_v<typename awaited_work<R>::value_type>) {
            if constexpr (is_task<R>) {
                co_await self.invoke(there);
            } else {
                self.invoke(there);
            }
        } else if constexpr (is_task<R>) {
            self.value_.emplace(co_await self.invoke(there));
        } else {
            self.value_.emplace(self.invoke(there));
        }
    } catch (...) {
        self.thrown_ = std::current_exception();
    }
    self.finish();
    way.ended();
    co_return;
}

template <class F>
class awaited_call final : public awaited_work<invoked<F>> {
public:
    explicit awaited_call(F& call) noexcept : call_(call) {}
    ~awaited_call() = default;

private:
    invoked<F> invoke(shard& there) override { return invoke_on(call_, there); }

    F& call_;
};

}  // namespace detail

// Has `fn(shard&)` or `fn()` run on the shard, soon; it may return a task, which then runs on a
// strand of its own until it ends. It is moved into pooled memory, and dies on the shard's
// thread. Its value is dropped; an error or exception goes to the shard's error hook.
//
// Never blocks. Callable from any thread, also after the shard has ended: ESHUTDOWN. EAGAIN when
// options.mailbox_places posts wait to be begun, ENOMEM. What has begun is not bounded: who posts
// work faster than it ends counts it. What was accepted runs, though the shard may have asked it to
// stop by then.
template <class F>
result<void> post(const shard_address& where, F fn) noexcept {
    try {
        auto call = std::make_unique<detail::posted_call<F>>(std::move(fn));
        auto admitted = where.to().admit(*call, false);
        if (admitted) {
            static_cast<void>(call.release());  // its body owns it
        }
        return admitted;
    } catch (const std::bad_alloc&) {
        return failure(ENOMEM);
    }
}
template <class F>
result<void> post(shard& where, F fn) {
    return post(where.address(), std::move(fn));
}

// The same, but waits, for a place and for what `fn` yields: a result as it is, any other value in
// one. Rethrows what it throws. ESHUTDOWN when the shard has ended; then `fn` did not run. Only for
// threads that run no shard: in a task, await on().
template <class F>
auto post_and_wait(const shard_address& where, F fn) -> detail::as_result<detail::yielded<F>> {
    check(shard::of_this_thread() == nullptr,
          "post_and_wait() would block a shard's thread; await on() there, or post()");
    detail::awaited_call<F> call(fn);
    if (auto admitted = where.to().admit(call, true); !admitted) {
        return std::unexpected(admitted.error());
    }
    call.wait();
    if constexpr (std::is_void_v<detail::yielded<F>>) {
        call.take();
        return {};
    } else {
        return call.take();
    }
}

}  // namespace pelton
