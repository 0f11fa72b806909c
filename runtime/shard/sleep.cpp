#include <pelton/runtime/shard/sleep.hpp>

#include <fmt/format.h>

namespace pelton {

std::size_t sleep_awaiter::describe(char* into, std::size_t room) const noexcept {
    return fmt::format_to_n(into, room, "sleep of {} ns", length_.count()).size;
}

}  // namespace pelton
