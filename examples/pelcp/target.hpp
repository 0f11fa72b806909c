// The file that is written. It is opened after its source, and loses its old bytes only then.
#pragma once

#include <pelton/examples/pelcp/descriptor.hpp>
#include <pelton/examples/pelcp/workshop.hpp>

#include <optional>

namespace pelcp {

struct target_file {
    descriptor handle;
    bool created = false;  // it was not there before
    bool regular = true;
    unsigned mode = 0;  // it was asked to have when created, before the umask
};

// Makes the file or empties the one that is there. Below a directory that the user named no link is
// followed and no special file written: whoever can write there could place one. Nothing is
// returned when it was left alone, with a complaint unless -n says so.
std::optional<target_file> open_target(job& on, const entry& one, const pelton::metadata& from);

// Opens what is there for reading, to compare it.
std::optional<target_file> open_existing_target(job& on, const entry& one);

// Removes a non-directory that is in the way of something that cannot be written into it. True when
// the name can be used now; otherwise it has complained.
bool clear_target(job& on, const entry& one);

}  // namespace pelcp
