#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/fs/opening.hpp>
#include <pelton/runtime/op/sync.hpp>

#include <fcntl.h>

#include <array>
#include <cerrno>

namespace pelton {
namespace {

// No link is longer than a path (PATH_MAX), and those of procfs are cut to a page.
constexpr std::size_t link_bytes_max = 4096;

open_how how_to_list(bool follow, lookup within) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.flags |= follow ? 0 : O_NOFOLLOW;
    how.resolve = static_cast<std::uint64_t>(within);
    return how;
}

}  // namespace

task<result<directory>> directory::open(shard& here, std::string path, bool follow) {
    const auto how = how_to_list(follow, lookup::anywhere);
    const auto descriptor = co_await open_descriptor(here, AT_FDCWD, path, how);
    if (!descriptor) {
        co_return std::unexpected(descriptor.error());
    }
    co_return directory(here, *descriptor);
}

task<result<directory>> directory::open_at(const directory& where, std::string name, bool follow,
                                           lookup within) {
    const auto how = how_to_list(follow, within);
    const target::use pending(where.on_);
    const auto descriptor = co_await open_descriptor(where.home(), where.descriptor(), name, how);
    if (!descriptor) {
        co_return std::unexpected(descriptor.error());
    }
    co_return directory(where.home(), *descriptor);
}

directory& directory::operator=(directory&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        on_ = std::move(other.on_);
    }
    return *this;
}

void directory::drop() noexcept {
    if (on_.is_open()) {
        static_cast<void>(home_->calls().close(on_.release()));
    }
}

task<result<std::string>> directory::read_link(std::string name) const {
    std::array<char, link_bytes_max> text;
    const auto got = co_await call_operation<read_link_request>(
        *home_, use(), via::thread, descriptor(), name, std::span(text));
    if (!got) {
        co_return std::unexpected(got.error());
    }
    co_return std::string(text.data(), *got);
}

task<result<void>> directory::sync() const {
    if (home_->queues().has(feature::fsync)) {
        co_return co_await sync_operation(*home_, on_, false);
    }
    const target::use pending(on_);
    auto call = [&calls = home_->calls(), descriptor = descriptor()] {
        return calls.fsync(descriptor, false);
    };
    co_return co_await on_thread(*home_, call);
}

task<result<void>> sync_parent_of(shard& here, std::string path) {
    if (path.empty()) {
        co_return failure(ENOENT);
    }
    const auto end = path.find_last_not_of('/');
    const auto slash = path.find_last_of('/', end);
    std::string parent = end == std::string::npos     ? "/"
                         : slash == std::string::npos ? "."
                                                      : path.substr(0, slash + 1);
    const auto opened = co_await directory::open(here, std::move(parent));
    if (!opened) {
        co_return std::unexpected(opened.error());
    }
    co_return co_await opened->sync();
}

}  // namespace pelton
