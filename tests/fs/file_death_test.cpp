// A file may not go while operations on it are pending: the kernel, or a thread, would go on with a
// descriptor that has a new owner.
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <optional>
#include <vector>

using namespace pelton;

namespace {

// Has an operation pending on a pipe that stays empty, then lets `act` do the forbidden.
template <class Start, class Act>
test::ending ending_with_pending(Start start, Act act) {
    return test::ending_of([&] {
        static_cast<void>(run([&](shard& here) -> task<> {
            auto ends = test::make_pipe();
            auto adopted = file::adopt(here, ends.out.release());
            std::optional<file> on(std::move(*adopted));
            auto child = [&]() -> task<> { co_await start(*on); };
            auto body = [&](children& kids) -> task<> {
                kids.spawn(child);
                static_cast<void>(co_await yield());
                act(on);
                kids.request_stop();
            };
            co_await scope(body);
        }));
    });
}

task<> read_once(file& on) {
    std::vector<std::byte> memory(10);
    static_cast<void>(co_await on.read_at(0, std::span(memory)));
}
task<> read_exactly(file& on) {
    std::vector<std::byte> memory(10);
    static_cast<void>(co_await on.read_exactly_at(0, std::span(memory)));
}

void expect(const test::ending& end, std::string_view words) {
    CHECK(end.signal == SIGABRT);
    CHECK_MESSAGE(test::says(end.text, words), end.text);
}

constexpr auto destroyed = "destroyed while operations on it are pending";
constexpr auto moved = "a file or stream was moved while operations on it are pending";
constexpr auto closed = "pending, or closed; await them first";

}  // namespace

TEST_CASE("a file that is destroyed while a read is pending ends the process") {
    const auto destroy = [](std::optional<file>& on) { on.reset(); };
    expect(ending_with_pending(read_once, destroy), destroyed);
    expect(ending_with_pending(read_exactly, destroy), destroyed);
}

TEST_CASE("a file that is moved while a read is pending ends the process") {
    expect(
        ending_with_pending(read_once, [](std::optional<file>& on) { file other(std::move(*on)); }),
        moved);
}

TEST_CASE("a file that is closed while a read is pending ends the process") {
    // Its descriptor may belong to another file before the read reaches the kernel.
    expect(ending_with_pending(read_once,
                               [](std::optional<file>& on) { static_cast<void>(on->close()); }),
           closed);
}
