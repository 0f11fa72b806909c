#include <pelton/examples/http_files/resource_path.hpp>

#include <charconv>
#include <cstddef>
#include <vector>

namespace http_files {

namespace {

// "http://host/a" is "/a": proxies may ask like that, and a server must understand it.
std::string_view without_origin(std::string_view target) noexcept {
    const auto scheme = target.find("://");
    if (target.starts_with('/') || scheme == std::string_view::npos) {
        return target;
    }
    const auto path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? "/" : target.substr(path);
}

// False for a broken sequence, and for the two bytes that no name of a file has.
bool decode(std::string_view encoded, std::string& into) {
    into.clear();
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        unsigned char byte = static_cast<unsigned char>(encoded[i]);
        if (byte == '%') {
            const auto digits = encoded.substr(i + 1, 2);
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
            if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2 ||
                byte == '/') {
                return false;
            }
            i += 2;
        }
        if (byte == '\0') {
            return false;
        }
        into.push_back(static_cast<char>(byte));
    }
    return true;
}

}  // namespace

std::optional<resource_path> parse_target(std::string_view target) {
    target = without_origin(target);
    target = target.substr(0, target.find_first_of("?#"));
    if (!target.starts_with('/')) {
        return std::nullopt;
    }
    std::vector<std::string> names;
    std::string name;
    bool names_directory = true;
    while (!target.empty()) {
        target.remove_prefix(1);  // the slash
        const auto encoded = target.substr(0, target.find('/'));
        target.remove_prefix(encoded.size());
        if (!decode(encoded, name)) {
            return std::nullopt;
        }
        names_directory = name.empty() || name == "." || name == "..";
        if (!names_directory) {
            names.push_back(name);
        } else if (name == "..") {
            if (names.empty()) {
                return std::nullopt;
            }
            names.pop_back();
        }
    }
    resource_path found{{}, names_directory};
    for (const auto& each : names) {
        found.below += found.below.empty() ? each : "/" + each;
    }
    if (found.below.empty()) {
        found.below.push_back('.');
    }
    return found;
}

std::string resource_path::encoded() const {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text = "/";
    for (const char each : below) {
        if (plain.find(each) != std::string_view::npos) {
            text += each;
        } else {
            const auto byte = static_cast<unsigned char>(each);
            text += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return text;
}

}  // namespace http_files
