// A directory, and its entries as a stream.
//
//   auto entries = where.entries();
//   for (;;) {
//       auto next = co_await entries.next();
//       if (!next || !*next) break;          // an error, or the end
//       use((*next)->name);
//   }
//
// io_uring has no getdents: batches are read on a blocking thread, some hundred entries at a time.
#pragma once

#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pelton {

struct directory_entry {
    std::string_view name;  // valid until the next call of next()
    file_type type;         // unknown where the file system does not tell
    std::uint64_t inode;
};

class directory;

class entry_stream {
public:
    // The next entry, "." and ".." left out, or nothing at the end. In the directory's own order.
    // One added or removed meanwhile may or may not be told. `from` must outlive the stream.
    task<result<std::optional<directory_entry>>> next();

private:
    friend class directory;
    static constexpr std::size_t batch_bytes = 32 * 1024;

    explicit entry_stream(const directory& from);
    std::optional<directory_entry> decode();

    const directory* from_;
    std::unique_ptr<std::byte[]> batch_;
    std::size_t used_ = 0;
    std::size_t at_ = 0;
};

class [[nodiscard]] directory {
public:
    // openat2(2) with O_DIRECTORY; ENOTDIR for anything else. `follow`: whether the last part of
    // the path may be a symbolic link; one that may not is ENOTDIR too. `where` must outlive the
    // await.
    static task<result<directory>> open(shard& here, std::string path, bool follow = true);
    static task<result<directory>> open_at(const directory& where, std::string name,
                                           bool follow = false);

    directory(directory&&) noexcept = default;
    directory& operator=(directory&& other) noexcept;
    // Closes. Nothing is written through a directory, so close(2) has nothing to tell.
    ~directory() { drop(); }

    entry_stream entries() const { return entry_stream(*this); }

    shard& home() const noexcept { return *home_; }
    int descriptor() const noexcept { return on_.descriptor(); }

private:
    friend class entry_stream;
    friend class file;

    directory(shard& here, int descriptor) noexcept : home_(&here), on_(descriptor) {}
    void drop() noexcept;

    shard* home_;
    mutable target on_;  // what is opened or read below it counts itself in
};

}  // namespace pelton
