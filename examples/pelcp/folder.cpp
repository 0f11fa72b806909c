#include <pelton/examples/pelcp/folder.hpp>

#include <vector>

namespace pelcp {

std::string folder::path(std::string folder::* side, std::string_view name) const {
    std::vector<std::string_view> parts{name};
    for (const auto* at = this; at != nullptr; at = at->parent) {
        parts.push_back(at->*side);
    }
    std::string joined;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (!joined.empty() && joined.back() != '/' && !part->empty()) {
            joined += '/';
        }
        joined += *part;
    }
    return joined;
}

}  // namespace pelcp
