// What the user sees while the copy runs: lines, complaints and, on a terminal, how far it is.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>

#include <string>

namespace pelcp {

class reporter {
public:
    explicit reporter(const workshop& shop) noexcept : shop_(shop) {}

    // Prints what the job said, and adds it all up.
    void take(tally&& part);

    // Shows one line in place of the last; an empty one clears it.
    void show(const std::string& line);

    const tally& total() const noexcept { return total_; }

private:
    const workshop& shop_;
    tally total_;
    bool line_shown_ = false;
};

}  // namespace pelcp
