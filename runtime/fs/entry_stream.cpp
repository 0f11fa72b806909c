#include <pelton/runtime/fs/entry_stream.hpp>

#include <dirent.h>

#include <cerrno>
#include <cstring>

namespace pelton {
namespace {

// getdents64(2)'s record, whose length and alignment the kernel chooses.
struct raw_entry {
    std::uint64_t inode;
    std::int64_t next_offset;
    std::uint16_t length;
    std::uint8_t type;
};
constexpr std::size_t name_at = offsetof(raw_entry, type) + 1;

struct decoded {
    raw_entry raw;
    std::string_view name;
    bool wanted;  // neither "." nor ".."
};

decoded decode(const std::byte* start) noexcept {
    decoded one{};
    std::memcpy(&one.raw, start, name_at);
    const auto* text = reinterpret_cast<const char*>(start + name_at);
    one.name = std::string_view(text, strnlen(text, one.raw.length - name_at));
    one.wanted = one.name != "." && one.name != "..";
    return one;
}

}  // namespace

result<std::size_t> entry_stream::refill::operator()() noexcept {
    for (;;) {
        const auto got = calls_.getdents64(descriptor_, into_);
        if (!got || *got == 0) {
            return got;
        }
        for (std::size_t at = 0; at < *got;) {
            const auto one = decode(into_.data() + at);
            if (one.wanted) {
                return got;
            }
            at += one.raw.length;
        }
    }
}

std::optional<directory_entry> entry_stream::take() noexcept {
    while (at_ < used_) {
        const auto one = decode(batch_.get() + at_);
        at_ += one.raw.length;
        if (one.wanted) {
            const auto type = type_of_mode(DTTOIF(static_cast<unsigned>(one.raw.type)));
            return directory_entry{one.name, type, one.raw.inode};
        }
    }
    return std::nullopt;
}

result<std::optional<directory_entry>> entry_stream::next_entry::await_resume() {
    if (found_) {
        return found_;
    }
    if (stopped_) {
        return failure(ECANCELED);
    }
    from_.on_.leave();
    const auto got = refill_.await_resume();
    if (!got) {
        return std::unexpected(got.error());
    }
    from_.used_ = *got;
    from_.at_ = 0;
    return from_.take();
}

}  // namespace pelton
