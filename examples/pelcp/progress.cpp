#include <pelton/examples/pelcp/progress.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace pelcp {
namespace {

using namespace std::chrono_literals;

constexpr auto between_lines = 500ms;
constexpr auto before_survey = 1s;  // a copy shorter than this is not slowed down by counting
constexpr int standard_error = 2;
constexpr unsigned columns_if_unknown = 80;

std::string size_text(double bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    for (; bytes >= 1000 && unit + 1 < units.size(); ++unit) {
        bytes /= 1024;
    }
    return unit == 0 || bytes >= 100 ? fmt::format("{:.0f} {}", bytes, units[unit])
                                     : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string time_text(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
    if (whole < 60) {
        return fmt::format("{} s", whole);
    }
    return whole < 3600 ? fmt::format("{}:{:02} min", whole / 60, whole % 60)
                        : fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

// By bytes or by files, whichever takes longer: small files cost more than their bytes.
double seconds_left(const progress_now& now, double seconds) {
    const auto left = [&](std::uint64_t done, std::uint64_t in_all) {
        return done == 0 || in_all <= done
                   ? 0.0
                   : static_cast<double>(in_all - done) * seconds / static_cast<double>(done);
    };
    return std::max(left(now.bytes, now.bytes_in_all), left(now.files, now.files_in_all));
}

}  // namespace

bool shows_progress(pelton::calls_face& calls, const settings& wanted) {
    return wanted.progress == choice::always ||
           (wanted.progress == choice::automatic && calls.is_terminal(standard_error));
}

std::string progress_line(const progress_now& now) {
    const double seconds = static_cast<double>(now.nanoseconds) / 1e9;
    const auto bytes = static_cast<double>(now.bytes);
    auto line = fmt::format("{} files, {}", now.files, size_text(bytes));
    if (now.bytes_in_all > 0) {
        line += fmt::format(" of {} ({:.0f} %)", size_text(static_cast<double>(now.bytes_in_all)),
                            std::min(100.0, 100 * bytes / static_cast<double>(now.bytes_in_all)));
    }
    if (seconds > 0) {
        line += fmt::format(", {}/s", size_text(bytes / seconds));
    }
    if (now.files_in_all > 0) {
        line += fmt::format(", {} left", time_text(seconds_left(now, seconds)));
    }
    return line;
}

pelton::task<> show_progress(pelton::shard& here, workshop& shop, reporter& told, survey& counted) {
    const auto begun_ns = here.calls().now_ns();
    while (co_await pelton::sleep(between_lines)) {
        const bool is_known = counted.complete();
        const auto line = progress_line({.bytes = shop.bytes_done.load(),
                                         .files = shop.files_done.load(),
                                         .bytes_in_all = is_known ? counted.bytes() : 0,
                                         .files_in_all = is_known ? counted.files() : 0,
                                         .nanoseconds = here.calls().now_ns() - begun_ns});
        const auto columns = here.calls().terminal_columns(standard_error);
        told.show(line.substr(0, (columns && *columns > 1 ? *columns : columns_if_unknown) - 1));
    }
}

pelton::task<> take_survey(pelton::shard& here, survey& counted,
                           const std::vector<std::shared_ptr<const listing>>& rounds) {
    if (co_await pelton::sleep(before_survey)) {
        auto run = [&] { counted.run(rounds); };
        co_await pelton::offload(here, run);
    }
}

}  // namespace pelcp
