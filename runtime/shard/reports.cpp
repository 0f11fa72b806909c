// What a shard tells people who cannot be told by a return value.
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fmt/format.h>

#include <cstdio>

namespace pelton {

void shard::notice(std::string_view sentence) {
    if (options_.notice) {
        options_.notice(sentence);
        return;
    }
    fmt::print(stderr, "pelton: {}\n", sentence);
}

void shard::report(std::error_code error, std::string_view what) noexcept {
    try {
        if (options_.error) {
            options_.error(error, what);
            return;
        }
        fmt::print(stderr, "pelton: {}: {}\n", what, error.message());
    } catch (...) {
        fatal("an error could not be reported");
    }
}

void shard::report_thrown(const std::exception_ptr& thrown, std::string_view what) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::system_error& error) {
        report(error.code(), what);
    } catch (const std::exception& error) {
        report(std::make_error_code(std::errc::operation_canceled),
               fmt::format("{} ({})", what, error.what()));
    } catch (...) {
        report(std::make_error_code(std::errc::operation_canceled), what);
    }
}

}  // namespace pelton
