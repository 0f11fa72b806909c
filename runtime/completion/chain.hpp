// Linked operations that one coroutine waits for together: each is begun by the kernel when the one
// before it has ended.
//
// The members are started on the chain's strand between loop::gather() and loop::start_gathered(),
// and are only noted; then they are submitted whole, or queue whole. A stop request is aimed at the
// first member that has not ended, since a member that the kernel has not begun is not found there
// (-ENOENT) and stays armed; when that one has ended it is aimed at the next.
#pragma once

#include <pelton/runtime/completion/record.hpp>
#include <pelton/runtime/task/scheduler.hpp>
#include <pelton/runtime/task/strand.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pelton {

class loop;

enum class links : std::uint8_t {
    soft,  // a member that fails, or is short, cancels those behind it
    hard,  // the next one begins however the one before it ended
};

class chain final : public leaf, private strand {
public:
    // `members` in order; they and the chain must outlive the wait.
    chain(links kind, std::span<record* const> members) noexcept : members_(members), kind_(kind) {}
    chain(const chain&) = delete;
    chain& operator=(const chain&) = delete;
    ~chain() = default;

    void request_stop() noexcept override;
    std::size_t describe(char* into, std::size_t room) const noexcept override;

    // What its members are started on.
    strand& flow() noexcept { return *this; }

private:
    friend class loop;

    std::span<record* const> members_;
    links kind_;
    std::size_t left_ = 0;  // members that have not ended
    loop* owner_ = nullptr;
    strand* outer_ = nullptr;
    resumable waiter_;
};

}  // namespace pelton
