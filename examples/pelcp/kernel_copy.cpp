#include <pelton/examples/pelcp/kernel_copy.hpp>

#include <linux/magic.h>
#include <sys/statfs.h>

#include <algorithm>
#include <array>

namespace pelcp {
namespace {

// Not in <linux/magic.h> of every release.
constexpr std::uint32_t cifs_magic = 0xff534d42;
constexpr std::uint32_t smb2_magic = 0xfe534d42;

constexpr std::array<std::uint32_t, 5> where_it_pays{TMPFS_MAGIC, NFS_SUPER_MAGIC, cifs_magic,
                                                     smb2_magic, CEPH_SUPER_MAGIC};

// One call: long enough to cost nothing, short enough for a progress line.
constexpr std::uint64_t bytes_at_once = std::uint64_t{64} << 20;

}  // namespace

std::optional<content_outcome> copy_in_kernel(workshop& shop, int from,
                                              const pelton::metadata& about, int into) {
    struct statfs system{};
    if (!shop.calls.fstatfs(into, system) ||
        std::find(where_it_pays.begin(), where_it_pays.end(),
                  static_cast<std::uint32_t>(system.f_type)) == where_it_pays.end()) {
        return std::nullopt;
    }
    content_outcome outcome;
    while (outcome.bytes < about.bytes) {
        const auto at = outcome.bytes;
        const auto copied = shop.calls.copy_file_range(from, at, into, at,
                                                       std::min(bytes_at_once, about.bytes - at));
        if (at == 0 && (!copied || *copied == 0)) {
            return std::nullopt;
        }
        if (!copied) {
            outcome.writing = copied.error();  // or reading: the call does not tell
            outcome.end = at;
            return outcome;
        }
        if (*copied == 0) {
            outcome.source_end = at;
            break;
        }
        outcome.bytes += *copied;
        shop.bytes_done.fetch_add(*copied, std::memory_order_relaxed);
    }
    return outcome;
}

}  // namespace pelcp
