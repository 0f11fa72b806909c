#include <pelton/runtime/task/frame_pool.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define PELTON_KEEPS_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PELTON_KEEPS_FRAMES 0
#endif
#endif
#ifndef PELTON_KEEPS_FRAMES
#define PELTON_KEEPS_FRAMES 1
#endif

namespace pelton::frame_pool {
namespace {

constexpr std::size_t class_bytes = 64;
constexpr std::size_t classes = 64;  // up to 4 KiB; larger frames are rare and go to the heap
constexpr bool keep = PELTON_KEEPS_FRAMES != 0;

class home;

struct free_frame {
    free_frame* next;
    std::size_t index;  // of its class; only of those on their way home
};

// Behind each kept frame, in its last bytes, lies whose it is: written once, since the coroutine
// never touches it.
home*& home_of(void* frame, std::size_t index) noexcept {
    auto* const end = static_cast<std::byte*>(frame) + (index + 1) * class_bytes;
    return *reinterpret_cast<home**>(end - sizeof(home*));
}

constexpr std::size_t class_of(std::size_t bytes) {
    return (bytes + sizeof(home*) - 1) / class_bytes;
}

void to_heap(free_frame* list) noexcept {
    while (list != nullptr) {
        ::operator delete(std::exchange(list, list->next));
    }
}

// Where other threads put a thread's frames. It is never deleted, as frames that name it may live
// on anywhere: when its thread ends it is shut and shelved for the next thread that needs one, so
// there are as many as there ever were threads at once.
class alignas(64) home {
public:
    constexpr home() noexcept = default;

    void put(free_frame* one) noexcept {
        auto* newest = newest_.load(std::memory_order_relaxed);
        do {
            if (newest == &shut_) {
                ::operator delete(one);
                return;
            }
            one->next = newest;
        } while (!newest_.compare_exchange_weak(newest, one, std::memory_order_release,
                                                std::memory_order_relaxed));
    }
    // All of them: nobody takes a single one out, so no address can come back in between (ABA).
    free_frame* take() noexcept {
        return newest_.load(std::memory_order_relaxed) == nullptr
                   ? nullptr
                   : newest_.exchange(nullptr, std::memory_order_acquire);
    }

    // Throws std::bad_alloc.
    static home* open() {
        {
            const std::lock_guard lock(shelf_mutex_);
            if (auto* const used = shelf_; used != nullptr) {
                shelf_ = used->shelved_;
                used->newest_.store(nullptr, std::memory_order_relaxed);
                return used;
            }
        }
        return new home;
    }
    void shut() noexcept {
        to_heap(newest_.exchange(&shut_, std::memory_order_acquire));
        const std::lock_guard lock(shelf_mutex_);
        shelved_ = std::exchange(shelf_, this);
    }

    // Whose frames are that a thread makes while it ends: always shut.
    static home nobody;

private:
    constexpr explicit home(free_frame* newest) noexcept : newest_(newest) {}

    static free_frame shut_;
    static std::mutex shelf_mutex_;
    static home* shelf_;

    std::atomic<free_frame*> newest_{nullptr};
    home* shelved_ = nullptr;  // the next on the shelf
};

constinit free_frame home::shut_{};
constinit std::mutex home::shelf_mutex_;
constinit home* home::shelf_ = nullptr;
constinit home home::nobody(&home::shut_);

// What a thread keeps. Without a destructor, so that it is there to the thread's last instruction
// and needs no guard.
struct thread_frames {
    std::array<free_frame*, classes> free{};
    home* own = nullptr;
    bool ended = false;  // the thread is ending and keeps nothing any more
};

constinit thread_local thread_frames frames;

struct thread_end {
    thread_end() noexcept = default;
    ~thread_end() {
        for (auto*& list : frames.free) {
            to_heap(std::exchange(list, nullptr));
        }
        frames.ended = true;
        std::exchange(frames.own, nullptr)->shut();
    }
};

void settle_in() {
    frames.own = home::open();
    static thread_local const thread_end at_end;
    static_cast<void>(at_end);
}

[[gnu::noinline]] void* allocate_slowly(std::size_t index) {
    if (frames.own == nullptr && !frames.ended) {
        settle_in();
    }
    if (frames.own != nullptr) {
        for (auto* came = frames.own->take(); came != nullptr;) {
            auto* const one = std::exchange(came, came->next);
            auto& list = frames.free[one->index];
            one->next = std::exchange(list, one);
        }
        if (auto*& list = frames.free[index]; list != nullptr) {
            return std::exchange(list, list->next);
        }
    }
    auto* const frame = ::operator new((index + 1) * class_bytes);
    home_of(frame, index) = frames.own != nullptr ? frames.own : &home::nobody;
    return frame;
}

[[gnu::noinline]] void release_elsewhere(void* frame, std::size_t index) noexcept {
    auto* const whose = home_of(frame, index);
    auto* const entry = static_cast<free_frame*>(frame);
    entry->index = index;
    whose->put(entry);
}

}  // namespace

void* allocate(std::size_t bytes) {
    const auto index = class_of(bytes);
    if (!keep || index >= classes) {
        return ::operator new(bytes);
    }
    auto& list = frames.free[index];
    if (list == nullptr) {
        return allocate_slowly(index);
    }
    auto* frame = list;
    list = frame->next;
    return frame;
}

void release(void* frame, std::size_t bytes) noexcept {
    const auto index = class_of(bytes);
    if (!keep || index >= classes) {
        ::operator delete(frame);
        return;
    }
    if (home_of(frame, index) != frames.own) [[unlikely]] {
        release_elsewhere(frame, index);
        return;
    }
    auto* entry = static_cast<free_frame*>(frame);
    entry->next = frames.free[index];
    frames.free[index] = entry;
}

bool keeps_frames() noexcept {
    return keep;
}

}  // namespace pelton::frame_pool
