#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/fs/opening.hpp>
#include <pelton/runtime/op/poll.hpp>
#include <pelton/runtime/op/sync.hpp>

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace pelton {
namespace {

// File systems whose files have ->read_iter, so that fixed vectors are safe on them; their numbers
// are statfs(2)'s. Others get plain vectors, which cost more only with O_DIRECT.
constexpr std::array<std::uint32_t, 9> vector_file_systems{0xEF53,       // ext2, ext3, ext4
                                                           0x58465342,   // xfs
                                                           0x9123683E,   // btrfs
                                                           0xF2F52010,   // f2fs
                                                           0x01021994,   // tmpfs
                                                           0x794C7630,   // overlayfs
                                                           0x6969,       // nfs
                                                           0xCA451A4E,   // bcachefs
                                                           0x2FC12FC1};  // zfs

bool takes_fixed_vectors(calls_face& calls, int descriptor, file_type type) noexcept {
    if (type == file_type::block_device || type == file_type::fifo || type == file_type::socket) {
        return true;
    }
    struct statfs system{};
    if (type != file_type::regular || !calls.fstatfs(descriptor, system)) {
        return false;
    }
    return std::ranges::find(vector_file_systems, static_cast<std::uint32_t>(system.f_type)) !=
           vector_file_systems.end();
}

result<target> classify(calls_face& calls, int descriptor) noexcept {
    const auto known = read_metadata(calls, descriptor, "", AT_EMPTY_PATH);
    if (!known) {
        return std::unexpected(known.error());
    }
    const auto flags = calls.status_flags(descriptor);
    if (!flags) {
        return std::unexpected(flags.error());
    }
    direct_alignment alignment;
    if ((*flags & O_DIRECT) != 0) {
        // A file system that does not tell is taken to ask for a page, which none exceeds.
        alignment = known->direct.offset != 0 ? known->direct : direct_alignment{4096, 4096};
    }
    const bool has_peer = known->type != file_type::regular &&
                          known->type != file_type::directory &&
                          known->type != file_type::block_device;
    return target(descriptor, takes_fixed_vectors(calls, descriptor, known->type), alignment,
                  has_peer);
}

bool waits_for_a_writer(calls_face& calls, int descriptor, const open_how& how) noexcept {
    if ((how.flags & (O_ACCMODE | O_NONBLOCK)) != O_RDONLY) {
        return false;
    }
    const auto known = read_metadata(calls, descriptor, "", AT_EMPTY_PATH);
    return known && known->type == file_type::fifo;
}

}  // namespace

task<result<file>> file::open(shard& here, std::string path, open_mode mode, unsigned permissions) {
    co_return co_await open_below(here, AT_FDCWD, path, mode, permissions);
}

task<result<file>> file::open_at(const directory& where, std::string name, open_mode mode,
                                 unsigned permissions) {
    const target::use pending(where.on_);
    co_return co_await open_below(where.home(), where.descriptor(), name, mode, permissions);
}

task<result<file>> file::open_below(shard& here, int at, const std::string& name, open_mode mode,
                                    unsigned permissions) {
    if (!makes_sense(mode)) {
        co_return failure(EINVAL);
    }
    const auto how = how_to_open(mode, permissions);
    const auto descriptor = co_await open_descriptor(here, at, name, how);
    if (!descriptor) {
        co_return std::unexpected(descriptor.error());
    }
    auto opened = adopt(here, *descriptor);
    if (opened && opened->on_.has_peer() && waits_for_a_writer(here.calls(), *descriptor, how)) {
        // The ring opened it without waiting, and without a writer a read finds the end.
        const auto ready = co_await poll_operation(here, *descriptor, POLLIN);
        if (!ready) {
            co_return std::unexpected(ready.error());
        }
    }
    co_return opened;
}

result<file> file::adopt(shard& here, int descriptor) {
    auto known = classify(here.calls(), descriptor);
    if (!known) {
        static_cast<void>(here.calls().close(descriptor));
        return std::unexpected(known.error());
    }
    return file(here, std::move(*known));
}

file& file::operator=(file&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        on_ = std::move(other.on_);
    }
    return *this;
}

void file::drop() noexcept {
    if (!on_.is_open()) {
        return;
    }
    if (const auto closed = home_->calls().close(on_.release()); !closed) {
        home_->report(closed.error(), "close of a file nobody closed");
    }
}

task<result<void>> file::synchronize(bool data_only) {
    if (home_->queues().has(feature::fsync)) {
        co_return co_await sync_operation(*home_, on_, data_only);
    }
    const target::use pending(on_);
    auto call = [&calls = home_->calls(), descriptor = on_.descriptor(), data_only] {
        return calls.fsync(descriptor, data_only);
    };
    co_return co_await on_thread(*home_, call);
}

task<result<metadata>> file::stat() {
    const target::use pending(on_);
    auto call = [&calls = home_->calls(), descriptor = on_.descriptor()] {
        return read_metadata(calls, descriptor, "", AT_EMPTY_PATH);
    };
    co_return co_await on_thread(*home_, call);
}

task<result<std::uint64_t>> file::size() {
    const auto known = co_await stat();
    if (!known) {
        co_return std::unexpected(known.error());
    }
    co_return known->bytes;
}

task<result<void>> file::allocate(std::uint64_t at, std::uint64_t bytes) {
    const target::use pending(on_);
    auto call = [&calls = home_->calls(), descriptor = on_.descriptor(), at, bytes] {
        return calls.fallocate(descriptor, 0, at, bytes);
    };
    co_return co_await on_thread(*home_, call);
}

task<result<void>> file::truncate(std::uint64_t bytes) {
    const target::use pending(on_);
    auto call = [&calls = home_->calls(), descriptor = on_.descriptor(), bytes] {
        return calls.ftruncate(descriptor, bytes);
    };
    co_return co_await on_thread(*home_, call);
}

}  // namespace pelton
