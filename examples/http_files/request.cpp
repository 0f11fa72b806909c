#include <pelton/examples/http_files/request.hpp>

#include <strings.h>

namespace http_files {

namespace {

// Ends the parsing right behind the head, which is where a body or the next request begins.
constexpr int stop_behind_head = 2;

unsigned status_of(llhttp_errno_t error) noexcept {
    switch (error) {
        case HPE_INVALID_METHOD:
            return HTTP_STATUS_NOT_IMPLEMENTED;
        case HPE_INVALID_VERSION:
        case HPE_PAUSED_H2_UPGRADE:
            return HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED;
        default:
            return HTTP_STATUS_BAD_REQUEST;
    }
}

bool is(const std::string& name, const char* wanted) noexcept {
    return strcasecmp(name.c_str(), wanted) == 0;
}

}  // namespace

request_parser::request_parser() noexcept {
    llhttp_init(&parser_, HTTP_REQUEST, &callbacks());
    parser_.data = this;
}

const llhttp_settings_t& request_parser::callbacks() noexcept {
    static const llhttp_settings_t all = [] {
        llhttp_settings_t made;
        llhttp_settings_init(&made);
        made.on_url = take_target;
        made.on_header_field = take_name;
        made.on_header_field_complete = end_name;
        made.on_header_value = take_value;
        made.on_header_value_complete = end_value;
        made.on_headers_complete = end_head;
        return made;
    }();
    return all;
}

std::size_t request_parser::feed(std::string_view bytes) {
    const auto taken = bytes.substr(0, head_bytes_max - bytes_);
    const auto error = llhttp_execute(&parser_, taken.data(), taken.size());
    if (error == HPE_OK) {
        bytes_ += taken.size();
        if (bytes_ == head_bytes_max) {
            refuse(name_.empty() && hosts_ == 0 ? HTTP_STATUS_URI_TOO_LONG
                                                : HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        return taken.size();
    }
    const auto used = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - taken.data());
    bytes_ += used;
    if (error != HPE_PAUSED_UPGRADE) {
        refuse(status_of(error));
    }
    finished_ = true;
    return used;
}

int request_parser::take_target(llhttp_t* parser, const char* at, std::size_t bytes) {
    of(parser).asked_.target.append(at, bytes);
    return 0;
}

int request_parser::take_name(llhttp_t* parser, const char* at, std::size_t bytes) {
    of(parser).name_.append(at, bytes);
    return 0;
}

int request_parser::end_name(llhttp_t* parser) {
    auto& self = of(parser);
    auto& asked = self.asked_;
    self.value_ = is(self.name_, "host")                ? &asked.host
                  : is(self.name_, "range")             ? &asked.range
                  : is(self.name_, "if-range")          ? &asked.if_range
                  : is(self.name_, "if-none-match")     ? &asked.if_none_match
                  : is(self.name_, "if-modified-since") ? &asked.if_modified_since
                                                        : nullptr;
    self.hosts_ += self.value_ == &asked.host ? 1 : 0;
    if (self.value_ != nullptr && !self.value_->empty()) {
        self.value_->append(", ");
    }
    return 0;
}

int request_parser::take_value(llhttp_t* parser, const char* at, std::size_t bytes) {
    if (auto* value = of(parser).value_) {
        value->append(at, bytes);
    }
    return 0;
}

int request_parser::end_value(llhttp_t* parser) {
    of(parser).name_.clear();
    return 0;
}

int request_parser::end_head(llhttp_t* parser) {
    auto& self = of(parser);
    const auto method = llhttp_get_method(parser);
    self.asked_.head_only = method == HTTP_HEAD;
    self.asked_.old_client = llhttp_get_http_minor(parser) == 0;
    const bool has_body =
        parser->content_length != 0 || (parser->flags & (F_CHUNKED | F_TRANSFER_ENCODING)) != 0;
    // A body is never read, so nothing can follow it.
    self.asked_.keep_alive = !has_body && llhttp_should_keep_alive(parser) != 0;
    if (llhttp_get_http_major(parser) != 1) {
        self.refuse(HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED);
    } else if (self.hosts_ != 1 && !(self.asked_.old_client && self.hosts_ == 0)) {
        self.refuse(HTTP_STATUS_BAD_REQUEST);
    } else if (method != HTTP_GET && method != HTTP_HEAD) {
        self.refuse(HTTP_STATUS_METHOD_NOT_ALLOWED);
    }
    return stop_behind_head;
}

void request_parser::refuse(unsigned status) noexcept {
    refusal_ = status;
    finished_ = true;
    asked_.keep_alive = false;
}

}  // namespace http_files
