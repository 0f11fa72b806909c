#include <pelton/runtime/outcome/truncated_datagram.hpp>

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace pelton {
namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.truncated_datagram"; }

    std::string message(int bytes) const override {
        return fmt::format(
            "a datagram of {} bytes was cut off: the memory it was received into is smaller, and "
            "the rest is lost; receive into memory for the largest datagram that peers send",
            bytes);
    }
    std::error_condition default_error_condition(int) const noexcept override {
        return std::errc::message_size;
    }
};

const category& ours() noexcept {
    static const category one;
    return one;
}

}  // namespace

std::error_code truncated_datagram(std::size_t bytes) noexcept {
    return {static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)), ours()};
}

bool is_truncated_datagram(std::error_code error) noexcept {
    return error.category() == ours();
}

}  // namespace pelton
