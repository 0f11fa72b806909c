// Opening files: every mode, every way to fail, and what a stop request does to it.
#include "forwarding_calls.hpp"
#include "op/on_shard.hpp"
#include "op/scratch.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>

using namespace pelton;
using test::on_shard;

namespace {

// Through the ring, and through a thread where the ring lacks openat2.
constexpr std::array<std::string_view, 2> ways{"", "openat2"};

task<> expect_error(shard& here, const std::string& path, open_mode mode, std::errc expected) {
    CAPTURE(path);
    const auto opened = co_await file::open(here, path, mode);
    REQUIRE(!opened.has_value());
    CHECK(opened.error() == expected);
}

}  // namespace

TEST_CASE("a mode that neither reads nor writes, or changes what it only reads, is EINVAL") {
    on_shard({}, [](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto path = directory / "kept";
        auto made = co_await file::open(here, path, open_mode::write | open_mode::create);
        REQUIRE(made.has_value());
        const auto put = co_await made->write_all_at(0, areas::for_write("text"));
        REQUIRE(put.has_value());
        for (const auto mode : {open_mode::create, open_mode::read | open_mode::truncate,
                                open_mode::read | open_mode::append}) {
            co_await expect_error(here, path, mode, std::errc::invalid_argument);
        }
        const auto known = co_await made->stat();
        REQUIRE(known.has_value());
        CHECK(known->bytes == 4);
    });
}

TEST_CASE("a file that is not there is ENOENT, and is made when asked for") {
    for (const auto way : ways) {
        on_shard(test::masked(way), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            const auto path = directory / "new";
            co_await expect_error(here, path, open_mode::read,
                                  std::errc::no_such_file_or_directory);
            ::umask(022);
            auto made = co_await file::open(here, path, open_mode::write | open_mode::create, 0646);
            REQUIRE(made.has_value());
            const auto known = co_await made->stat();
            REQUIRE(known.has_value());
            CHECK(known->mode == 0644);
            CHECK(known->bytes == 0);
            CHECK(::fcntl(made->descriptor(), F_GETFD) == FD_CLOEXEC);
        });
    }
}

TEST_CASE("create_new makes a file once, and does not follow a dangling link") {
    for (const auto way : ways) {
        on_shard(test::masked(way), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            const auto path = directory / "new";
            constexpr auto mode = open_mode::read_write | open_mode::create_new;
            const auto made = co_await file::open(here, path, mode);
            CHECK(made.has_value());
            co_await expect_error(here, path, mode, std::errc::file_exists);
            test::required(::symlink("nowhere", (directory / "dangling").c_str()), "symlink");
            co_await expect_error(here, directory / "dangling", mode, std::errc::file_exists);
        });
    }
}

TEST_CASE("no_follow refuses a symbolic link with ELOOP, otherwise it is followed") {
    for (const auto way : ways) {
        on_shard(test::masked(way), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            static_cast<void>(test::make_file(directory / "file", test::random_bytes(7, 1)));
            test::required(::symlink("file", (directory / "link").c_str()), "symlink");
            co_await expect_error(here, directory / "link", open_mode::read | open_mode::no_follow,
                                  std::errc::too_many_symbolic_link_levels);
            auto followed = co_await file::open(here, directory / "link", open_mode::read);
            REQUIRE(followed.has_value());
            const auto size = co_await followed->size();
            REQUIRE(size.has_value());
            CHECK(*size == 7);
        });
    }
}

TEST_CASE("truncate empties a file, append writes to its end whatever the position says") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto path = test::make_file(directory / "file", test::random_bytes(100, 1));
        auto emptied = co_await file::open(here, path, open_mode::write | open_mode::truncate);
        REQUIRE(emptied.has_value());
        CHECK(test::bytes_of(path).empty());
        auto log = co_await file::open(here, path, open_mode::write | open_mode::append);
        REQUIRE(log.has_value());
        for (const auto* word : {"one", "two"}) {
            const auto put = co_await log->write_all_at(0, areas::for_write(word));
            REQUIRE(put.has_value());
        }
        const auto bytes = test::bytes_of(path);
        CHECK(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) ==
              "onetwo");
    });
}

TEST_CASE("a directory opened for writing is EISDIR, and so is reading one") {
    for (const auto way : ways) {
        on_shard(test::masked(way), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            co_await expect_error(here, directory.path(), open_mode::write,
                                  std::errc::is_a_directory);
            auto opened = co_await file::open(here, directory.path(), open_mode::read);
            REQUIRE(opened.has_value());
            std::byte one{};
            const auto got = co_await opened->read_at(0, std::span(&one, 1));
            REQUIRE(!got.has_value());
            CHECK(got.error() == std::errc::is_a_directory);
        });
    }
}

TEST_CASE("names that no file can have are errors") {
    for (const auto way : ways) {
        on_shard(test::masked(way), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            static_cast<void>(test::make_file(directory / "file", {}));
            const auto with_zero = directory / "file" + std::string("\0.txt", 5);
            co_await expect_error(here, with_zero, open_mode::read, std::errc::invalid_argument);
            co_await expect_error(here, "", open_mode::read, std::errc::no_such_file_or_directory);
            co_await expect_error(here, directory / std::string(256, 'x'), open_mode::read,
                                  std::errc::filename_too_long);
            co_await expect_error(here, directory / "file/below", open_mode::read,
                                  std::errc::not_a_directory);
        });
    }
}

TEST_CASE("a file of another user that is not readable is EACCES") {
    if (::geteuid() != 0) {
        pelton_test::skip("only root can become somebody else");
        return;
    }
    const test::scratch_directory directory("/dev/shm");
    const auto path = test::make_file(directory / "secret", {});
    test::required(::chmod(directory.path().c_str(), 0755), "chmod");
    const auto end = test::ending_of([&path] {
        test::required(::setuid(65534), "setuid");
        static_cast<void>(run([&path](shard& here) -> task<> {
            const auto opened = co_await file::open(here, path, open_mode::read);
            std::fputs(opened ? "opened" : opened.error().message().c_str(), stderr);
        }));
    });
    CHECK(end.text == "Permission denied");
}

TEST_CASE("open_at looks below a directory and nowhere else") {
    on_shard([](shard& here) -> task<> {
        const test::scratch_directory directory;
        static_cast<void>(test::make_file(directory / "file", test::random_bytes(3, 1)));
        auto where = co_await directory::open(here, directory.path());
        REQUIRE(where.has_value());
        auto opened = co_await file::open_at(*where, "file", open_mode::read);
        CHECK(opened.has_value());
        auto missing = co_await file::open_at(*where, "other", open_mode::read);
        REQUIRE(!missing.has_value());
        CHECK(missing.error() == std::errc::no_such_file_or_directory);
    });
}

TEST_CASE("no descriptor left is EMFILE") {
    for (const auto way : ways) {
        on_shard(test::masked(way), [](shard& here) -> task<> {
            const test::scratch_directory directory;
            const auto path = test::make_file(directory / "file", {});
            here.open_door();  // whatever a thread needs is there before
            rlimit before{};
            test::required(::getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
            const rlimit none{3, before.rlim_max};
            test::required(::setrlimit(RLIMIT_NOFILE, &none), "setrlimit");
            const auto opened = co_await file::open(here, path, open_mode::read);
            test::required(::setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
            REQUIRE(!opened.has_value());
            CHECK(opened.error() == std::errc::too_many_files_open);
        });
    }
}

TEST_CASE("a descriptor that cannot be looked at is closed, not leaked") {
    class blind final : public test::forwarding_calls {
        result<void> statx(int, const char*, int, unsigned, struct statx&) noexcept override {
            return failure(EIO);
        }
    };
    blind calls;
    auto with = options{};
    with.calls = &calls;
    on_shard(std::move(with), [](shard& here) -> task<> {
        const test::scratch_directory directory;
        const auto path = test::make_file(directory / "file", {});
        here.open_door();  // what threads open by comes with a descriptor of its own
        const auto before = test::open_descriptors();
        co_await expect_error(here, path, open_mode::read, std::errc::io_error);
        CHECK(test::open_descriptors() == before);
    });
}
