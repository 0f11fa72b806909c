// Pipes, and bytes that are moved or copied through them without a copy in user space.
#include "fs/ways.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/pipe.hpp>
#include <pelton/runtime/fs/splice.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace pelton;
using test::on_shard;

namespace {

struct way {
    std::string_view masked;
    via chosen;
};
constexpr std::array<way, 3> ways{{{"", via::ring}, {"", via::thread}, {"splice,tee", via::ring}}};

task<std::string> read_text(pipe_reader& from, std::size_t bytes) {
    std::string text(bytes, '\0');
    const auto got = co_await from.read_exactly(std::as_writable_bytes(std::span(text)));
    text.resize(got.value_or(0));
    co_return text;
}

task<> write_text(pipe_writer& into, std::string_view text) {
    const auto put = co_await into.write_all(areas::for_write(text));
    REQUIRE(put.has_value());
}

}  // namespace

TEST_CASE("what is written to a pipe is read from it, until its writer has closed") {
    for (const auto mask : {"", "pipe", "read,write", "readv_fixed,writev_fixed"}) {
        CAPTURE(mask);
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            for (const auto chosen : {via::usual, via::ring}) {
                auto both = co_await pipe_pair::make(here, chosen);
                REQUIRE(both.has_value());
                CHECK((::fcntl(both->in.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
                CHECK((::fcntl(both->out.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
                co_await write_text(both->in, "through a pipe");
                CHECK((co_await both->in.close()).has_value());
                CHECK(co_await read_text(both->out, 100) == "through a pipe");
                std::array<std::byte, 1> more{};
                CHECK(co_await both->out.read(std::span(more)) == 0);
            }
        });
    }
}

TEST_CASE("a pipe that was asked for is yielded or was not made, and none is left open") {
    on_shard([](shard& here) -> task<> {
        const auto before = test::open_descriptors();
        int made = 0;
        int cancelled = 0;
        for (int round = 0; round < 300; ++round) {
            auto make = [&]() -> task<> {
                const auto both = co_await pipe_pair::make(here, via::ring);
                ++(both ? made : cancelled);
            };
            auto body = [&](children& kids) -> task<> {
                kids.spawn(make);
                for (int turns = round % 3; turns > 0; --turns) {
                    static_cast<void>(co_await yield());
                }
                kids.request_stop();
            };
            co_await scope(body);
        }
        CHECK(made + cancelled == 300);
        // Without the opcode it is made by a call, at once.
        CHECK((cancelled > 0 || !here.known().has(feature::pipe)));
        CHECK(test::open_descriptors() == before);
    });
}

TEST_CASE(
    "a file is spliced into a pipe and from there into a file, from and to where it is told") {
    for (const auto& each : ways) {
        const std::string mask(each.masked);
        CAPTURE(mask);
        on_shard(test::masked(mask), [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            const auto bytes = test::random_bytes(200'000, 3);
            const auto path = test::make_file(scratch / "from", bytes);
            auto from = co_await file::open(here, path, open_mode::read);
            auto into =
                co_await file::open(here, scratch / "into", open_mode::write | open_mode::create);
            auto both = co_await pipe_pair::make(here);
            REQUIRE((from && into && both));
            std::uint64_t at = 100;
            for (;;) {
                const auto in = co_await splice(here, {*from, at}, both->in, 50'000, each.chosen);
                REQUIRE_MESSAGE(in.has_value(), in.error().message());
                if (*in == 0) {
                    break;
                }
                for (std::size_t left = *in; left > 0;) {
                    const auto out =
                        co_await splice(here, both->out, {*into, at}, left, each.chosen);
                    REQUIRE(out.has_value());
                    left -= *out;
                    at += *out;
                }
            }
            CHECK(at == bytes.size());
            auto expected = bytes;
            std::fill_n(expected.begin(), 100, std::byte{});
            CHECK(test::bytes_of(scratch / "into") == expected);
        });
    }
}

TEST_CASE("a splice waits for a writer, and a tee leaves the bytes where they are") {
    for (const auto& each : ways) {
        const std::string mask(each.masked);
        CAPTURE(mask);
        on_shard(test::masked(mask), [&](shard& here) -> task<> {
            here.open_door();
            auto one = co_await pipe_pair::make(here);
            auto two = co_await pipe_pair::make(here);
            REQUIRE((one && two));
            auto copy = [&]() -> task<> {
                CHECK(co_await tee(here, one->out, two->in, 100, each.chosen) == 5);
                CHECK(co_await splice(here, one->out, two->in, 100, each.chosen) == 5);
            };
            auto body = [&](children& kids) -> task<> {
                kids.spawn(copy);
                for (int turns = 0; turns < 10; ++turns) {
                    static_cast<void>(co_await yield());
                }
                CHECK(kids.running() == 2);
                co_await write_text(one->in, "twice");
            };
            co_await scope(body);
            CHECK(co_await read_text(two->out, 10) == "twicetwice");
        });
    }
}

TEST_CASE("a splice that waits for a writer can be cancelled, and loses nothing") {
    for (const auto& each : ways) {
        const std::string mask(each.masked);
        CAPTURE(mask);
        on_shard(test::masked(mask), [&](shard& here) -> task<> {
            here.open_door();
            auto one = co_await pipe_pair::make(here);
            auto two = co_await pipe_pair::make(here);
            REQUIRE((one && two));
            auto move = [&]() -> task<> {
                const auto moved = co_await splice(here, one->out, two->in, 100, each.chosen);
                CHECK(moved.error() == std::errc::operation_canceled);
            };
            for (int round = 0; round < 20; ++round) {
                auto body = [&](children& kids) -> task<> {
                    kids.spawn(move);
                    for (int turns = round; turns > 0; --turns) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(body);
            }
            co_await write_text(one->in, "still here");
            CHECK(co_await read_text(one->out, 10) == "still here");
        });
    }
}

TEST_CASE("a splice between two files is refused") {
    for (const auto& each : ways) {
        on_shard(test::masked(each.masked), [&](shard& here) -> task<> {
            const test::scratch_directory scratch;
            const auto path = test::make_file(scratch / "file", test::random_bytes(100, 1));
            auto from = co_await file::open(here, path, open_mode::read);
            auto into =
                co_await file::open(here, scratch / "into", open_mode::write | open_mode::create);
            REQUIRE((from && into));
            const auto moved = co_await splice(here, {*from, 0}, {*into, 0}, 10, each.chosen);
            CHECK(moved.error() == std::errc::invalid_argument);
        });
    }
}
