#include <pelton/examples/http_files/byte_range.hpp>
#include <pelton/examples/http_files/http_date.hpp>
#include <pelton/examples/http_files/media_type.hpp>
#include <pelton/examples/http_files/resource_path.hpp>
#include <pelton/examples/http_files/site.hpp>

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace http_files {

using pelton::file_type;
using pelton::open_mode;

namespace {

unsigned status_of(std::error_code error) noexcept {
    switch (static_cast<std::errc>(error.value())) {
        case std::errc::permission_denied:
        case std::errc::operation_not_permitted:
            return HTTP_STATUS_FORBIDDEN;
        case std::errc::too_many_files_open:
        case std::errc::too_many_files_open_in_system:
        case std::errc::not_enough_memory:
        case std::errc::operation_canceled:              // the server is about to stop
        case std::errc::resource_unavailable_try_again:  // something on the way was renamed just
                                                         // now
            return HTTP_STATUS_SERVICE_UNAVAILABLE;
        case std::errc::io_error:
            return HTTP_STATUS_INTERNAL_SERVER_ERROR;
        default:  // missing, a name too long, a link, a socket: there is no such file
            return HTTP_STATUS_NOT_FOUND;
    }
}

// Changes whenever the content may have.
std::string entity_tag(const pelton::metadata& of) {
    return fmt::format("\"{:x}-{:x}-{:x}\"", of.modified.tv_sec, of.modified.tv_nsec, of.bytes);
}

// Whether the client's copy is still good. A tag, if it sent one, is all that counts.
bool is_unchanged(const request& asked, const pelton::metadata& now) {
    if (!asked.if_none_match.empty()) {
        return asked.if_none_match == "*" ||
               asked.if_none_match.find(entity_tag(now)) != std::string::npos;
    }
    const auto since = parse_http_date(asked.if_modified_since);
    return since && now.modified.tv_sec <= *since;
}

bool wants_range(const request& asked, const pelton::metadata& now) {
    return !asked.head_only && !asked.range.empty() &&
           (asked.if_range.empty() || asked.if_range == entity_tag(now) ||
            asked.if_range == http_date(now.modified.tv_sec));
}

response moved_to(const std::string& where) {
    auto made = plain_answer(HTTP_STATUS_MOVED_PERMANENTLY);
    made.add("Location", where);
    return made;
}

response content_of(const request& asked, std::string_view name, pelton::file opened,
                    const pelton::metadata& now) {
    const auto range = parse_range(wants_range(asked, now) ? asked.range : "", now.bytes);
    if (range.what == byte_range::kind::outside && !is_unchanged(asked, now)) {
        auto refused = plain_answer(HTTP_STATUS_RANGE_NOT_SATISFIABLE);
        refused.add("Content-Range", fmt::format("bytes */{}", now.bytes));
        return refused;
    }
    response made(HTTP_STATUS_OK);
    if (is_unchanged(asked, now)) {
        made.status = HTTP_STATUS_NOT_MODIFIED;
    } else {
        made.content = std::move(opened);
        made.from = range.from;
        made.bytes = range.bytes;
        made.add("Content-Type", media_type(name));
        if (range.what == byte_range::kind::part) {
            made.status = HTTP_STATUS_PARTIAL_CONTENT;
            made.add("Content-Range", fmt::format("bytes {}-{}/{}", range.from,
                                                  range.from + range.bytes - 1, now.bytes));
        }
    }
    made.add("Accept-Ranges", "bytes");
    made.add("ETag", entity_tag(now));
    made.add("Last-Modified", http_date(now.modified.tv_sec));
    return made;
}

}  // namespace

// The kernel itself refuses what leads out: a link, or a folder that is moved away meanwhile.
pelton::task<pelton::result<pelton::file>> site::open(std::string below) const {
    // non_block: a FIFO must not hold the client up, for which nobody may ever write.
    co_return co_await pelton::file::open_at(
        root_, below, open_mode::read | open_mode::non_block, 0,
        pelton::lookup::beneath | pelton::lookup::no_magic_links);
}

pelton::task<response> site::answer(const request& asked) const {
    const auto path = parse_target(asked.target);
    if (!path) co_return plain_answer(HTTP_STATUS_BAD_REQUEST);
    auto name = path->below;
    for (bool is_index = false;; is_index = true) {
        auto opened = co_await open(name);
        if (!opened) co_return plain_answer(status_of(opened.error()));
        const auto now = co_await opened->stat();
        if (!now) co_return plain_answer(status_of(now.error()));
        if (now->type == file_type::regular && (is_index || !path->names_directory)) {
            co_return content_of(asked, name, std::move(*opened), *now);
        }
        if (now->type != file_type::directory || is_index) {
            co_return plain_answer(HTTP_STATUS_NOT_FOUND);
        }
        if (!path->names_directory) co_return moved_to(path->encoded() + "/");
        name += "/index.html";
    }
}

}  // namespace http_files
