// The head of one request: what a server of files wants to know of it, and the parser (llhttp) that
// finds it in bytes that arrive in pieces.
//
// Nothing a client sends is trusted: a head of more than head_bytes_max is refused, and so is all
// that llhttp calls invalid, an HTTP/1.1 request without exactly one Host, and every method but
// two.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace http_files {

struct request {
    bool head_only = false;   // HEAD: everything but the content
    bool keep_alive = false;  // another request may follow on this connection
    bool old_client = false;  // HTTP/1.0, which must be told about keep-alive
    std::string target;       // as sent: "/a%20b?x"
    // Header fields, empty when they are not there; a field that is there twice is a list.
    std::string host;
    std::string range;
    std::string if_range;
    std::string if_none_match;
    std::string if_modified_since;
};

class request_parser {
public:
    static constexpr std::size_t head_bytes_max = 16 * 1024;

    request_parser() noexcept;
    request_parser(const request_parser&) = delete;
    request_parser& operator=(const request_parser&) = delete;

    // Takes the next bytes of the connection and returns how many belong to this head. It is
    // finished() when that is not all of them, or when the head ended just there.
    std::size_t feed(std::string_view bytes);

    bool finished() const noexcept { return finished_; }
    bool has_begun() const noexcept { return bytes_ != 0; }

    // The status to answer with instead of a file, or 0. Whether the next request can be found is
    // then in doubt, so the connection ends with that answer.
    unsigned refusal() const noexcept { return refusal_; }
    const request& asked() const noexcept { return asked_; }

private:
    static const llhttp_settings_t& callbacks() noexcept;
    static request_parser& of(llhttp_t* parser) noexcept {
        return *static_cast<request_parser*>(parser->data);
    }
    static int take_target(llhttp_t* parser, const char* at, std::size_t bytes);
    static int take_name(llhttp_t* parser, const char* at, std::size_t bytes);
    static int take_value(llhttp_t* parser, const char* at, std::size_t bytes);
    static int end_name(llhttp_t* parser);
    static int end_value(llhttp_t* parser);
    static int end_head(llhttp_t* parser);
    void refuse(unsigned status) noexcept;

    llhttp_t parser_;
    request asked_;
    std::string name_;              // of the field that is being read
    std::string* value_ = nullptr;  // where its value goes; null when nobody wants it
    unsigned hosts_ = 0;
    std::size_t bytes_ = 0;
    unsigned refusal_ = 0;
    bool finished_ = false;
};

}  // namespace http_files
