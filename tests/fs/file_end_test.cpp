// How a file ends: closed, by a stop request, or in the middle of something.
#include "forwarding_calls.hpp"
#include "op/meddling_ring.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/shard/sleep.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <span>
#include <string>
#include <vector>

using namespace pelton;
using test::on_shard;

namespace {

constexpr auto made = open_mode::read_write | open_mode::create;

template <class T>
void expect_error(const result<T>& got, std::errc expected) {
    REQUIRE(!got.has_value());
    CHECK(got.error() == expected);
}

// Counts the calls of close(2), and fails them when told to.
class watching_calls final : public test::forwarding_calls {
public:
    int closes = 0;
    int close_error = 0;

    result<void> close(int descriptor) noexcept override {
        ++closes;
        const auto closed = forwarding_calls::close(descriptor);
        return close_error == 0 ? closed : failure(close_error);
    }
};

}  // namespace

TEST_CASE("close reports an error and the file is closed all the same") {
    for (const auto mask : {"", "close"}) {
        CAPTURE(mask);
        test::meddling_ring kernel;
        watching_calls calls;
        auto with = test::masked(mask);
        with.calls = &calls;
        with.ring_kernel = &kernel;
        on_shard(std::move(with), [&](shard& here) -> task<> {
            const test::scratch_directory directory;
            here.open_door();  // a descriptor, which blocking calls would bring later
            const auto before = test::open_descriptors();
            auto on = co_await file::open(here, directory / "file", made);
            REQUIRE(on.has_value());
            kernel.answers = {-ENOSPC};
            calls.close_error = ENOSPC;
            const auto closed = co_await on->close();
            expect_error(closed, std::errc::no_space_on_device);
            calls.close_error = 0;
            kernel.answers.clear();
            CHECK(!on->is_open());
            CHECK(test::open_descriptors() == before);
            CHECK(calls.closes == (here.known().has(feature::close) ? 0 : 1));
        });
    }
}

TEST_CASE("the error of a close that nobody called goes to the shard's error hook") {
    watching_calls calls;
    std::vector<std::string> told;
    auto with = options{};
    with.calls = &calls;
    with.error = [&](std::error_code error, std::string_view what) {
        told.push_back(std::string(what) + ": " + error.message());
    };
    on_shard(std::move(with), [&](shard& here) -> task<> {
        const test::scratch_directory directory;
        here.open_door();  // a descriptor, which blocking calls would bring later
        const auto before = test::open_descriptors();
        {
            auto on = co_await file::open(here, directory / "file", made);
            auto other = co_await file::open(here, directory / "other", made);
            REQUIRE((on.has_value() && other.has_value()));
            calls.close_error = EIO;
            *on = std::move(*other);
            CHECK(told.size() == 1);
        }
        calls.close_error = 0;
        CHECK(test::open_descriptors() == before);
    });
    REQUIRE(told.size() == 2);
    CHECK(told[0] == "close of a file nobody closed: Input/output error");
    CHECK(told[1] == told[0]);
}

TEST_CASE("a closed file is EBADF for everything, and closing it again too") {
    for (const auto mask : {"", "fsync,close,openat2"}) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            auto on = co_await file::open(here, directory / "file", made);
            REQUIRE(on.has_value());
            const auto closed = co_await on->close();
            CHECK(closed.has_value());
            constexpr auto bad = std::errc::bad_file_descriptor;
            std::byte one{};
            const auto memory = std::span(&one, 1);
            expect_error(co_await on->read_at(0, memory), bad);
            expect_error(co_await on->write_at(0, memory), bad);
            expect_error(co_await on->read_exactly_at(0, memory), bad);
            expect_error(co_await on->write_all_at(0, memory), bad);
            expect_error(co_await on->sync(), bad);
            expect_error(co_await on->data_sync(), bad);
            expect_error(co_await on->stat(), bad);
            expect_error(co_await on->size(), bad);
            expect_error(co_await on->truncate(0), bad);
            expect_error(co_await on->allocate(0, 1), bad);
            expect_error(co_await on->close(), bad);
        });
    }
}

TEST_CASE("a close is done although the task was asked to stop") {
    for (const auto mask : {"", "close"}) {
        on_shard(test::masked(mask), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            here.open_door();  // a descriptor, which blocking calls would bring later
            const auto before = test::open_descriptors();
            for (int when = 0; when < 2; ++when) {
                auto on = co_await file::open(here, directory / "file", made);
                REQUIRE(on.has_value());
                auto close = [&]() -> task<> {
                    const auto closed = co_await on->close();
                    CHECK(closed.has_value());
                };
                auto body = [&](children& kids) -> task<> {
                    kids.spawn(close);
                    if (when == 1) {
                        static_cast<void>(co_await yield());
                    }
                    kids.request_stop();
                };
                co_await scope(body);
                CHECK(test::open_descriptors() == before);
            }
        });
    }
}

TEST_CASE("a close that is made and not awaited still closes") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        here.open_door();  // a descriptor, which blocking calls would bring later
        const auto before = test::open_descriptors();
        {
            auto on = co_await file::open(here, directory / "file", made);
            REQUIRE(on.has_value());
            static_cast<void>(on->close());
        }
        CHECK(test::open_descriptors() == before);
    });
}

TEST_CASE("a read of a FIFO that waits for bytes is cancelled by a stop request") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto path = directory / "fifo";
        test::required(::mkfifo(path.c_str(), 0600), "mkfifo");
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        std::vector<std::byte> memory(10);
        int ended = 0;
        auto read = [&]() -> task<> {
            expect_error(co_await on->read_at(0, std::span(memory)), std::errc::operation_canceled);
            ++ended;
        };
        auto read_exactly = [&]() -> task<> {
            std::size_t moved = 7;
            const auto got = co_await on->read_exactly_at(0, std::span(memory), &moved);
            expect_error(got, std::errc::operation_canceled);
            CHECK(moved == 0);
            ++ended;
        };
        auto body = [&](children& kids) -> task<> {
            kids.spawn(read);
            kids.spawn(read_exactly);
            static_cast<void>(co_await yield());
            kids.request_stop();
        };
        co_await scope(body);
        CHECK(ended == 2);
    });
}

TEST_CASE("in a task that was asked to stop nothing more is begun but a close") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto content = test::random_bytes(100, 1);
        const auto path = test::make_file(directory / "file", content);
        auto on = co_await file::open(here, path, open_mode::read_write);
        REQUIRE(on.has_value());
        auto body = [&](children& kids) -> task<> {
            kids.request_stop();
            std::byte one{};
            const auto memory = std::span(&one, 1);
            constexpr auto cancelled = std::errc::operation_canceled;
            expect_error(co_await on->read_at(0, memory), cancelled);
            expect_error(co_await on->write_at(0, memory), cancelled);
            expect_error(co_await on->truncate(0), cancelled);
            expect_error(co_await on->allocate(0, 1 << 20), cancelled);
            expect_error(co_await on->sync(), cancelled);
            expect_error(co_await on->stat(), cancelled);
            const auto closed = co_await on->close();
            CHECK(closed.has_value());
        };
        co_await scope(body);
        CHECK(test::bytes_of(path) == content);
    });
}

TEST_CASE("a read on a file that moved away before it was awaited is EBADF") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        auto on = co_await file::open(here, directory / "file", made);
        REQUIRE(on.has_value());
        std::byte one{};
        auto read = on->read_at(0, std::span(&one, 1));
        const auto elsewhere = std::move(*on);
        CHECK(elsewhere.is_open());
        expect_error(co_await read, std::errc::bad_file_descriptor);
    });
}
