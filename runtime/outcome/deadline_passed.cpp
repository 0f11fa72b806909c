#include <pelton/runtime/outcome/deadline_passed.hpp>

#include <cerrno>
#include <string>

namespace pelton {
namespace {

class deadline_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.deadline"; }
    std::string message(int) const override { return "the deadline passed before it was done"; }
    std::error_condition default_error_condition(int) const noexcept override {
        return std::errc::timed_out;
    }
};

}  // namespace

std::error_code deadline_passed() noexcept {
    static const deadline_category category;
    return {ETIMEDOUT, category};
}

}  // namespace pelton
