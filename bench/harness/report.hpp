// Prints results: a table for people, or one JSON object a line for programs.
#pragma once

#include <pelton/bench/harness/pairing.hpp>
#include <pelton/bench/harness/settings.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace pelton::bench {

// A bar for one metric against one rival, as a ratio.
struct bar {
    std::size_t rival;
    std::size_t metric;
    double ratio;
};

class report {
public:
    // Prints the machine's description.
    report(std::string bench, const settings& s);

    // Every metric of Pelton against every rival.
    void add(const std::string& case_name, const pairing& pairs, const std::vector<bar>& bars = {});

    // A single measured pair without noise, as an instruction count is.
    void add_exact(const std::string& case_name, const std::string& rival, const metric& what,
                   double ours, double theirs, std::optional<double> bar_ratio = {});

    // A sentence. With --json it goes to standard error, so that every line of the output parses.
    void note(std::string_view sentence) const;

private:
    struct row {
        std::string case_name;
        std::string rival;
        metric what;
        double ours;
        double theirs;
        estimate ratio;
        std::optional<double> bar_ratio;
        verdict judged;
    };
    void print(const row& r);
    void print_json(const row& r) const;

    std::string bench_;
    bool json_;
    std::string last_case_;
};

}  // namespace pelton::bench
