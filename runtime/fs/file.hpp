// A file on a shard: opened, read and written by position, out of areas and leases.
//
//   auto in = co_await pelton::file::open(here, "data", pelton::open_mode::read);
//   auto got = co_await in->read_at(0, *pages);
//
// Reads and writes in flight on a file have no order among each other. Regular-file I/O that the
// kernel has begun cannot be cancelled: a stop request is answered when it ends. The areas and the
// memory of an operation must outlive its await; so must the file, which checks that.
//
// Thread: the shard's. A file that moves or dies while operations on it are pending ends the
// process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/fs/open_mode.hpp>
#include <pelton/runtime/op/close.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <string>

namespace pelton {

class directory;

class [[nodiscard]] file {
public:
    // openat2(2), O_CLOEXEC always. `permissions` count, less the umask, when a file is made. A
    // FIFO waits for its other side unless non_block says not to: for reading, until that has
    // written or gone.
    static task<result<file>> open(shard& here, std::string path, open_mode mode,
                                   unsigned permissions = 0666);
    // `name` below `where`, which must outlive the await.
    static task<result<file>> open_at(const directory& where, std::string name, open_mode mode,
                                      unsigned permissions = 0666);
    // Takes over an open descriptor and learns what it is.
    static result<file> adopt(shard& here, int descriptor);

    file(file&&) noexcept = default;
    file& operator=(file&& other) noexcept;
    // Closes; an error goes to the shard's error hook, since nobody else can be told.
    ~file() { drop(); }

    // Reads into `memory` from byte `at`, as much as one operation transfers: fewer bytes at the
    // end of the file, 0 at its end, the first 1024 areas of a longer array. Opened with direct, a
    // transfer that is not aligned is refused with misaligned().
    transfer read_at(std::uint64_t at, const areas& memory) noexcept {
        return transfer(*home_, direction::reading, on_, memory, at);
    }
    // Writes likewise. A short count means that something stopped it (a full disk): the next write
    // of the rest says what.
    transfer write_at(std::uint64_t at, const areas& memory) noexcept {
        return transfer(*home_, direction::writing, on_, memory, at);
    }

    // Reads until `memory` is full; fewer bytes mean the end of the file. `moved`, if given, holds
    // the bytes transferred even when an error ends it, and must outlive the await.
    whole_transfer read_exactly_at(std::uint64_t at, const areas& memory,
                                   std::size_t* moved = nullptr) noexcept {
        return whole_transfer(*home_, direction::reading, on_, memory, at, moved);
    }
    // Writes all of `memory`, or fails; `moved` as above.
    whole_transfer write_all_at(std::uint64_t at, const areas& memory,
                                std::size_t* moved = nullptr) noexcept {
        return whole_transfer(*home_, direction::writing, on_, memory, at, moved);
    }

    // fsync(2), fdatasync(2): what had been written when it starts is on the disk when it resumes.
    // After an error the pages are clean and what they held may be lost: a second sync proves
    // nothing, so write again from memory.
    task<result<void>> sync() { return synchronize(false); }
    task<result<void>> data_sync() { return synchronize(true); }

    // statx(2), and its size alone, in bytes.
    task<result<metadata>> stat();
    task<result<std::uint64_t>> size();

    // fallocate(2), mode 0: room on the disk for [at, at + bytes), growing the file if need be.
    task<result<void>> allocate(std::uint64_t at, std::uint64_t bytes);
    // ftruncate(2).
    task<result<void>> truncate(std::uint64_t bytes);

    // Closes and reports what close(2) did: an earlier write's error may surface only here. The
    // file is closed in any case. A stop request does not keep it open.
    close_operation close() noexcept { return close_operation(*home_, on_.release()); }

    bool is_open() const noexcept { return on_.is_open(); }
    int descriptor() const noexcept { return on_.descriptor(); }
    // What a direct transfer must be aligned to; zeros without open_mode::direct.
    direct_alignment alignment() const noexcept { return on_.alignment(); }

private:
    static task<result<file>> open_below(shard& here, int at, const std::string& name,
                                         open_mode mode, unsigned permissions);

    file(shard& here, target on) noexcept : home_(&here), on_(std::move(on)) {}
    void drop() noexcept;
    task<result<void>> synchronize(bool data_only);

    shard* home_;
    target on_;
};

}  // namespace pelton
