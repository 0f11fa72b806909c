// tour FOLDER: the library in small pieces, each a function of its own; docs/using.md shows them.
// Makes files in the folder and says what it does.
#include <pelton/buffers/area_list.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/shard/on.hpp>
#include <pelton/runtime/shard/post.hpp>
#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/shard/with_stop.hpp>
#include <pelton/runtime/shard/with_timeout.hpp>
#include <pelton/runtime/task/event.hpp>
#include <pelton/runtime/task/shield.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <fmt/format.h>

#include <chrono>
#include <numeric>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using pelton::areas;
using pelton::open_mode;
using pelton::result;
using pelton::task;

// Writes a note and reads it again, by position: a file has no current offset.
task<result<std::string>> write_and_read(pelton::shard& here, std::string path) {
    auto note = co_await pelton::file::open(
        here, path, open_mode::read_write | open_mode::create | open_mode::truncate);
    if (!note) co_return std::unexpected(note.error());

    auto put = co_await note->write_all_at(0, areas::for_write("a note\n"));
    if (!put) co_return std::unexpected(put.error());

    std::string text(*put, '\0');
    auto got = co_await note->read_exactly_at(0, std::as_writable_bytes(std::span(text)));
    if (!got) co_return std::unexpected(got.error());
    text.resize(*got);  // fewer bytes: the file ended before

    if (auto end = co_await note->close(); !end) co_return std::unexpected(end.error());
    co_return text;
}

// Pages for 100,000 bytes, and a message gathered from two places without copying either.
task<result<std::size_t>> gather(pelton::shard& here, pelton::file& into) {
    auto pages = co_await here.pages().take(25);  // a lease on one run; waits while all are lent
    if (!pages) co_return std::unexpected(pages.error());
    std::ranges::fill(pages->bytes(), std::byte{'x'});

    pelton::area_list message;
    message.append(areas::for_write("a head, "));
    message.append(pages->first(100'000));
    co_return co_await into.write_all_at(0, message);
}  // the pages go home here

// A server and its client on one shard: the scope ends when both have.
task<result<std::string>> talk(pelton::shard& here) {
    auto door = pelton::tcp_listener::bind(here, pelton::endpoint::loopback(0));
    if (!door) co_return std::unexpected(door.error());
    const auto where = door->local();
    if (!where) co_return std::unexpected(where.error());

    const auto answer_one = [&]() -> task<result<void>> {
        auto client = co_await door->accept();
        if (!client) co_return std::unexpected(client.error());
        auto asked = co_await client->receive();  // a lease that shows what came
        if (!asked) co_return std::unexpected(asked.error());
        auto sent = co_await client->send_all(*asked);
        if (!sent) co_return std::unexpected(sent.error());
        co_return {};
    };
    const auto both = [&](pelton::children& kids) -> task<result<std::string>> {
        kids.spawn(answer_one, "server");
        auto server = co_await pelton::tcp_stream::connect(here, *where);
        if (!server) co_return std::unexpected(server.error());
        auto sent = co_await server->send_all(areas::for_write("hello"));
        if (!sent) co_return std::unexpected(sent.error());
        std::string answer(5, '\0');
        auto got = co_await server->receive_exactly(std::as_writable_bytes(std::span(answer)));
        if (!got) co_return std::unexpected(got.error());
        co_return answer;
    };
    co_return co_await pelton::scope(both);
}

// An error is a value with the real errno; what it compares equal to is portable.
task<std::string> look_for(pelton::shard& here, std::string path) {
    auto found = co_await pelton::file::open(here, path, open_mode::read);
    if (found) co_return "it is there";
    if (found.error() == std::errc::no_such_file_or_directory) co_return "it is not there";
    co_return found.error().message();
}

// Nobody connects: the accept is cancelled after 20 ms, and has ended when this goes on.
task<std::string> wait_in_vain(pelton::tcp_listener& door) {
    auto client = co_await pelton::with_timeout(20ms, door.accept());
    if (client) co_return "somebody came";
    co_return client.error() == std::errc::timed_out ? "nobody came" : client.error().message();
}

// What must be done although a stop was asked for: a shield hides the request from it.
task<result<void>> work_then_note(pelton::file& log) {
    const auto worked = co_await pelton::sleep(10s);
    auto noted = co_await pelton::shield(log.write_all_at(0, areas::for_write("stopped\n")));
    if (!noted) co_return std::unexpected(noted.error());
    co_return worked;  // ECANCELED, when it was stopped
}

// A stop that comes from another thread.
task<std::string> stop_from_outside(pelton::file& log) {
    std::stop_source quit;
    const std::jthread other([&quit] { quit.request_stop(); });
    const auto ended = co_await pelton::with_stop(quit.get_token(), work_then_note(log));
    co_return ended ? "it ran to its end" : ended.error().message();
}

// Two tasks at once on this thread, and a computation on another: its value comes back here.
task<int> at_once(pelton::shard& here, pelton::tcp_listener& door) {
    auto [missing, vain] =
        co_await pelton::when_all(look_for(here, "/nowhere"), wait_in_vain(door));
    fmt::print("at once: {}, {}\n", missing, vain);

    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 1);
    const auto add = [&numbers] { return std::accumulate(numbers.begin(), numbers.end(), 0); };
    co_return co_await pelton::offload(here, add);
}

// A task that belongs to the next shard: it begins there, ends there, and its value comes back.
task<unsigned> ask_next_shard(pelton::shard& here) {
    const auto who = [](pelton::shard& there) -> task<unsigned> { co_return there.number(); };
    co_return co_await pelton::on(here.peer((here.number() + 1) % here.shards()), who);
}

// A thread that runs no shard leaves work for one, and need not wait for it.
task<std::string> hear_from_outside(pelton::shard& here) {
    pelton::event came;
    const std::jthread other([&came, where = here.address()] {
        static_cast<void>(pelton::post(where, [&came] { came.set(); }));
    });
    const auto heard = co_await came.wait();
    co_return heard ? "a message came" : heard.error().message();
}

task<result<void>> tour(pelton::shard& here, std::string folder) {
    auto text = co_await write_and_read(here, folder + "/note");
    if (!text) co_return std::unexpected(text.error());
    fmt::print("files: {}", *text);

    const std::string path = folder + "/log";
    auto log = co_await pelton::file::open(here, path, open_mode::write | open_mode::create);
    if (!log) co_return std::unexpected(log.error());
    const auto gathered = co_await gather(here, *log);
    if (!gathered) co_return std::unexpected(gathered.error());
    fmt::print("memory: {} bytes\n", *gathered);

    const auto answer = co_await talk(here);
    if (!answer) co_return std::unexpected(answer.error());
    fmt::print("sockets: {}\n", *answer);

    auto door = pelton::tcp_listener::bind(here, pelton::endpoint::loopback(0));
    if (!door) co_return std::unexpected(door.error());
    fmt::print("errors: {}\n", co_await look_for(here, folder + "/missing"));
    fmt::print("deadlines: {}\n", co_await wait_in_vain(*door));
    fmt::print("stops: {}\n", co_await stop_from_outside(*log));
    fmt::print("threads: {}\n", co_await at_once(here, *door));
    fmt::print("shards: {} of {}\n", co_await ask_next_shard(here), here.shards());
    fmt::print("posts: {}\n", co_await hear_from_outside(here));
    co_return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: tour FOLDER\n");
        return 2;
    }
    pelton::options with;
    with.page_bytes = std::size_t{1} << 20;  // the pool's pages; 16 MiB unless told otherwise
    with.stop_on_signals = true;             // SIGINT and SIGTERM ask tour() to stop
    with.shards = 2;                         // one unless told otherwise; 0: one for each core
    return pelton::run(with, [&](pelton::shard& here) { return tour(here, argv[1]); });
}
