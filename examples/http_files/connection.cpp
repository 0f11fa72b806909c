#include <pelton/buffers/area_list.hpp>
#include <pelton/examples/http_files/connection.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace http_files {

using pelton::areas;
using pelton::result;
using pelton::task;
using pelton::with_timeout;

namespace {

constexpr std::size_t buffer_bytes = 4096;
constexpr std::uint64_t piece_pages = 32;  // of a file, read and sent at once
constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t goodbye_bytes = 256 * 1024;

}  // namespace

connection::connection(pelton::shard& here, const site& files, patience limits,
                       pelton::tcp_stream client)
    : here_(here),
      files_(files),
      limits_(limits),
      client_(std::move(client)),
      buffer_(buffer_bytes) {}

task<> connection::serve() {
    for (bool goes_on = true; goes_on;) {
        request_parser parser;
        const auto read = co_await with_timeout(limits_.head, read_head(parser));
        const bool too_slow = !read && read.error() == std::errc::timed_out && parser.has_begun();
        if (!read && !too_slow) co_return;  // gone, idle, or the server stops
        auto asked = parser.asked();
        asked.keep_alive = asked.keep_alive && !too_slow;
        auto what =
            plain_answer(too_slow ? unsigned{HTTP_STATUS_REQUEST_TIMEOUT} : parser.refusal());
        if (what.status == 0) {
            what = co_await files_.answer(asked);
        }
        if (!co_await send(asked, what)) co_return;
        goes_on = asked.keep_alive;
    }
    co_await with_timeout(limits_.goodbye, say_goodbye());
}

task<result<void>> connection::read_head(request_parser& into) {
    while (!into.finished()) {
        if (arrived_.empty()) {
            const auto got = co_await client_.receive(std::span(buffer_));
            if (!got) co_return std::unexpected(got.error());
            if (*got == 0) co_return pelton::failure(ECONNRESET);
            arrived_ = std::span(buffer_).first(*got);
        }
        const auto used =
            into.feed({reinterpret_cast<const char*>(arrived_.data()), arrived_.size()});
        arrived_ = arrived_.subspan(used);
    }
    co_return {};
}

task<result<void>> connection::send(const request& asked, response& what) {
    auto head = what.head(asked);
    if (what.content && what.bytes != 0 && !asked.head_only) {
        co_return co_await send_file(std::move(head), what);
    }
    if (!asked.head_only) {
        head += what.text;
    }
    const auto sent =
        co_await with_timeout(limits_.piece, client_.send_all(areas::for_write(head)));
    if (!sent) co_return std::unexpected(sent.error());
    co_return {};
}

// The file goes through registered pages: read into them, sent from them. The first piece leaves
// together with the head.
task<result<void>> connection::send_file(std::string head, response& what) {
    const auto wanted = std::min((what.bytes + page_bytes - 1) / page_bytes, piece_pages);
    const auto pages = co_await with_timeout(limits_.piece, here_.pages().take(wanted));
    if (!pages) co_return std::unexpected(pages.error());
    for (std::uint64_t done = 0; done < what.bytes;) {
        const auto room = pages->first(std::min<std::uint64_t>(what.bytes - done, pages->size()));
        const auto got = co_await what.content->read_at(what.from + done, room);
        if (!got) co_return std::unexpected(got.error());
        // Cut short meanwhile: only an end of the connection can say so, the length was promised.
        if (*got == 0) co_return pelton::failure(EIO);
        pelton::area_list out;
        out.append(done == 0 ? areas::for_write(head) : areas());
        out.append(pages->first(*got));
        const auto sent = co_await with_timeout(limits_.piece, client_.send_all(out));
        if (!sent) co_return std::unexpected(sent.error());
        done += *got;
    }
    co_return {};
}

// Closing while the client still sends (a body that nobody reads) would reset the connection, and
// with it the answer that is on its way: so first let it see the end, and drop what it sends.
task<> connection::say_goodbye() {
    if (!client_.shutdown(pelton::half::sending)) co_return;
    for (std::size_t dropped = 0; dropped < goodbye_bytes;) {
        const auto got = co_await client_.receive(std::span(buffer_));
        if (!got || *got == 0) co_return;
        dropped += *got;
    }
}

}  // namespace http_files
