// What all jobs of one run share, and what one job on a thread works with.
#pragma once

#include <pelton/examples/pelcp/folder.hpp>
#include <pelton/examples/pelcp/listing.hpp>
#include <pelton/examples/pelcp/quoted.hpp>
#include <pelton/examples/pelcp/settings.hpp>
#include <pelton/examples/pelcp/tally.hpp>
#include <pelton/runtime/kernel/calls.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace pelcp {

struct workshop {
    workshop(pelton::calls_face& kernel, const settings& asked)
        : calls(kernel),
          wanted(asked),
          umask(kernel.umask()),
          privileged(kernel.effective_user() == 0) {}

    // Constant after construction
    pelton::calls_face& calls;
    const settings& wanted;
    unsigned umask;
    bool privileged;

    // Any thread
    std::atomic<std::uint64_t> bytes_done{0};  // what the progress line shows
    std::atomic<std::uint64_t> files_done{0};
    // The devices between which cloning was refused last: files there are not asked again.
    std::atomic<std::uint64_t> clone_refused{0};
};

struct job {
    job(workshop& all, folder& where) : shop(all), in(where) {}

    workshop& shop;
    folder& in;
    tally counts;

    pelton::calls_face& calls() const noexcept { return shop.calls; }
    const settings& wanted() const noexcept { return shop.wanted; }

    // Both names of an entry as messages show them.
    std::string source(const entry& one) const {
        return in_quotes(in.source_path(one.source_name));
    }
    std::string target(const entry& one) const {
        return in_quotes(in.target_path(one.target_name));
    }

    void say_copied(const entry& one) {
        if (shop.wanted.verbose) {
            counts.say(source(one) + " -> " + target(one));
        }
    }
};

}  // namespace pelcp
