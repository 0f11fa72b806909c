#include <pelton/runtime/runtime.hpp>

#include <fmt/format.h>

#include <cstdio>

namespace pelton::detail {

int exit_code(const std::exception_ptr& thrown) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const ended_by_signal& ended) {
        return 128 + ended.number;
    } catch (const std::exception& error) {
        fmt::print(stderr, "pelton: {}\n", error.what());
    } catch (...) {
        fmt::print(stderr, "pelton: the main task threw something that is no std::exception\n");
    }
    return 1;
}

int exit_code(std::error_code error) noexcept {
    fmt::print(stderr, "pelton: {}\n", error.message());
    return 1;
}

int run_shard(options with, const std::function<int(shard&)>& start) noexcept {
    try {
        shard here(std::move(with));
        return start(here);
    } catch (...) {
        return exit_code(std::current_exception());
    }
}

}  // namespace pelton::detail
