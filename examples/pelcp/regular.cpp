#include <pelton/examples/pelcp/attributes.hpp>
#include <pelton/examples/pelcp/regular.hpp>
#include <pelton/examples/pelcp/verify.hpp>

namespace pelcp {
namespace {

using pelton::file_type;

// -n leaves what is there alone; with --verify it is at least compared.
void verify_skipped(job& on, const entry& one, const source_file& from) {
    if (const auto into = open_existing_target(on, one)) {
        verify_content(on, one, from.handle.number(), into->handle.number());
    }
}

bool both_regular(const opened_pair& pair) noexcept {
    return pair.from.about.type == file_type::regular && pair.into.regular;
}

content_outcome copy_bytes(job& on, const entry& one, const opened_pair& pair) {
    if (const auto cloned = try_clone(on, one, pair)) {
        return *cloned;
    }
    const auto& about = pair.from.about;
    const int from = pair.from.handle.number();
    const int into = pair.into.handle.number();
    return both_regular(pair) && has_holes(on.wanted(), about)
               ? copy_segments(on.shop, from, about, into)
               : copy_stream(on.shop, from, about, into);
}

// Whether this is a file for here and now.
std::optional<regular_outcome> put_off(job& on, const entry& one, const source_file& from,
                                       bool claimed) {
    if (!is_copied_by_bytes(on, one, from)) {
        return regular_outcome::failed;
    }
    if (!claimed && on.wanted().keep.links && from.about.links > 1) {
        return regular_outcome::is_linked;
    }
    if (from.about.bytes >= large_bytes && from.about.type == file_type::regular) {
        return regular_outcome::is_large;
    }
    return std::nullopt;
}

}  // namespace

std::optional<source_file> open_regular(job& on, const entry& one) {
    // Without -r a fifo is read to its end, as cat would; in a tree it is never opened for reading.
    return open_source(on, one, one.operand && !on.wanted().recursive);
}

bool is_copied_by_bytes(job& on, const entry& one, const source_file& from) {
    if (from.about.type == file_type::directory) {
        on.counts.complain("cannot open " + on.source(one) + " for reading",
                           std::make_error_code(std::errc::is_a_directory));
        return false;
    }
    if (from.about.type != file_type::regular && on.wanted().recursive) {
        on.counts.complain("skipping file " + on.source(one) +
                           ", as it was replaced while being copied");
        return false;
    }
    return true;
}

std::optional<opened_pair> open_pair(job& on, const entry& one, source_file from) {
    const auto skipped_before = on.counts.skipped;
    auto into = open_target(on, one, from.about);
    if (!into) {
        if (on.counts.skipped > skipped_before && on.wanted().verify) {
            verify_skipped(on, one, from);
        }
        return std::nullopt;
    }
    on.say_copied(one);
    return opened_pair{std::move(from), std::move(*into)};
}

std::optional<content_outcome> try_clone(job& on, const entry& one, const opened_pair& pair) {
    if (on.wanted().reflink == choice::never || !both_regular(pair)) {
        return std::nullopt;
    }
    content_outcome outcome;
    const auto cloned = clone_content(on.shop, pair.from.handle.number(), pair.from.about,
                                      pair.into.handle.number(), on.in.into.device);
    if (cloned) {
        outcome.cloned = true;
        return outcome;
    }
    if (on.wanted().reflink == choice::always) {
        on.counts.complain("failed to clone " + on.target(one) + " from " + on.source(one),
                           cloned.error());
        outcome.refused = true;
        return outcome;
    }
    return std::nullopt;
}

void finish_regular(job& on, const entry& one, const opened_pair& pair,
                    const content_outcome& outcome) {
    report_content(on, one, outcome);
    on.shop.files_done.fetch_add(1, std::memory_order_relaxed);
    if (outcome.failed()) {
        return;  // half a copy must not look like a whole one
    }
    ++on.counts.files;
    const int from = pair.from.handle.number();
    const int into = pair.into.handle.number();
    if (on.wanted().verify && both_regular(pair)) {
        verify_content(on, one, from, into);
    }
    if (on.wanted().sync && one.target_named) {
        // The user's name may be a link to a file system of which nobody else knows.
        if (const auto synced = on.calls().fsync(into, false); !synced) {
            on.counts.complain("error syncing " + on.target(one), synced.error());
        }
    }
    if (pair.into.regular) {
        keep_attributes(on, one, from, pair.from.about, into,
                        {.created = pair.into.created, .mode = pair.into.mode, .is_folder = false});
    }
}

regular_outcome copy_regular(job& on, const entry& one, bool claimed, identity& which) {
    auto from = open_regular(on, one);
    if (!from) {
        return regular_outcome::failed;
    }
    which = identity_of(from->about);
    if (const auto later = put_off(on, one, *from, claimed)) {
        return *later;
    }
    auto pair = open_pair(on, one, std::move(*from));
    if (!pair) {
        return regular_outcome::failed;
    }
    const auto outcome = copy_bytes(on, one, *pair);
    finish_regular(on, one, *pair, outcome);
    if (const auto closed = pair->into.handle.close(); !closed && !outcome.failed()) {
        on.counts.complain("failed to close " + on.target(one), closed.error());
        return regular_outcome::failed;
    }
    return outcome.failed() ? regular_outcome::failed : regular_outcome::done;
}

}  // namespace pelcp
