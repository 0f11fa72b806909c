// One regular file, from opening to closing, by calls that block: for a thread.
#pragma once

#include <pelton/examples/pelcp/content.hpp>
#include <pelton/examples/pelcp/source.hpp>
#include <pelton/examples/pelcp/target.hpp>

#include <cstdint>
#include <optional>

namespace pelcp {

// From this size on a file is copied in overlapped pieces by the ring.
inline constexpr std::uint64_t large_bytes = std::uint64_t{4} << 20;

enum class regular_outcome : std::uint8_t {
    done,  // copied, or complained about
    failed,
    is_linked,  // has other names, and whoever asked must first know whether one was copied
    is_large
};

// `claimed`: it is copied even if it has other names.
regular_outcome copy_regular(job& on, const entry& one, bool claimed, identity& which);

// Both ends of a copy that has begun.
struct opened_pair {
    source_file from;
    target_file into;
};

// Opens what the walk took for a regular file.
std::optional<source_file> open_regular(job& on, const entry& one);

// Whether what was opened can be copied as bytes: it may be another file than the walk saw. Says so
// if not.
bool is_copied_by_bytes(job& on, const entry& one, const source_file& from);

// Opens the target for a source that is open, and says so with -v.
std::optional<opened_pair> open_pair(job& on, const entry& one, source_file from);

// Clones, when that is wanted and possible: then, or when cloning alone would do and failed, the
// outcome. Otherwise the bytes are still to be copied.
std::optional<content_outcome> try_clone(job& on, const entry& one, const opened_pair& pair);

// What follows the bytes, apart from closing: attributes and verification.
void finish_regular(job& on, const entry& one, const opened_pair& pair,
                    const content_outcome& outcome);

}  // namespace pelcp
