#include <pelton/runtime/op/stop_on_signals.hpp>

#include <array>

namespace pelton::detail {
namespace {

constexpr std::array quit_numbers{SIGINT, SIGTERM};

}  // namespace

quit_signals::quit_signals(shard& here) : signals(here, quit_numbers, true) {}

flow watch_quit(flow_group& group, quit_signals& quit, int& caught) {
    const auto number = co_await quit.next();
    if (number) {
        caught = *number;
        group.request_stop();
    }
}

}  // namespace pelton::detail
