#include <pelton/runtime/outcome/fatal.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace pelton {

void fatal(std::string_view sentence) noexcept {
    std::array<char, 1024> line{};
    constexpr std::string_view prefix = "pelton: ";
    const auto room = line.size() - prefix.size() - 1;
    auto end = std::copy(prefix.begin(), prefix.end(), line.begin());
    end = std::copy_n(sentence.begin(), std::min(sentence.size(), room), end);
    *end++ = '\n';
    std::fwrite(line.data(), 1, static_cast<std::size_t>(end - line.begin()), stderr);
    std::fflush(stderr);
    std::abort();
}

}  // namespace pelton
