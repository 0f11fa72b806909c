// The bytes of a file, copied by calls that block: for a thread.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

namespace pelcp {

struct content_outcome {
    std::uint64_t bytes = 0;
    std::uint64_t end = UINT64_MAX;         // where the first byte is missing, if writing failed
    std::uint64_t source_end = UINT64_MAX;  // where reading came to the end before it should have
    bool cloned = false;
    bool refused = false;  // only a clone would have done, and a complaint was made
    bool changed = false;  // the source had another size at the end than at the beginning
    std::error_code reading;
    std::error_code writing;

    bool failed() const noexcept { return reading || writing || refused; }
};

// One run of data, between holes.
struct segment {
    std::uint64_t at = 0;
    std::uint64_t end = 0;
};

// Tries to let the target share the source's blocks. An error says why not; EOPNOTSUPP and the like
// are remembered for the pair of devices, and then nothing is tried.
pelton::result<void> clone_content(workshop& shop, int from, const pelton::metadata& about,
                                   int into, std::uint64_t into_device);

// Whether fewer blocks are there than bytes.
bool has_holes(const settings& wanted, const pelton::metadata& about) noexcept;

// The data of a file with holes, at most `most` runs of it; empty when there are more.
std::optional<std::vector<segment>> find_segments(pelton::calls_face& calls, int from,
                                                  std::uint64_t size, std::size_t most);

// Copies from where both descriptors stand to the source's end. `about.bytes` 0 means that the size
// is not known, as in procfs.
content_outcome copy_stream(workshop& shop, int from, const pelton::metadata& about, int into);

// Copies the data and leaves the holes; `into` must be an empty regular file.
content_outcome copy_segments(workshop& shop, int from, const pelton::metadata& about, int into);

// What follows the data at its end: the bytes by which the source grew meanwhile, once, and the
// size, which is not that of the data where a hole is last or where a write failed.
void finish_content(workshop& shop, int from, const pelton::metadata& about, int into,
                    content_outcome& outcome);

// Adds what the outcome tells to the job's tally: bytes, complaints.
void report_content(job& on, const entry& one, const content_outcome& outcome);

}  // namespace pelcp
