#include <pelton/examples/pelcp/kernel_copy.hpp>
#include <pelton/examples/pelcp/large_file.hpp>
#include <pelton/examples/pelcp/regular.hpp>
#include <pelton/runtime/op/transfer.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <fcntl.h>

#include <algorithm>
#include <vector>

namespace pelcp {
namespace {

using pelton::task;

// 256 KiB: larger ones are no faster from the page cache, and so many small ones keep a disk busy.
constexpr std::size_t piece_pages = 64;
constexpr unsigned pieces_at_once = 16;
// A file with more runs of data than this is copied by one thread: its pieces would be small.
constexpr std::size_t segments_max = 1024;

// What is left to copy. Shared by the lanes, which run on one thread.
struct pieces {
    std::vector<segment> segments;
    std::size_t current = 0;
    content_outcome outcome;

    // The next piece of at most `most` bytes; empty at the end, or after an error.
    segment next(std::uint64_t most) {
        while (current < segments.size() && segments[current].at >= segments[current].end) {
            ++current;
        }
        if (current == segments.size() || outcome.failed()) {
            return {};
        }
        auto& rest = segments[current];
        const auto at = rest.at;
        rest.at += std::min(most, rest.end - rest.at);
        return {at, rest.at};
    }
};

task<> copy_pieces(pelton::shard& here, workshop& shop, pelton::target& from, pelton::target& into,
                   pieces& left) {
    auto pages = co_await here.pages().take(piece_pages);
    if (!pages) {
        left.outcome.reading = pages.error();
        co_return;
    }
    for (;;) {
        const auto piece = left.next(pages->size());
        if (piece.at == piece.end) {
            co_return;
        }
        const auto wanted = pages->first(piece.end - piece.at);
        const auto got = co_await pelton::whole_transfer(here, pelton::direction::reading, from,
                                                         wanted, piece.at, nullptr);
        if (!got) {
            left.outcome.reading = got.error();
            left.outcome.end = std::min(left.outcome.end, piece.at);
            continue;
        }
        if (*got < wanted.bytes()) {
            left.outcome.source_end = std::min(left.outcome.source_end, piece.at + *got);
        }
        if (*got > 0) {
            std::size_t moved = 0;
            const auto put = co_await pelton::whole_transfer(here, pelton::direction::writing, into,
                                                             wanted.first(*got), piece.at, &moved);
            left.outcome.bytes += moved;
            shop.bytes_done.fetch_add(moved, std::memory_order_relaxed);
            if (!put) {
                left.outcome.writing = put.error();
                left.outcome.end = std::min(left.outcome.end, piece.at + moved);
            }
        }
    }
}

// Opens both ends and finds out what is to be copied; an outcome when nothing is left to.
struct preparation {
    std::optional<opened_pair> pair;
    std::optional<content_outcome> outcome;
    std::vector<segment> segments;
};

preparation prepare(job& on, const entry& one) {
    preparation ready;
    auto source = open_regular(on, one);
    if (!source || !is_copied_by_bytes(on, one, *source)) {
        return ready;
    }
    ready.pair = open_pair(on, one, std::move(*source));
    if (!ready.pair) {
        return ready;
    }
    ready.outcome = try_clone(on, one, *ready.pair);
    if (ready.outcome) {
        return ready;
    }
    const auto& about = ready.pair->from.about;
    const int from = ready.pair->from.handle.number();
    const int into = ready.pair->into.handle.number();
    if (!ready.pair->into.regular || about.type != pelton::file_type::regular) {
        ready.outcome = copy_stream(on.shop, from, about, into);
    } else if (!has_holes(on.wanted(), about)) {
        if (auto copied = copy_in_kernel(on.shop, from, about, into)) {
            finish_content(on.shop, from, about, into, *copied);
            ready.outcome = *copied;
            return ready;
        }
        // Blocks in one run, which the pieces then need not ask for one by one: a fifth less work
        // on ext4. The size stays that of what was written, for whoever finds the file after a
        // crash.
        static_cast<void>(on.calls().fallocate(into, FALLOC_FL_KEEP_SIZE, 0, about.bytes));
        ready.segments = {{0, about.bytes}};
    } else if (auto found = find_segments(on.calls(), from, about.bytes, segments_max)) {
        ready.segments = std::move(*found);
    } else {
        ready.outcome = copy_segments(on.shop, from, about, into);
    }
    return ready;
}

task<content_outcome> copy_in_lanes(pelton::shard& here, workshop& shop, opened_pair& pair,
                                    std::vector<segment> segments) {
    // The descriptors stay the pair's: what comes after the bytes needs them too.
    pelton::target from(pair.from.handle.number());
    pelton::target into(pair.into.handle.number());
    pieces left;
    left.segments = std::move(segments);
    auto body = [&](pelton::children& lanes) -> task<> {
        for (unsigned i = 0; i < pieces_at_once; ++i) {
            lanes.spawn([&] { return copy_pieces(here, shop, from, into, left); }, "piece");
        }
        co_return;
    };
    co_await pelton::scope(body);
    co_return left.outcome;
}

}  // namespace

task<bool> copy_large(pelton::shard& here, job& on, entry one) {
    auto begin = [&] { return prepare(on, one); };
    auto ready = co_await pelton::offload(here, begin);
    if (!ready.pair) {
        co_return false;
    }
    auto outcome = ready.outcome;
    if (!outcome) {
        outcome = co_await copy_in_lanes(here, on.shop, *ready.pair, std::move(ready.segments));
        const auto& about = ready.pair->from.about;
        auto end = [&] {
            finish_content(on.shop, ready.pair->from.handle.number(), about,
                           ready.pair->into.handle.number(), *outcome);
        };
        co_await pelton::offload(here, end);
    }
    auto finish = [&] {
        finish_regular(on, one, *ready.pair, *outcome);
        const auto closed = ready.pair->into.handle.close();
        if (!closed && !outcome->failed()) {
            on.counts.complain("failed to close " + on.target(one), closed.error());
        }
        return closed.has_value();
    };
    const bool closed = co_await pelton::offload(here, finish);
    co_return closed && !outcome->failed();
}

}  // namespace pelcp
