// A file on a shard: opened, read and written by position, out of areas and leases.
//
//   auto in = co_await pelton::file::open(here, "data", pelton::open_mode::read);
//   auto got = co_await in->read_at(0, *pages);
//
// Reads and writes in flight on a file have no order among each other. Regular-file I/O that the
// kernel has begun cannot be cancelled: a stop request is answered when it ends. The areas and the
// memory of an operation must outlive its await; so must the file, which checks that.
//
// A sync that failed marks the file for good: the kernel tells such an error once and then takes
// the pages for clean, so every later sync and close() reports it again. What was written since the
// last sync that succeeded may be lost; write it again from memory, through a file opened anew.
//
// Thread: the shard's. A file that moves or dies while operations on it are pending ends the
// process.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/fs/file_options.hpp>
#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/fs/open_mode.hpp>
#include <pelton/runtime/op/advice_requests.hpp>
#include <pelton/runtime/op/atomic_write.hpp>
#include <pelton/runtime/op/attribute_requests.hpp>
#include <pelton/runtime/op/call_operation.hpp>
#include <pelton/runtime/op/close.hpp>
#include <pelton/runtime/op/durability.hpp>
#include <pelton/runtime/op/extent_requests.hpp>
#include <pelton/runtime/op/manner.hpp>
#include <pelton/runtime/op/polled_queue.hpp>
#include <pelton/runtime/op/stat_request.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/op/vector_requests.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <fcntl.h>

#include <cstdint>
#include <span>
#include <string>

namespace pelton {

class directory;
class splice_place;

class [[nodiscard]] file {
public:
    // openat2(2), O_CLOEXEC always. `permissions` count, less the umask, when a file is made. A
    // FIFO waits for its other side unless non_block says not to: for reading, until that has
    // written or gone; by a thread, that wait cannot be cancelled. A file that was opened although
    // a stop was asked for is yielded.
    static task<result<file>> open(shard& here, std::string path, open_mode mode,
                                   unsigned permissions = 0666, via chosen = via::usual);
    // `name` below `where`, which must outlive the await.
    static task<result<file>> open_at(const directory& where, std::string name, open_mode mode,
                                      unsigned permissions = 0666, lookup within = lookup::anywhere,
                                      via chosen = via::usual);
    // Takes over an open descriptor and learns what it is, by short calls here and now.
    static result<file> adopt(shard& here, int descriptor);

    file(file&&) noexcept = default;
    file& operator=(file&& other) noexcept;
    // Closes; an error goes to the shard's error hook, since nobody else can be told. close(2) is
    // called here and now, which on a network file system may wait for the server.
    ~file() { drop(); }

    // Reads into `memory` from byte `at`, as much as one operation transfers: fewer bytes at the
    // end of the file, 0 at its end, the first 1024 areas of a longer array. Opened with direct, a
    // transfer that is not aligned is refused with misaligned().
    transfer read_at(std::uint64_t at, const areas& memory, manner how = manner::usual) noexcept {
        return transfer(*home_, direction::reading, on_, memory, at, durability::none, how);
    }
    // ONE write: yields how many bytes it wrote, which may be FEWER than `memory` has (a full disk,
    // more than 1024 areas or 2 GiB). Whoever drops that count loses the rest in silence, so unless
    // you resume it yourself, call write_all_at().
    transfer write_at(std::uint64_t at, const areas& memory, durability keep = durability::none,
                      manner how = manner::usual) noexcept {
        return transfer(*home_, direction::writing, on_, memory, at, keep, how);
    }
    // A write of which the file holds all or nothing, also after a crash (RWF_ATOMIC, Linux 6.11;
    // ext4 and xfs 6.13), for files opened with direct. `memory` is one area, its length a power of
    // two within atomic_write_limits(), and `at` a multiple of that. What cannot be atomic is
    // refused with not_atomic(), and never written in parts.
    atomic_write write_atomic_at(std::uint64_t at, const areas& memory,
                                 durability keep = durability::none) noexcept {
        return atomic_write(*home_, on_, memory, at, keep);
    }

    // Reads until `memory` is full; fewer bytes mean the end of the file. `moved`, if given, holds
    // the bytes transferred even when an error ends it, and must outlive the await.
    whole_transfer read_exactly_at(std::uint64_t at, const areas& memory,
                                   std::size_t* moved = nullptr,
                                   manner how = manner::usual) noexcept {
        return whole_transfer(*home_, direction::reading, on_, memory, at, moved, durability::none,
                              how);
    }
    // Writes all of `memory`, or fails; `moved` as above. `keep`: what the disk has when it
    // resumes. One durable write is cheaper than a write and a sync; many small ones are not.
    whole_transfer write_all_at(std::uint64_t at, const areas& memory, std::size_t* moved = nullptr,
                                durability keep = durability::none,
                                manner how = manner::usual) noexcept {
        return whole_transfer(*home_, direction::writing, on_, memory, at, moved, keep, how);
    }

    // The same by preadv2(2) and pwritev2(2) on a blocking thread: for files whose buffered I/O
    // the kernel punts one by one (writes on ext4 and btrfs; tmpfs), where one call that moves much
    // costs less than many punts. Once begun it cannot be cancelled.
    call_operation<vector_request> read_exactly_by_thread(std::uint64_t at, const areas& memory,
                                                          std::size_t* moved = nullptr) noexcept {
        return {*home_, use(), via::thread, direction::reading, on_,
                memory, at,    moved,       durability::none};
    }
    call_operation<vector_request> write_all_by_thread(
        std::uint64_t at, const areas& memory, std::size_t* moved = nullptr,
        durability keep = durability::none) noexcept {
        return {*home_, use(), via::thread, direction::writing, on_, memory, at, moved, keep};
    }

    // As read_at() and write_at(), but the shard polls the device for the answer; for files that
    // were opened with direct, on devices with poll queues. See polled_queue, which must outlive
    // the await, as must the array of the areas.
    task<result<std::size_t>> read_polled_at(polled_queue& by, std::uint64_t at, areas memory) {
        return by.transfer(direction::reading, on_, memory, at);
    }
    task<result<std::size_t>> write_polled_at(polled_queue& by, std::uint64_t at, areas memory) {
        return by.transfer(direction::writing, on_, memory, at);
    }

    // fsync(2), fdatasync(2): what had been written when it starts is on the disk when it resumes.
    task<result<void>> sync() { return synchronize(false); }
    task<result<void>> data_sync() { return synchronize(true); }
    // As `how` says, and for durability::none nothing.
    task<result<void>> sync(durability how);
    // sync_file_range(2) of [at, at + bytes), of all that follows when `bytes` is 0. It starts or
    // awaits the writing of pages, but promises nothing: neither metadata nor the device's cache.
    task<result<void>> sync_range(std::uint64_t at, std::uint64_t bytes,
                                  range_sync how = range_sync::write_and_wait,
                                  via chosen = via::usual);

    // statx(2), and its size alone, in bytes.
    call_operation<stat_request<metadata>> stat(stat_field wanted = stat_field::usual,
                                                via chosen = via::usual) noexcept {
        return {*home_,
                use(),
                chosen,
                descriptor(),
                "",
                unsigned{AT_EMPTY_PATH},
                static_cast<unsigned>(wanted)};
    }
    task<result<std::uint64_t>> size();

    // fallocate(2) of [at, at + bytes). EOPNOTSUPP where the file system lacks the mode.
    call_operation<allocate_request> allocate(std::uint64_t at, std::uint64_t bytes,
                                              allocation how = allocation::grow,
                                              via chosen = via::usual) noexcept {
        return {*home_, use(), chosen, descriptor(), static_cast<int>(how), at, bytes};
    }
    // ftruncate(2).
    call_operation<truncate_request> truncate(std::uint64_t bytes,
                                              via chosen = via::usual) noexcept {
        return {*home_, use(), chosen, descriptor(), bytes};
    }
    // posix_fadvise(2) for [at, at + bytes), for all that follows when `bytes` is 0.
    call_operation<file_advice_request> advise(std::uint64_t at, std::uint64_t bytes,
                                               file_advice advice,
                                               via chosen = via::usual) noexcept {
        return {*home_, use(), chosen, descriptor(), at, bytes, static_cast<int>(advice)};
    }
    // What the block device holds in [at, at + bytes) is not needed any more: it reads as anything.
    // Both must be multiples of its logical block. EOPNOTSUPP where the device cannot.
    task<result<void>> discard(std::uint64_t at, std::uint64_t bytes);

    // xattr(7). `key` is a whole name, as "user.origin". ENODATA: there is none of it.
    call_operation<get_attribute_request> attribute(file_name key, std::span<std::byte> into,
                                                    via chosen = via::usual) noexcept {
        return {*home_, use(), chosen, attribute_owner(descriptor()), key, into};
    }
    call_operation<set_attribute_request> set_attribute(
        file_name key, std::span<const std::byte> value,
        attribute_change how = attribute_change::any, via chosen = via::usual) noexcept {
        return {*home_,
                use(),
                chosen,
                attribute_owner(descriptor()),
                key,
                value,
                static_cast<int>(how)};
    }
    call_operation<remove_attribute_request> remove_attribute(file_name key) noexcept {
        return {*home_, use(), via::thread, attribute_owner(descriptor()), key};
    }
    call_operation<list_attributes_request> list_attributes(std::span<char> into) noexcept {
        return {*home_, use(), via::thread, attribute_owner(descriptor()), into};
    }

    // Closes and reports what close(2) did, or the sync that failed: an earlier write's error may
    // surface only here. The file is closed in any case. A stop request does not keep it open.
    close_operation close() noexcept {
        const int lost = on_.lost();
        return close_operation(*home_, on_.release(), lost);
    }

    // Gives the ring the descriptor once for all transfers (IORING_REGISTER_FILES2), which spares
    // the kernel finding and holding the file for each: about 70 ns. The call, and taking it back
    // when the file closes, cost about as much as a dozen transfers save. Only a wish: false, and
    // nothing is different, where the kernel is older than Linux 6.14 or
    // ring_options::registered_descriptors_max are registered.
    bool register_descriptor() noexcept;

    bool is_open() const noexcept { return on_.is_open(); }
    int descriptor() const noexcept { return on_.descriptor(); }
    // What a direct transfer must be aligned to; zeros without open_mode::direct.
    direct_alignment alignment() const noexcept { return on_.alignment(); }
    // How long an atomic write may be; zeros where there is none.
    atomic_limits atomic_write_limits() const noexcept { return on_.atomic(); }

private:
    friend class splice_place;

    static task<result<file>> open_below(shard& here, int at, const std::string& name,
                                         open_mode mode, unsigned permissions, lookup within,
                                         via chosen);

    file(shard& here, target on) noexcept : home_(&here), on_(std::move(on)) {}
    void drop() noexcept;
    task<result<void>> synchronize(bool data_only);
    targets_in_use use() noexcept { return {&on_, nullptr}; }

    shard* home_;
    target on_;
};

}  // namespace pelton
