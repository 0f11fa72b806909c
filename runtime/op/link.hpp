// co_await pelton::link(a, b, ...): operations that the kernel runs one after the other, without a
// turn of the loop between them.
//
//   const auto [written, synced] = co_await pelton::link(out.write_at(at, bytes), fsync(...));
#pragma once

#include <pelton/runtime/completion/chain.hpp>
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/op/close.hpp>
#include <pelton/runtime/op/operation.hpp>
#include <pelton/runtime/op/receive.hpp>
#include <pelton/runtime/op/socket_transfer.hpp>
#include <pelton/runtime/op/transfer.hpp>

#include <array>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pelton {

namespace detail {

// What is one SQE and lets itself be cancelled.
template <class Member>
inline constexpr bool linkable = std::is_base_of_v<record, Member>;
template <>
inline constexpr bool linkable<whole_transfer> = false;
template <>
inline constexpr bool linkable<whole_socket_transfer> = false;
template <>
inline constexpr bool linkable<close_operation> = false;
template <>
inline constexpr bool linkable<receive_operation> = false;

}  // namespace detail

template <class... Members>
class [[nodiscard]] link_awaiter {
public:
    using value_type = std::tuple<decltype(std::declval<Members&>().await_resume())...>;

    link_awaiter(links kind, Members&... members) noexcept
        : members_(members...), records_{&members...}, chain_(kind, records_) {}
    link_awaiter(const link_awaiter&) = delete;
    link_awaiter& operator=(const link_awaiter&) = delete;

    bool await_ready() noexcept { return look(std::index_sequence_for<Members...>()); }
    template <stranded Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        auto& promise = waiter.promise();
        auto& flow = *promise.on_strand();
        completions().gather(chain_, flow);
        promise.set_strand(&chain_.flow());
        std::apply([&](auto&... member) { (member.await_suspend(waiter), ...); }, members_);
        promise.set_strand(&flow);
        completions().start_gathered(chain_, waiter);
    }
    value_type await_resume() noexcept { return results(std::index_sequence_for<Members...>()); }

private:
    loop& completions() noexcept { return std::get<0>(members_).here().completions(); }

    template <class Member>
    static void be_linked(Member& one) noexcept {
        if constexpr (requires { one.be_linked(); }) {
            one.be_linked();
        }
    }
    template <std::size_t... I>
    bool look(std::index_sequence<I...>) noexcept {
        if (sizeof...(Members) > completions().chain_max()) {
            refusal_ = E2BIG;
            return true;
        }
        (be_linked(std::get<I>(members_)), ...);
        ((is_ready_[I] = std::get<I>(members_).await_ready()), ...);
        if ((is_ready_[I] || ...)) {
            refusal_ = ECANCELED;
            return true;
        }
        return false;
    }

    template <std::size_t I>
    std::tuple_element_t<I, value_type> result_of() noexcept {
        if (refusal_ != 0 && !is_ready_[I]) {
            return failure(refusal_);
        }
        return std::get<I>(members_).await_resume();
    }
    template <std::size_t... I>
    value_type results(std::index_sequence<I...>) noexcept {
        return value_type{result_of<I>()...};
    }

    std::tuple<Members&...> members_;
    std::array<record*, sizeof...(Members)> records_;
    std::array<bool, sizeof...(Members)> is_ready_{};
    int refusal_ = 0;  // why nothing was started
    chain chain_;
};

namespace detail {

template <class... Members>
[[nodiscard]] auto linked(links kind, Members&... members) noexcept {
    static_assert(
        (linkable<Members> && ...),
        "link takes single operations: no whole transfer or receive of a lease, which may "
        "be many, and no close, which must happen whatever became of the others");
    return link_awaiter<Members...>(kind, members...);
}

}  // namespace detail

// Yields a tuple of what each member yields. The kernel begins each when the one before it has
// succeeded in full; after one that failed, or read or wrote less than it was to, the others are
// ECANCELED. (To a receive or send fewer bytes are a success.) They are submitted together: they
// wait for room for all of them.
//
// E2BIG for every member, at once, when there are more than the ring's SQ, or its CQ, ever holds.
// When a member does not get to the kernel at all (it is refused for its alignment, has no bytes,
// or the kernel lacks it), none is begun: it yields what it would alone, the others ECANCELED.
//
// A stop request or a deadline ends the member that runs, if the kernel can cancel it, and none is
// begun after it. Await it in the expression that makes it: it refers to the members. Resumes from
// the loop once all have ended.
template <class... Members>
    requires(sizeof...(Members) > 0)
[[nodiscard]] auto link(Members&&... members) noexcept {
    return detail::linked(links::soft, members...);
}

// The same, but each member is begun however the one before it ended, unless the kernel could not
// even begin that one (IOSQE_IO_HARDLINK).
template <class... Members>
    requires(sizeof...(Members) > 0)
[[nodiscard]] auto link_hard(Members&&... members) noexcept {
    return detail::linked(links::hard, members...);
}

}  // namespace pelton
