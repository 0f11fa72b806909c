#include <pelton/runtime/shard/gate.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <cerrno>

namespace pelton {

void posted::deliver() noexcept {
    through_->begin(*this);
}

result<void> gate::admit(posted& one, bool waits) noexcept {
    std::unique_lock lock(mutex_);
    while (waits && !closed_ && queued_ == places_) {
        ++waiting_;
        changed_.wait(lock);
        --waiting_;
    }
    if (closed_) {
        return failure(ESHUTDOWN);
    }
    if (queued_ == places_) {
        return failure(EAGAIN);
    }
    ++queued_;
    ++open_;
    one.through_ = this;
    home_.post(one);  // under the mutex: the shard cannot end before it has closed the gate
    return {};
}

// The posted flow runs on a strand of its own among the shard's guests.
void gate::begin(posted& one) noexcept {
    {
        const std::lock_guard lock(mutex_);
        --queued_;
        if (waiting_ != 0) {
            changed_.notify_one();
        }
    }
    home_.guests().start(one.body(home_), "posted");
}

void gate::close() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    all_ended_ = open_ == 0;
    changed_.notify_all();
}

void gate::ended() noexcept {
    const std::lock_guard lock(mutex_);
    --open_;
    all_ended_ = closed_ && open_ == 0;
}

}  // namespace pelton
