#include <pelton/examples/pelcp/listing.hpp>

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace pelcp {
namespace {

using pelton::file_type;

constexpr std::size_t batch_bytes = 32 * 1024;

file_type type_of(unsigned char told) noexcept {
    return told == DT_UNKNOWN ? file_type::unknown : pelton::type_of_mode(DTTOIF(unsigned{told}));
}

bool is_dots(const char* name) noexcept {
    return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

}  // namespace

entry listing::operator[](std::size_t index) const noexcept {
    const auto& one = rows_[index];
    return {names_.data() + one.source_at, names_.data() + one.target_at, one.type, one.operand,
            one.target_named};
}

std::uint32_t listing::keep(std::string_view name) {
    const auto at = names_.size();
    names_.append(name).push_back('\0');
    return static_cast<std::uint32_t>(at);
}

void listing::add(std::string_view name, file_type type, std::uint64_t inode) {
    const auto at = keep(name);
    rows_.push_back({inode, at, at, type, false, false});
}

void listing::add_operand(std::string_view source, std::string_view target, bool target_named) {
    const auto source_at = keep(source);
    rows_.push_back({0, source_at, keep(target), file_type::unknown, true, target_named});
}

pelton::result<void> listing::read(pelton::calls_face& calls, int directory) {
    thread_local const auto batch = std::make_unique<std::byte[]>(batch_bytes);
    for (;;) {
        const auto filled = calls.getdents64(directory, std::span(batch.get(), batch_bytes));
        if (!filled) {
            return std::unexpected(filled.error());
        }
        if (*filled == 0) {
            break;
        }
        if (names_.size() > UINT32_MAX - 2 * batch_bytes) {
            return pelton::failure(EFBIG);
        }
        for (std::size_t at = 0; at < *filled;) {
            const auto* raw = reinterpret_cast<const dirent64*>(batch.get() + at);
            if (!is_dots(raw->d_name)) {
                add(raw->d_name, type_of(raw->d_type), raw->d_ino);
            }
            at += raw->d_reclen;
        }
    }
    std::sort(rows_.begin(), rows_.end(),
              [](const row& a, const row& b) { return a.inode < b.inode; });
    return {};
}

}  // namespace pelcp
