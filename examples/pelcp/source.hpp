// The file that is read.
#pragma once

#include <pelton/examples/pelcp/descriptor.hpp>
#include <pelton/examples/pelcp/workshop.hpp>

#include <optional>

namespace pelcp {

// Whether a symbolic link in the place of `one` stands for what it points to.
bool follows(const settings& wanted, const entry& one) noexcept;

// statx(2) of what `one` names. Complains when there is nothing.
std::optional<pelton::metadata> look_at_source(job& on, const entry& one);

struct source_file {
    descriptor handle;
    pelton::metadata about;
};

// Opens it for reading; `blocking` waits for the other side of a fifo, otherwise a fifo that took
// the place of a file since it was looked at cannot hold the copy up. Complains when it cannot be
// opened.
std::optional<source_file> open_source(job& on, const entry& one, bool blocking);

}  // namespace pelcp
