// The entries of a directory, one after the other.
//
// io_uring has no getdents: batches are read on a blocking thread, some hundred entries at a time.
// What is left of a batch is there at once: next() then neither suspends nor costs a frame.
#pragma once

#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace pelton {

struct directory_entry {
    std::string_view name;  // valid until the next call of next()
    file_type type;         // unknown where the file system does not tell
    std::uint64_t inode;
};

class entry_stream {
    // On a thread: reads batches until one holds more than "." and "..", or nothing is left.
    class refill {
    public:
        refill(calls_face& calls, int descriptor, std::span<std::byte> into) noexcept
            : calls_(calls), descriptor_(descriptor), into_(into) {}
        result<std::size_t> operator()() noexcept;

    private:
        calls_face& calls_;
        int descriptor_;
        std::span<std::byte> into_;
    };

public:
    class [[nodiscard]] next_entry {
    public:
        using value_type = std::optional<directory_entry>;

        explicit next_entry(entry_stream& from) noexcept
            : from_(from), refill_(from.home_, from.batch_call()) {}

        bool await_ready() noexcept {
            found_ = from_.take();
            return found_.has_value();
        }
        template <stranded Promise>
        void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
            stopped_ = waiter.promise().on_strand()->stop_requested;
            if (stopped_) {
                waiter_.handle = waiter;
                from_.home_.make_ready(waiter_);
                return;
            }
            from_.on_.enter();
            refill_.await_suspend(waiter);
        }
        result<value_type> await_resume();

    private:
        entry_stream& from_;
        value_type found_;
        bool stopped_ = false;
        resumable waiter_;
        offload_awaiter<refill> refill_;
    };

    // The next entry, "." and ".." left out, or nothing at the end. In the directory's own order.
    // One added or removed meanwhile may or may not be told. The directory must outlive the stream.
    next_entry next() noexcept { return next_entry(*this); }

private:
    friend class directory;
    static constexpr std::size_t batch_bytes = 32 * 1024;

    entry_stream(shard& home, target& on)
        : home_(home), on_(on), batch_(std::make_unique_for_overwrite<std::byte[]>(batch_bytes)) {}

    refill batch_call() const noexcept {
        return {home_.calls(), on_.descriptor(), std::span(batch_.get(), batch_bytes)};
    }
    std::optional<directory_entry> take() noexcept;

    shard& home_;
    target& on_;
    std::unique_ptr<std::byte[]> batch_;
    std::size_t used_ = 0;
    std::size_t at_ = 0;
};

}  // namespace pelton
