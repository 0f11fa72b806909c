#include <pelton/examples/pelcp/kernel_info.hpp>
#include <pelton/runtime/ring/capabilities.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace pelcp {
namespace {

std::string limit_text(std::uint64_t limit, std::uint64_t unit, const char* name) {
    return limit == UINT64_MAX ? "unlimited" : fmt::format("{} {}", limit / unit, name);
}

}  // namespace

pelton::task<int> show_kernel_info(pelton::shard& here) {
    auto& calls = here.calls();
    fmt::print("kernel: {}\n{}", calls.release(), pelton::describe(here.known()));
    fmt::print("limit: memory that may be locked (RLIMIT_MEMLOCK) {}{}\n",
               limit_text(calls.memlock_limit(), 1024, "KiB"),
               calls.effective_user() == 0 ? "; root is exempt" : "");
    fmt::print("limit: open descriptors (RLIMIT_NOFILE) {}\n",
               limit_text(calls.descriptor_limit(), 1, "files"));
    auto& pages = here.pages();
    if (pages.registered()) {
        fmt::print("pages: {} KiB, registered\n", pages.memory().bytes() / 1024);
    } else {
        fmt::print("pages: {} KiB, not registered: every transfer pins its pages anew\n",
                   pages.memory().bytes() / 1024);
    }
    co_return 0;
}

}  // namespace pelcp
