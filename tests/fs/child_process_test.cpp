// Programs run as children: what they get, how they end, and who hears of it.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/child_process.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/pipe.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>

#include <array>
#include <string>

using namespace pelton;
using test::on_shard;

namespace {

// By the ring, and by polling the process's descriptor.
constexpr std::array<std::string_view, 2> masks{"", "waitid"};

command shell(std::string script) {
    return command("sh", {"-c", std::move(script)});
}

task<std::string> all_of(pipe_reader& from) {
    std::string text(10'000, '\0');
    const auto got = co_await from.read_exactly(std::as_writable_bytes(std::span(text)));
    CHECK_MESSAGE(got, got.error().message());
    text.resize(got.value_or(0));
    co_return text;
}

// What `what` writes to its standard output.
task<std::string> output_of(shard& here, command what) {
    auto both = co_await pipe_pair::make(here);
    what.output = both->in.descriptor();
    auto child = co_await child_process::spawn(here, what);
    REQUIRE_MESSAGE(child.has_value(), child.error().message());
    CHECK((co_await both->in.close()).has_value());
    auto text = co_await all_of(both->out);
    CHECK((co_await child->wait()).has_value());
    co_return text;
}

}  // namespace

TEST_CASE("how a child ended is told: what it returned, or the signal that ended it") {
    for (const auto mask : masks) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const auto seven = shell("exit 7");
            auto child = co_await child_process::spawn(here, seven);
            REQUIRE(child.has_value());
            CHECK(child->id() > 0);
            for (int again = 0; again < 2; ++again) {
                const auto ended = co_await child->wait();
                REQUIRE(ended.has_value());
                CHECK(ended->code == 7);
                CHECK(ended->signal == 0);
                CHECK(!ended->succeeded());
            }
            CHECK(child->send_signal(SIGTERM).error() == std::errc::no_such_process);

            const auto sleeper = command("sleep", {"1000"});
            auto asleep = co_await child_process::spawn(here, sleeper);
            REQUIRE(asleep.has_value());
            CHECK(asleep->send_signal(SIGTERM).has_value());
            const auto ended = co_await asleep->wait();
            REQUIRE(ended.has_value());
            CHECK(ended->signal == SIGTERM);
        });
    }
}

TEST_CASE("a program that is not there is an error, and a name with a zero byte is refused") {
    on_shard([](shard& here) -> task<> {
        const command none("no-such-program-here");
        const auto child = co_await child_process::spawn(here, none);
        CHECK(child.error() == std::errc::no_such_file_or_directory);
        const command cut("sh", {std::string("-c\0true", 7)});
        const auto refused = co_await child_process::spawn(here, cut);
        CHECK(refused.error() == std::errc::invalid_argument);
    });
}

TEST_CASE("a child gets its input, output and errors, its directory and its variables") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto what = shell("pwd; echo $PELTON_SAYS");
        what.directory = scratch.path();
        what.variables = std::vector<std::string>{"PELTON_SAYS=hello", "PATH=/usr/bin:/bin"};
        const auto said = co_await output_of(here, what);
        CHECK(said == scratch.path() + "\nhello\n");

        auto in = co_await pipe_pair::make(here);
        auto out = co_await pipe_pair::make(here);
        REQUIRE((in && out));
        auto both = shell("cat; echo err >&2");
        both.input = in->out.descriptor();
        both.output = out->in.descriptor();
        both.errors = out->in.descriptor();
        auto child = co_await child_process::spawn(here, both);
        REQUIRE(child.has_value());
        CHECK((co_await out->in.close()).has_value());
        CHECK((co_await in->in.write_all(areas::for_write("typed\n"))).has_value());
        CHECK((co_await in->in.close()).has_value());
        CHECK(co_await all_of(out->out) == "typed\nerr\n");
        const auto ended = co_await child->wait();
        CHECK(ended->succeeded());
    });
}

TEST_CASE("descriptors 0 to 2 can be given in any order, crossed ones too") {
    on_shard([](shard& here) -> task<> {
        auto out = co_await pipe_pair::make(here);
        REQUIRE(out.has_value());
        // 1 and 2 of ours become 2 and 1 of the child's.
        const int kept = ::fcntl(1, F_DUPFD_CLOEXEC, 3);
        ::dup2(out->in.descriptor(), 1);
        auto what = shell("echo to-errors >&2");
        what.output = 2;
        what.errors = 1;
        auto child = co_await child_process::spawn(here, what);
        ::dup2(kept, 1);
        ::close(kept);
        REQUIRE(child.has_value());
        CHECK((co_await out->in.close()).has_value());
        CHECK(co_await all_of(out->out) == "to-errors\n");
        const auto ended = co_await child->wait();
        REQUIRE(ended.has_value());
        CHECK(ended->code == 0);
        CHECK(ended->signal == 0);
    });
}

TEST_CASE("a child gets none of our descriptors but those it is given") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory scratch;
        auto ours = co_await file::open(here, scratch / "secret",
                                        open_mode::read_write | open_mode::create);
        REQUIRE(ours.has_value());
        const command list("ls", {"-l", "/proc/self/fd"});
        const auto said = co_await output_of(here, list);
        CHECK(test::says(said, " 1 -> pipe:"));
        CHECK(!test::says(said, "secret"));
        CHECK(!test::says(said, "io_uring"));
        CHECK(!test::says(said, "pidfd"));
    });
}

TEST_CASE("a child has the signals' default actions and none blocked, whatever we do with them") {
    const auto before = ::signal(SIGTERM, SIG_IGN);
    on_shard([](shard& here) -> task<> {
        const auto sleeper = command("sleep", {"1000"});
        auto child = co_await child_process::spawn(here, sleeper);
        REQUIRE(child.has_value());
        CHECK(child->send_signal(SIGTERM).has_value());
        CHECK((co_await child->wait())->signal == SIGTERM);
    });
    ::signal(SIGTERM, before);
}

TEST_CASE("a stop request ends the wait for a child, not the child") {
    for (const auto mask : masks) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const auto sleeper = command("sleep", {"1000"});
            auto child = co_await child_process::spawn(here, sleeper);
            REQUIRE(child.has_value());
            auto wait = [&]() -> task<> {
                const auto ended = co_await child->wait();
                CHECK(ended.error() == std::errc::operation_canceled);
            };
            for (int round = 0; round < 10; ++round) {
                auto body = [&](children& kids) -> task<> {
                    kids.spawn(wait);
                    for (int turns = round; turns > 0; --turns) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(body);
            }
            CHECK(child->send_signal(SIGKILL).has_value());
            const auto ended = co_await child->wait();
            CHECK(ended->signal == SIGKILL);
        });
    }
}

TEST_CASE("a spawn that is cancelled at any moment leaves no descriptor") {
    on_shard([](shard& here) -> task<> {
        here.open_door();
        const auto before = test::open_descriptors();
        const command what("true");
        for (int round = 0; round < 20; ++round) {
            auto start = [&]() -> task<> {
                auto child = co_await child_process::spawn(here, what);
                static_cast<void>(child);
            };
            auto body = [&](children& kids) -> task<> {
                kids.spawn(start);
                for (int turns = round % 4; turns > 0; --turns) {
                    static_cast<void>(co_await yield());
                }
                kids.request_stop();
            };
            co_await scope(body);
        }
        CHECK(test::open_descriptors() == before);
    });
}
