#include <pelton/runtime/shard/degraded_pages.hpp>

#include <fmt/format.h>

namespace pelton {

std::string fewer_registered_pages(calls_face& calls, std::size_t got, std::size_t wanted) {
    const auto limit = calls.memlock_limit() / 1024;
    if (got == 0) {
        return fmt::format(
            "RLIMIT_MEMLOCK ({} KiB) does not allow registered pages: direct I/O costs more CPU; "
            "raise it (ulimit -l, LimitMEMLOCK=) or grant CAP_IPC_LOCK",
            limit);
    }
    return fmt::format(
        "RLIMIT_MEMLOCK ({} KiB) allows {} KiB of registered pages instead of {} KiB; raise it "
        "(ulimit -l, LimitMEMLOCK=) or grant CAP_IPC_LOCK",
        limit, got / 1024, wanted / 1024);
}

std::string no_registered_pages(std::error_code why) {
    return fmt::format("pages are not registered with the kernel ({}): direct I/O costs more CPU",
                       why.message());
}

}  // namespace pelton
