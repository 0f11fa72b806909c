#include <pelton/examples/http_files/http_date.hpp>

namespace http_files {

std::string http_date(std::time_t when) {
    std::tm parts{};
    char text[64];
    if (gmtime_r(&when, &parts) == nullptr) {
        return http_date(0);  // a year beyond int
    }
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::optional<std::time_t> parse_http_date(const std::string& text) {
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        std::tm parts{};
        const char* end = strptime(text.c_str(), form, &parts);
        if (end != nullptr && *end == '\0') {
            return timegm(&parts);
        }
    }
    return std::nullopt;
}

}  // namespace http_files
