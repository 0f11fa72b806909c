// The line that tells how far the copy is: how much, how fast, how long still.
#pragma once

#include <pelton/examples/pelcp/reporter.hpp>
#include <pelton/examples/pelcp/survey.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pelcp {

// Whether there shall be one: on a terminal, unless the user says otherwise.
bool shows_progress(pelton::calls_face& calls, const settings& wanted);

struct progress_now {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
    std::uint64_t bytes_in_all = 0;  // 0: not known
    std::uint64_t files_in_all = 0;
    std::uint64_t nanoseconds = 0;  // since the beginning
};

std::string progress_line(const progress_now& now);

// Shows it twice a second until asked to stop.
pelton::task<> show_progress(pelton::shard& here, workshop& shop, reporter& told, survey& counted);

// Counts what there is to copy, once it is sure that the copy takes a while.
pelton::task<> take_survey(pelton::shard& here, survey& counted,
                           const std::vector<std::shared_ptr<const listing>>& rounds);

}  // namespace pelcp
