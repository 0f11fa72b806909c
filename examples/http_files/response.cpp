#include <pelton/examples/http_files/http_date.hpp>
#include <pelton/examples/http_files/response.hpp>

#include <fmt/format.h>

#include <iterator>

namespace http_files {

namespace {

// Of what this server answers.
std::string_view reason(unsigned status) noexcept {
    switch (status) {
        case HTTP_STATUS_OK:
            return "OK";
        case HTTP_STATUS_PARTIAL_CONTENT:
            return "Partial Content";
        case HTTP_STATUS_MOVED_PERMANENTLY:
            return "Moved Permanently";
        case HTTP_STATUS_NOT_MODIFIED:
            return "Not Modified";
        case HTTP_STATUS_BAD_REQUEST:
            return "Bad Request";
        case HTTP_STATUS_FORBIDDEN:
            return "Forbidden";
        case HTTP_STATUS_NOT_FOUND:
            return "Not Found";
        case HTTP_STATUS_METHOD_NOT_ALLOWED:
            return "Method Not Allowed";
        case HTTP_STATUS_REQUEST_TIMEOUT:
            return "Request Timeout";
        case HTTP_STATUS_URI_TOO_LONG:
            return "URI Too Long";
        case HTTP_STATUS_RANGE_NOT_SATISFIABLE:
            return "Range Not Satisfiable";
        case HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE:
            return "Request Header Fields Too Large";
        case HTTP_STATUS_NOT_IMPLEMENTED:
            return "Not Implemented";
        case HTTP_STATUS_SERVICE_UNAVAILABLE:
            return "Service Unavailable";
        case HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED:
            return "HTTP Version Not Supported";
        default:
            return "Internal Server Error";
    }
}

}  // namespace

void response::add(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(fields), "{}: {}\r\n", name, value);
}

std::string response::head(const request& asked) const {
    std::string text_of_head = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n{}", status,
                                           reason(status), http_date(std::time(nullptr)), fields);
    if (status != HTTP_STATUS_NOT_MODIFIED) {
        fmt::format_to(std::back_inserter(text_of_head), "Content-Length: {}\r\n",
                       content ? bytes : text.size());
    }
    if (!asked.keep_alive || asked.old_client) {
        text_of_head += asked.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
    }
    return text_of_head + "\r\n";
}

response plain_answer(unsigned status) {
    response made(status);
    if (status == HTTP_STATUS_METHOD_NOT_ALLOWED) {
        made.add("Allow", "GET, HEAD");
    }
    if (status == HTTP_STATUS_SERVICE_UNAVAILABLE) {
        made.add("Retry-After", "1");
    }
    made.add("Content-Type", "text/plain; charset=utf-8");
    made.text = fmt::format("{} {}\n", status, reason(status));
    return made;
}

}  // namespace http_files
