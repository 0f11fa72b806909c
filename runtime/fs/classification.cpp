#include <pelton/runtime/fs/classification.hpp>
#include <pelton/runtime/shard/offload.hpp>

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <optional>

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

constexpr auto needed =
    stat_field::type | stat_field::mode | stat_field::direct | stat_field::mount;

bool system_takes_vectors(const result<void>& told, const struct statfs& system) noexcept {
    const auto number = static_cast<std::uint32_t>(system.f_type);
    return told && std::ranges::find(vector_file_systems, number) != vector_file_systems.end();
}

// What was learnt of mounts, by their numbers, of which Linux 6.8 gives none twice. One for each
// thread, and so for each shard.
class mounts_seen {
public:
    std::optional<bool> find(std::uint64_t mount) const noexcept {
        for (const auto& each : seen_) {
            if (each.mount == mount && mount != 0) {
                return each.takes_vectors;
            }
        }
        return std::nullopt;
    }
    void note(std::uint64_t mount, bool takes_vectors) noexcept {
        if (mount != 0) {
            seen_[next_++ % seen_.size()] = {mount, takes_vectors};
        }
    }

private:
    struct one {
        std::uint64_t mount = 0;
        bool takes_vectors = false;
    };
    std::array<one, 8> seen_{};
    std::size_t next_ = 0;
};

thread_local mounts_seen mounts;

// What can be told without a look at the file system.
std::optional<bool> takes_vectors(shard& here, const metadata& known) noexcept {
    if (known.type == file_type::block_device || known.type == file_type::fifo ||
        known.type == file_type::socket) {
        return true;
    }
    const bool of_use =
        here.known().has(feature::readv_fixed) || here.known().has(feature::writev_fixed);
    if (known.type != file_type::regular || !of_use) {
        return false;
    }
    return mounts.find(known.mount);
}

result<metadata> look_at(shard& here, int descriptor, bool direct) noexcept {
    constexpr int flags = AT_EMPTY_PATH | static_cast<int>(freshness::cached);
    // Without direct there are no atomic writes.
    const auto wanted = direct ? needed | stat_field::atomic : needed;
    return read_metadata(here.calls(), descriptor, "", flags, wanted);
}

classified conclude(int descriptor, const metadata& known, bool takes, bool direct) noexcept {
    direct_alignment alignment;
    if (direct) {
        // A file system that does not tell is taken to ask for a page, which none exceeds.
        alignment = known.direct.offset != 0 ? known.direct : direct_alignment{4096, 4096};
    }
    const bool has_peer = known.type != file_type::regular && known.type != file_type::directory &&
                          known.type != file_type::block_device;
    const auto atomic = direct ? known.atomic : atomic_limits{};
    return {target(descriptor, takes, alignment, has_peer, atomic), known.type};
}

bool ask_now(shard& here, int descriptor, std::uint64_t mount) noexcept {
    struct statfs system{};
    const auto told = here.calls().fstatfs(descriptor, system);
    const bool takes = system_takes_vectors(told, system);
    if (told) {
        mounts.note(mount, takes);
    }
    return takes;
}

}  // namespace

result<classified> classify_now(shard& here, int descriptor, bool direct) noexcept {
    const auto known = look_at(here, descriptor, direct);
    if (!known) {
        return std::unexpected(known.error());
    }
    const auto takes = takes_vectors(here, *known);
    return conclude(descriptor, *known, takes ? *takes : ask_now(here, descriptor, known->mount),
                    direct);
}

task<result<classified>> classify(shard& here, int descriptor, bool direct) {
    const auto known = look_at(here, descriptor, direct);
    if (!known) {
        co_return std::unexpected(known.error());
    }
    auto takes = takes_vectors(here, *known);
    // A file system on a device of its own answers from memory; another may have to ask a server.
    if (!takes && major(known->device) == 0) {
        struct statfs system{};
        auto call = [&calls = here.calls(), descriptor, &system] {
            return calls.fstatfs(descriptor, system);
        };
        const auto told = co_await offload(here, call);
        takes = system_takes_vectors(told, system);
        if (told) {
            mounts.note(known->mount, *takes);
        }
    }
    if (!takes) {
        takes = ask_now(here, descriptor, known->mount);
    }
    co_return conclude(descriptor, *known, *takes, direct);
}

}  // namespace pelton
