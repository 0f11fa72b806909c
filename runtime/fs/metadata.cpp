#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <sys/sysmacros.h>

namespace pelton {
namespace {

// STATX_DIOALIGN (6.1) is younger than Debian 12's C library headers on some architectures.
constexpr unsigned mask_dioalign = 0x2000;

// stx_dio_mem_align and stx_dio_offset_align stand after stx_mnt_id; older headers call the place
// spare, so it is read by offset. statx(2), linux/stat.h.
constexpr std::size_t dio_mem_align_at = 0x98;
constexpr std::size_t dio_offset_align_at = 0x9c;

std::uint32_t field_at(const struct statx& raw, std::size_t offset) {
    std::uint32_t value = 0;
    __builtin_memcpy(&value, reinterpret_cast<const char*>(&raw) + offset, sizeof(value));
    return value;
}

timespec time_of(const statx_timestamp& stamp) {
    timespec when{};
    when.tv_sec = stamp.tv_sec;
    when.tv_nsec = stamp.tv_nsec;
    return when;
}

}  // namespace

file_type type_of_mode(unsigned mode) noexcept {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return file_type::regular;
        case S_IFDIR:
            return file_type::directory;
        case S_IFLNK:
            return file_type::symbolic_link;
        case S_IFIFO:
            return file_type::fifo;
        case S_IFSOCK:
            return file_type::socket;
        case S_IFCHR:
            return file_type::character_device;
        case S_IFBLK:
            return file_type::block_device;
        default:
            return file_type::unknown;
    }
}

metadata metadata_of(const struct statx& raw) noexcept {
    metadata known;
    known.type = type_of_mode(raw.stx_mode);
    known.mode = raw.stx_mode & 07777U;
    known.bytes = raw.stx_size;
    known.allocated_bytes = raw.stx_blocks * 512;
    known.device = makedev(raw.stx_dev_major, raw.stx_dev_minor);
    known.inode = raw.stx_ino;
    known.links = raw.stx_nlink;
    known.owner = raw.stx_uid;
    known.group = raw.stx_gid;
    known.device_number = makedev(raw.stx_rdev_major, raw.stx_rdev_minor);
    known.accessed = time_of(raw.stx_atime);
    known.modified = time_of(raw.stx_mtime);
    if ((raw.stx_mask & mask_dioalign) != 0) {
        known.direct = {field_at(raw, dio_mem_align_at), field_at(raw, dio_offset_align_at)};
    }
    return known;
}

result<metadata> read_metadata(calls_face& calls, int at, const char* name, int flags) noexcept {
    struct statx raw{};
    if (const auto told = calls.statx(at, name, flags, STATX_BASIC_STATS | mask_dioalign, raw);
        !told) {
        return std::unexpected(told.error());
    }
    return metadata_of(raw);
}

}  // namespace pelton
