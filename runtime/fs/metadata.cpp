#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <sys/sysmacros.h>

namespace pelton {
namespace {

// Older headers call the places of stx_mnt_id and of what follows spare, so they are read by
// offset. statx(2), linux/stat.h.
constexpr std::size_t mount_at = 0x90;
constexpr std::size_t dio_mem_align_at = 0x98;
constexpr std::size_t dio_offset_align_at = 0x9c;
constexpr std::size_t atomic_write_unit_min_at = 0xa8;
constexpr std::size_t atomic_write_unit_max_at = 0xac;

template <class T>
T field_at(const struct statx& raw, std::size_t offset) {
    T value = 0;
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

metadata::metadata(const struct statx& raw) noexcept
    : told(static_cast<stat_field>(raw.stx_mask)),
      type(type_of_mode(raw.stx_mode)),
      mode(raw.stx_mode & 07777U),
      bytes(raw.stx_size),
      allocated_bytes(raw.stx_blocks * 512),
      device(makedev(raw.stx_dev_major, raw.stx_dev_minor)),
      inode(raw.stx_ino),
      links(raw.stx_nlink),
      owner(raw.stx_uid),
      group(raw.stx_gid),
      device_number(makedev(raw.stx_rdev_major, raw.stx_rdev_minor)),
      accessed(time_of(raw.stx_atime)),
      modified(time_of(raw.stx_mtime)),
      changed(time_of(raw.stx_ctime)),
      born(time_of(raw.stx_btime)) {
    if (has(told, stat_field::mount)) {
        mount = field_at<std::uint64_t>(raw, mount_at);
    }
    if (has(told, stat_field::direct)) {
        direct = {field_at<std::uint32_t>(raw, dio_mem_align_at),
                  field_at<std::uint32_t>(raw, dio_offset_align_at)};
    }
    if (has(told, stat_field::atomic)) {
        atomic = {field_at<std::uint32_t>(raw, atomic_write_unit_min_at),
                  field_at<std::uint32_t>(raw, atomic_write_unit_max_at)};
    }
}

result<metadata> read_metadata(calls_face& calls, int at, const char* name, int flags,
                               stat_field wanted) noexcept {
    struct statx raw{};
    if (const auto told = calls.statx(at, name, flags, static_cast<unsigned>(wanted), raw); !told) {
        return std::unexpected(told.error());
    }
    return metadata(raw);
}

}  // namespace pelton
