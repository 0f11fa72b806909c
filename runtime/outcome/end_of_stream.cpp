#include <pelton/runtime/outcome/end_of_stream.hpp>

#include <string>

namespace pelton {
namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.end_of_stream"; }

    std::string message(int) const override {
        return "the peer ended the stream before all the bytes that were asked for had come; look "
               "there for the reason";
    }
};

}  // namespace

std::error_code end_of_stream() noexcept {
    static const category one;
    return {1, one};
}

}  // namespace pelton
