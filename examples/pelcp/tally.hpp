// What was copied, what was said and what went wrong. Every job on a thread fills one of its own;
// the shard adds them up and prints, so that lines of two threads never mix.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace pelcp {

struct tally {
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t symlinks = 0;
    std::uint64_t hard_links = 0;
    std::uint64_t specials = 0;  // fifos, sockets, device nodes
    std::uint64_t skipped = 0;   // left alone because of -n
    std::uint64_t bytes = 0;     // of data; holes are not counted
    std::uint64_t cloned = 0;    // files whose data is shared with the source
    std::uint64_t verified = 0;
    std::uint64_t errors = 0;

    std::string said;                     // lines for standard output
    std::vector<std::string> complaints;  // sentences for standard error

    void say(std::string_view line);
    void warn(std::string sentence) { complaints.push_back(std::move(sentence)); }
    void complain(std::string sentence) {
        ++errors;
        warn(std::move(sentence));
    }
    void complain(std::string sentence, std::error_code why);

    void add(tally&& other);
};

}  // namespace pelcp
