#include <pelton/runtime/outcome/say.hpp>

#include <cstdio>

namespace pelton {

void say(std::string_view text) noexcept {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

}  // namespace pelton
