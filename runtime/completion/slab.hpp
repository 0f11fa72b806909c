// Room for the lasting records of one shard, made when the shard is: none is allocated later.
//
// An empty slab is no error. Whoever finds it so does the same by operations whose records lie in a
// coroutine's frame, one at a time.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/completion/lasting_record.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace pelton {

class slab {
public:
    // Every lasting record fits.
    static constexpr std::size_t slot_bytes = 512;

    // Throws std::bad_alloc.
    explicit slab(std::size_t slots);
    slab(const slab&) = delete;
    slab& operator=(const slab&) = delete;
    // Ends the process when a record is still here.
    ~slab();

    // A new record, or null when every slot is taken.
    template <class T, class... Arguments>
    T* make(Arguments&&... arguments) noexcept {
        static_assert(sizeof(T) <= slot_bytes && alignof(T) <= alignof(slot));
        auto* place = free_slot();
        if (place == nullptr) [[unlikely]] {
            ++refusals_;
            return nullptr;
        }
        auto* made = new (place) T(std::forward<Arguments>(arguments)...);
        keep(*made);
        return made;
    }

    // Ends the life of a record that the kernel does not have.
    void give_back(lasting_record& one) noexcept;

    std::size_t slots() const noexcept { return slots_; }
    std::size_t used() const noexcept { return used_; }
    // How often there was no slot.
    std::size_t refusals() const noexcept { return refusals_; }

    // Calls see(const lasting_record&) for each, the newest first.
    template <class See>
    void each(See see) const {
        for (const auto* one = newest_; one != nullptr; one = one->later_) {
            see(*one);
        }
    }

    // Gives the memory up without freeing it, records and all: the kernel still names it.
    void leak() noexcept;

private:
    union slot {
        slot* next;
        alignas(64) std::byte bytes[slot_bytes];
    };

    // Memory that was never used is taken last, so that a shard without such records touches none.
    slot* free_slot() noexcept {
        if (free_ != nullptr) {
            return std::exchange(free_, free_->next);
        }
        return untouched_ < slots_ ? &memory_[untouched_++] : nullptr;
    }
    void keep(lasting_record& one) noexcept;

    std::size_t slots_;
    std::unique_ptr<slot[]> memory_;
    slot* free_ = nullptr;
    std::size_t untouched_ = 0;  // the slots from here on
    lasting_record* newest_ = nullptr;
    std::size_t used_ = 0;
    std::size_t refusals_ = 0;
};

}  // namespace pelton
