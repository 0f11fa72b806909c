#include <pelton/runtime/ring/mask.hpp>

#include <charconv>
#include <compare>
#include <optional>

namespace pelton {
namespace {

struct kernel_release {
    unsigned major = 0;
    unsigned minor = 0;
    auto operator<=>(const kernel_release&) const = default;
};

// "6.15", and nothing before or after it.
std::optional<kernel_release> release_of(std::string_view text) {
    kernel_release parsed;
    const auto* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, parsed.major);
    if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') {
        return std::nullopt;
    }
    const auto minor = std::from_chars(major.ptr + 1, end, parsed.minor);
    if (minor.ec != std::errc{} || minor.ptr != end) {
        return std::nullopt;
    }
    return parsed;
}

feature_set newer_than(kernel_release release) {
    feature_set newer;
    for (const auto& entry : feature_table()) {
        // A release that cannot be read counts as new: to hide too much is seen, too little is not.
        const auto since = release_of(entry.since);
        newer.set(static_cast<std::size_t>(entry.id), !since || *since > release);
    }
    return newer;
}

// The features that one name of a mask hides.
std::optional<feature_set> named(std::string_view name) {
    constexpr std::string_view prefix = "linux_";
    if (name.starts_with(prefix)) {
        const auto release = release_of(name.substr(prefix.size()));
        return release ? std::optional(newer_than(*release)) : std::nullopt;
    }
    for (const auto& entry : feature_table()) {
        if (entry.name == name) {
            return feature_set{}.set(static_cast<std::size_t>(entry.id));
        }
    }
    return std::nullopt;
}

}  // namespace

result<feature_set> parse_mask(std::string_view text, std::string& unknown) {
    feature_set masked;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto name = text.substr(0, comma);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        if (name.empty()) {
            continue;
        }
        const auto hidden = named(name);
        if (!hidden) {
            unknown = name;
            return failure(std::errc::invalid_argument);
        }
        masked |= *hidden;
    }
    return masked;
}

}  // namespace pelton
