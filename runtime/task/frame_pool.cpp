#include <pelton/runtime/task/frame_pool.hpp>

#include <array>
#include <new>

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

struct free_frame {
    free_frame* next;
};

struct thread_frames {
    std::array<free_frame*, classes> free{};

    ~thread_frames() {
        for (auto* list : free) {
            while (list != nullptr) {
                auto* next = list->next;
                ::operator delete(list);
                list = next;
            }
        }
        free.fill(nullptr);
        closed = true;
    }

    bool closed = false;  // a frame freed during thread exit must not join a dead list
};

thread_local thread_frames frames;

constexpr std::size_t class_of(std::size_t bytes) {
    return (bytes - 1) / class_bytes;
}

}  // namespace

void* allocate(std::size_t bytes) {
    const auto index = class_of(bytes);
    if (!keep || index >= classes) {
        return ::operator new(bytes);
    }
    auto& list = frames.free[index];
    if (list == nullptr) {
        return ::operator new((index + 1) * class_bytes);
    }
    auto* frame = list;
    list = frame->next;
    return frame;
}

void release(void* frame, std::size_t bytes) noexcept {
    const auto index = class_of(bytes);
    if (!keep || index >= classes || frames.closed) {
        ::operator delete(frame);
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
