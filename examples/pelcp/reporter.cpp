#include <pelton/examples/pelcp/reporter.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace pelcp {
namespace {

// Unlike fmt::print(), which throws: where nobody can be told, the copy goes on.
void write(const std::string& text) noexcept {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

void reporter::take(tally&& part) {
    if (!part.said.empty() || !part.complaints.empty()) {
        show("");
    }
    if (!part.said.empty()) {
        // With --json the one thing on standard output is the summary.
        std::fwrite(part.said.data(), 1, part.said.size(), shop_.wanted.json ? stderr : stdout);
        part.said.clear();
    }
    for (const auto& sentence : part.complaints) {
        write(fmt::format("pelcp: {}\n", sentence));
    }
    if (!shop_.wanted.json) {
        part.complaints.clear();  // the summary is the only one that asks for them again
    }
    total_.add(std::move(part));
}

void reporter::show(const std::string& line) {
    if (line.empty() && !line_shown_) {
        return;
    }
    write(fmt::format("\r{}\x1b[K", line));
    std::fflush(stderr);
    line_shown_ = !line.empty();
}

}  // namespace pelcp
