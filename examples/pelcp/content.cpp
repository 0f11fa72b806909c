#include <pelton/examples/pelcp/content.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>

namespace pelcp {
namespace {

using pelton::calls_face;
using pelton::metadata;

// What stays in a core's second-level cache between the read and the write.
constexpr std::size_t block_bytes = 256 * 1024;

std::span<std::byte> block() {
    thread_local const auto memory = std::make_unique<std::byte[]>(block_bytes);
    return {memory.get(), block_bytes};
}

std::uint64_t size_now(calls_face& calls, int from, std::uint64_t otherwise) {
    const auto seen = pelton::read_metadata(calls, from, "", AT_EMPTY_PATH);
    return seen ? seen->bytes : otherwise;
}

std::error_code write_all(calls_face& calls, int into, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto put = calls.write(into, bytes);
        if (!put) {
            return put.error();
        }
        if (*put == 0) {
            return std::make_error_code(std::errc::io_error);
        }
        bytes = bytes.subspan(*put);
    }
    return {};
}

std::error_code write_all_at(calls_face& calls, int into, std::span<const std::byte> bytes,
                             std::uint64_t at) {
    while (!bytes.empty()) {
        const auto put = calls.pwrite(into, bytes, at);
        if (!put) {
            return put.error();
        }
        if (*put == 0) {
            return std::make_error_code(std::errc::io_error);
        }
        bytes = bytes.subspan(*put);
        at += *put;
    }
    return {};
}

std::uint64_t pair_of(std::uint64_t from, std::uint64_t into) noexcept {
    return (from * 0x9e3779b97f4a7c15U) ^ (into + 1);
}

bool never_for_these_devices(std::error_code why) noexcept {
    return why == std::errc::operation_not_supported || why == std::errc::cross_device_link ||
           why == std::errc::inappropriate_io_control_operation ||
           why == std::errc::function_not_supported;
}

// Copies [at, end); stops early at the end of the file.
void copy_run(workshop& shop, int from, segment run, int into, content_outcome& outcome) {
    while (run.at < run.end) {
        const auto room = block().first(std::min<std::uint64_t>(block_bytes, run.end - run.at));
        const auto got = shop.calls.pread(from, room, run.at);
        if (!got) {
            outcome.reading = got.error();
            return;
        }
        if (*got == 0) {
            outcome.source_end = std::min(outcome.source_end, run.at);
            return;
        }
        outcome.writing = write_all_at(shop.calls, into, room.first(*got), run.at);
        if (outcome.writing) {
            return;
        }
        run.at += *got;
        outcome.bytes += *got;
        shop.bytes_done.fetch_add(*got, std::memory_order_relaxed);
    }
}

}  // namespace

pelton::result<void> clone_content(workshop& shop, int from, const metadata& about, int into,
                                   std::uint64_t into_device) {
    const auto pair = pair_of(about.device, into_device);
    if (shop.wanted.reflink == choice::automatic &&
        shop.clone_refused.load(std::memory_order_relaxed) == pair) {
        return pelton::failure(EOPNOTSUPP);
    }
    const auto cloned = shop.calls.clone_file(from, into);
    if (!cloned && never_for_these_devices(cloned.error())) {
        shop.clone_refused.store(pair, std::memory_order_relaxed);
    }
    return cloned;
}

bool has_holes(const settings& wanted, const metadata& about) noexcept {
    return wanted.sparse != choice::never && about.type == pelton::file_type::regular &&
           about.allocated_bytes < about.bytes;
}

std::optional<std::vector<segment>> find_segments(calls_face& calls, int from, std::uint64_t size,
                                                  std::size_t most) {
    std::vector<segment> found;
    for (std::uint64_t at = 0; at < size;) {
        const auto data = calls.lseek(from, at, SEEK_DATA);
        if (!data) {
            if (data.error() == std::errc::no_such_device_or_address) {
                break;  // only a hole follows
            }
            return std::vector<segment>{{0, size}};  // a file system that cannot tell
        }
        const auto hole = calls.lseek(from, *data, SEEK_HOLE);
        at = hole ? std::min(*hole, size) : size;
        if (*data >= size) {
            break;
        }
        if (found.size() == most) {
            return std::nullopt;
        }
        found.push_back({*data, at});
    }
    return found;
}

content_outcome copy_stream(workshop& shop, int from, const metadata& about, int into) {
    content_outcome outcome;
    auto limit = about.bytes;  // where a growing file is left alone
    const bool sized = about.type == pelton::file_type::regular && about.bytes > 0;
    for (;;) {
        const auto got = shop.calls.read(from, block());
        if (!got) {
            outcome.reading = got.error();
            return outcome;
        }
        outcome.writing = write_all(shop.calls, into, block().first(*got));
        if (outcome.writing) {
            return outcome;
        }
        outcome.bytes += *got;
        shop.bytes_done.fetch_add(*got, std::memory_order_relaxed);
        if (*got == 0) {
            break;
        }
        if (sized && outcome.bytes >= limit) {
            if (outcome.bytes == about.bytes && *got < block_bytes) {
                return outcome;  // the read stopped where the file ended: no need to ask again
            }
            const auto now = size_now(shop.calls, from, about.bytes);
            if (outcome.bytes >= now) {
                break;
            }
            if (outcome.changed) {
                return outcome;  // it grows as fast as it is copied
            }
            outcome.changed = true;
            limit = now;
        }
    }
    // Files of sysfs end before they say and are whole all the same: only a size that is another
    // one now is a change.
    outcome.changed = outcome.changed || (sized && outcome.bytes != about.bytes &&
                                          size_now(shop.calls, from, about.bytes) != about.bytes);
    return outcome;
}

content_outcome copy_segments(workshop& shop, int from, const metadata& about, int into) {
    content_outcome outcome;
    for (std::uint64_t at = 0; at < about.bytes && !outcome.failed();) {
        const auto data = shop.calls.lseek(from, at, SEEK_DATA);
        if (!data && data.error() == std::errc::no_such_device_or_address) {
            break;
        }
        const auto start = data ? *data : at;
        const auto hole = data ? shop.calls.lseek(from, start, SEEK_HOLE) : data;
        at = hole ? std::min(*hole, about.bytes) : about.bytes;
        copy_run(shop, from, {start, at}, into, outcome);
    }
    finish_content(shop, from, about, into, outcome);
    return outcome;
}

void finish_content(workshop& shop, int from, const metadata& about, int into,
                    content_outcome& outcome) {
    if (outcome.failed()) {
        // What is there must not look whole: zeros up to the full size would.
        if (outcome.end != UINT64_MAX) {
            static_cast<void>(shop.calls.ftruncate(into, outcome.end));
        }
        return;
    }
    const auto now = size_now(shop.calls, from, about.bytes);
    outcome.changed = now != about.bytes;
    if (now > about.bytes) {
        copy_run(shop, from, {about.bytes, now}, into, outcome);
    }
    // Files of sysfs end before they say.
    if (const auto sized = shop.calls.ftruncate(into, std::min(now, outcome.source_end)); !sized) {
        outcome.writing = sized.error();
    }
}

void report_content(job& on, const entry& one, const content_outcome& outcome) {
    on.counts.bytes += outcome.bytes;
    on.counts.cloned += outcome.cloned ? 1 : 0;
    if (outcome.reading) {
        on.counts.complain("error reading " + on.source(one), outcome.reading);
    }
    if (outcome.writing) {
        on.counts.complain("error writing " + on.target(one), outcome.writing);
    }
    if (outcome.changed && !outcome.failed()) {
        on.counts.complain("file " + on.source(one) + " changed size while it was copied");
    }
}

}  // namespace pelcp
