#include <pelton/examples/pelcp/verify.hpp>

#include <fmt/format.h>
#include <xxhash.h>

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace pelcp {
namespace {

constexpr std::size_t block_bytes = 1024 * 1024;

struct digest {
    std::size_t bytes = 0;
    XXH64_hash_t hash = 0;

    friend bool operator==(const digest&, const digest&) = default;
};

std::optional<digest> digest_at(job& on, int descriptor, std::uint64_t at,
                                const std::string& name) {
    thread_local const auto memory = std::make_unique<std::byte[]>(block_bytes);
    digest read;
    while (read.bytes < block_bytes) {
        const auto got = on.calls().pread(
            descriptor, std::span(memory.get() + read.bytes, block_bytes - read.bytes),
            at + read.bytes);
        if (!got) {
            on.counts.complain("error reading " + name, got.error());
            return std::nullopt;
        }
        if (*got == 0) {
            break;
        }
        read.bytes += *got;
    }
    read.hash = XXH3_64bits(memory.get(), read.bytes);
    return read;
}

}  // namespace

void verify_content(job& on, const entry& one, int from, int into) {
    static_cast<void>(on.calls().fsync(into, true));
    static_cast<void>(on.calls().fadvise(into, 0, 0, POSIX_FADV_DONTNEED));
    const auto source = on.source(one);
    const auto target = on.target(one);
    for (std::uint64_t at = 0;;) {
        const auto expected = digest_at(on, from, at, source);
        const auto found = expected ? digest_at(on, into, at, target) : std::nullopt;
        if (!found) {
            return;
        }
        if (*expected != *found) {
            on.counts.complain(fmt::format("{} differs from {} in bytes {} to {}", target, source,
                                           at, at + std::max(expected->bytes, found->bytes) - 1));
            return;
        }
        if (expected->bytes < block_bytes) {
            ++on.counts.verified;
            return;
        }
        at += block_bytes;
    }
}

}  // namespace pelcp
