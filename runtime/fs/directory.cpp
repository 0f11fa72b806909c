#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/fs/opening.hpp>

#include <dirent.h>
#include <fcntl.h>

#include <cstring>

namespace pelton {
namespace {

open_how how_to_list(bool follow) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.flags |= follow ? 0 : O_NOFOLLOW;
    return how;
}

// getdents64(2)'s record, whose length and alignment the kernel chooses.
struct raw_entry {
    std::uint64_t inode;
    std::int64_t next_offset;
    std::uint16_t length;
    std::uint8_t type;
};
constexpr std::size_t name_at = offsetof(raw_entry, type) + 1;

}  // namespace

task<result<directory>> directory::open(shard& here, std::string path, bool follow) {
    const auto how = how_to_list(follow);
    const auto descriptor = co_await open_descriptor(here, AT_FDCWD, path, how);
    if (!descriptor) {
        co_return std::unexpected(descriptor.error());
    }
    co_return directory(here, *descriptor);
}

task<result<directory>> directory::open_at(const directory& where, std::string name, bool follow) {
    const auto how = how_to_list(follow);
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

entry_stream::entry_stream(const directory& from)
    : from_(&from), batch_(std::make_unique_for_overwrite<std::byte[]>(batch_bytes)) {}

task<result<std::optional<directory_entry>>> entry_stream::next() {
    for (;;) {
        while (at_ < used_) {
            if (auto entry = decode()) {
                co_return entry;
            }
        }
        auto call = [&calls = from_->home().calls(), descriptor = from_->descriptor(),
                     room = std::span(batch_.get(), batch_bytes)] {
            return calls.getdents64(descriptor, room);
        };
        const target::use pending(from_->on_);
        const auto got = co_await on_thread(from_->home(), call);
        if (!got) {
            co_return std::unexpected(got.error());
        }
        if (*got == 0) {
            co_return std::optional<directory_entry>();
        }
        used_ = *got;
        at_ = 0;
    }
}

std::optional<directory_entry> entry_stream::decode() {
    raw_entry raw{};
    const auto* start = batch_.get() + at_;
    std::memcpy(&raw, start, name_at);
    at_ += raw.length;
    const auto* text = reinterpret_cast<const char*>(start + name_at);
    const std::string_view name(text, strnlen(text, raw.length - name_at));
    if (name == "." || name == "..") {
        return std::nullopt;
    }
    return directory_entry{name, type_of_mode(DTTOIF(static_cast<unsigned>(raw.type))), raw.inode};
}

}  // namespace pelton
