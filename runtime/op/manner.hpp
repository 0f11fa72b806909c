// What a transfer does about waiting and about the page cache.
#pragma once

#include <cstdint>

namespace pelton {

// The values are RWF_NOWAIT and RWF_DONTCACHE (linux/fs.h, preadv2(2)); they combine.
enum class manner : std::uint8_t {
    usual = 0,

    // Transfers what is at hand, maybe fewer bytes, and never waits for the disk or a peer: it
    // fails with std::errc::operation_would_block instead. So it does, always, where the kernel or
    // the file cannot tell (buffered writes on ext4, all of tmpfs): do it in the usual manner then,
    // a second try may never succeed.
    no_wait = 8,  // Linux 4.14

    // What was read or written does not stay in the page cache: for much that is used once. A wish:
    // it is an ordinary transfer on older kernels, on files that cannot (tmpfs, btrfs, pipes), and
    // in link(). Pages that others use stay, and so may what was read ahead.
    dont_cache = 0x80,  // Linux 6.14
};

constexpr manner operator|(manner a, manner b) noexcept {
    return static_cast<manner>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}

}  // namespace pelton
