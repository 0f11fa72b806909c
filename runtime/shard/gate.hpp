// Where threads that are no shards leave work for one. The gate outlives its shard, so that a post
// is taken or refused, whenever it comes.
//
// Invariants
//   (1) A post that is accepted runs: the shard closes the gate first and ends after all have
//   ended. (2) At most `places` posts are accepted and not yet begun.
//
// Thread: any, except where it says otherwise.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/mailbox.hpp>
#include <pelton/runtime/task/flow.hpp>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace pelton {

class gate;
class shard;

// Work for a shard.
class posted : public message {
protected:
    ~posted() = default;
    // On the shard's thread: what runs there, and calls gate::ended() as the last thing.
    virtual flow body(shard& there) = 0;
    gate& through() const noexcept { return *through_; }

private:
    friend class gate;
    void deliver() noexcept final;

    gate* through_ = nullptr;
};

class gate {
public:
    gate(shard& home, std::uint32_t places) noexcept : home_(home), places_(places) {}
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;

    // ESHUTDOWN once the shard ends; EAGAIN when all places are taken, unless `waits`: then it
    // blocks for one. `one` must live until its body has run.
    result<void> admit(posted& one, bool waits) noexcept;

    // Whether nothing was accepted that has not begun, and nobody waits for a place. Any thread.
    bool is_quiet() noexcept {
        const std::lock_guard lock(mutex_);
        return queued_ == 0 && waiting_ == 0;
    }

    // Shard's thread.
    void close() noexcept;
    void ended() noexcept;
    // Whether the gate is closed and everything that came through it has ended.
    const bool& all_ended() const noexcept { return all_ended_; }

private:
    friend class posted;
    void begin(posted& one) noexcept;

    // Constant after construction
    shard& home_;  // not there any more once closed_ and all_ended_

    // Shard's thread
    bool all_ended_ = false;

    // Any thread, under the mutex
    std::mutex mutex_;
    std::condition_variable changed_;
    bool closed_ = false;
    std::uint32_t places_;
    std::uint32_t queued_ = 0;  // accepted, not begun
    std::uint64_t open_ = 0;    // accepted, not ended
    unsigned waiting_ = 0;      // threads that block in admit()
};

// Names a shard for post(). Copies are cheap, may be held by any thread and may outlive the shard.
class shard_address {
public:
    explicit shard_address(std::shared_ptr<gate> to) noexcept : to_(std::move(to)) {}
    gate& to() const noexcept { return *to_; }

private:
    std::shared_ptr<gate> to_;
};

}  // namespace pelton
