#include <pelton/examples/pelcp/path_parts.hpp>

namespace pelcp {
namespace {

std::string_view without_end_slashes(std::string_view path) {
    return path.substr(0, path.find_last_not_of('/') + 1);
}

}  // namespace

std::string last_part(std::string_view path) {
    path = without_end_slashes(path);
    const auto slash = path.rfind('/');
    path.remove_prefix(slash == std::string_view::npos ? 0 : slash + 1);
    return path.empty() || path == ".." ? "." : std::string(path);
}

std::string parent_part(std::string_view path) {
    path = without_end_slashes(path);
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? "." : std::string(path.substr(0, slash + 1));
}

}  // namespace pelcp
