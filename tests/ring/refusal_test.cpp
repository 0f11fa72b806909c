// What run() says when the kernel does not let it have a ring, or not all of one: in children that
// have made themselves poor.
#include "fixture.hpp"
#include "forbidden_call.hpp"
#include "skip.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

using namespace pelton;
using namespace pelton::test;

namespace {

void limit(int resource, rlim_t to) {
    const rlimit both{to, to};
    require_call(::setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0, "setrlimit");
}

// Root's memory is not counted against RLIMIT_MEMLOCK. That of others is counted for each user, and
// given back some time after the process has ended: each child is a user of its own.
void become_nobody() {
    const auto nobody = 100'000 + static_cast<uid_t>(::getpid());
    require_call(::setresgid(nobody, nobody, nobody) == 0, "setresgid");
    require_call(::setresuid(nobody, nobody, nobody) == 0, "setresuid");
}

bool can_become_nobody() {
    if (::geteuid() != 0) {
        pelton_test::skip("only root can become a user without privileges");
        return false;
    }
    return true;
}

// run() in a child that `poverty` has prepared, and what it wrote.
template <class Poverty>
ending run_in_poverty(Poverty poverty, options with = tiny()) {
    return ending_of([&] {
        poverty();
        ::_exit(run(with, [](shard& here) -> task<int> { co_return co_await nop(here) ? 0 : 9; }));
    });
}

void check_one_line(const ending& end) {
    INFO(end.text);
    CHECK(end.signal == 0);
    CHECK(says(end.text, "exit status 1"));
    CHECK(std::count(end.text.begin(), end.text.end(), '\n') == 1);
    CHECK(end.text.starts_with("pelton: io_uring_setup: "));
}

}  // namespace

TEST_CASE("where io_uring is forbidden, run() names the sysctl and seccomp, and ends with 1") {
    const auto end = run_in_poverty([] { forbid_call(SYS_io_uring_setup, EPERM); });
    check_one_line(end);
    CHECK(says(end.text, "sysctl kernel.io_uring_disabled"));
    CHECK(says(end.text, "seccomp"));
}

TEST_CASE("where there is no io_uring, run() says which kernel has it, and ends with 1") {
    const auto end = run_in_poverty([] { forbid_call(SYS_io_uring_setup, ENOSYS); });
    check_one_line(end);
    CHECK(says(end.text, "Linux 6.1"));
    CHECK(says(end.text, "CONFIG_IO_URING"));
}

TEST_CASE("where the queues' memory is refused, run() names RLIMIT_MEMLOCK, and ends with 1") {
    const auto end = run_in_poverty([] { forbid_call(SYS_io_uring_setup, ENOMEM); });
    check_one_line(end);
    CHECK(says(end.text, "RLIMIT_MEMLOCK"));
    CHECK(says(end.text, "ulimit -l"));
}

TEST_CASE("where no descriptor is left, run() names RLIMIT_NOFILE, and ends with 1") {
    const auto end = run_in_poverty([] { limit(RLIMIT_NOFILE, 3); });
    check_one_line(end);
    CHECK(says(end.text, "RLIMIT_NOFILE"));
}

TEST_CASE("an errno without a known cause is passed on with its text") {
    const auto end = run_in_poverty([] { forbid_call(SYS_io_uring_setup, EIO); });
    check_one_line(end);
    CHECK(says(end.text, "Input/output error"));
}

namespace {

options with_large_queues() {
    auto large = tiny();
    large.ring.sq_entries = 4'096;
    return large;
}

}  // namespace

TEST_CASE("with no lockable memory at all run() names the limit, or the kernel does not mind") {
    if (!can_become_nobody()) {
        return;
    }
    const auto end = run_in_poverty(
        [] {
            become_nobody();
            limit(RLIMIT_MEMLOCK, 0);
        },
        with_large_queues());
    if (end.text.empty()) {
        pelton_test::skip("this kernel does not count a ring's memory against RLIMIT_MEMLOCK");
        return;
    }
    check_one_line(end);
    CHECK(says(end.text, "RLIMIT_MEMLOCK"));
}

TEST_CASE("with too little lockable memory for the queues, smaller ones are used, which is said") {
    if (!can_become_nobody()) {
        return;
    }
    const auto end = run_in_poverty(
        [] {
            become_nobody();
            limit(RLIMIT_MEMLOCK, 64 << 10);
        },
        with_large_queues());
    if (end.text.empty()) {
        pelton_test::skip("this kernel does not count a ring's memory against RLIMIT_MEMLOCK");
        return;
    }
    INFO(end.text);
    CHECK(end.signal == 0);
    CHECK(!says(end.text, "exit status"));
    CHECK(std::count(end.text.begin(), end.text.end(), '\n') == 1);
    CHECK(says(end.text, "RLIMIT_MEMLOCK (64 KiB) does not allow queues of 4096 entries"));
    CHECK(says(end.text, "ulimit -l"));
}

TEST_CASE("with little lockable memory fewer pages are registered, or none, which is said once") {
    if (!can_become_nobody()) {
        return;
    }
    for (const rlim_t memlock : {rlim_t{128} << 10, rlim_t{1} << 20, rlim_t{8} << 20}) {
        INFO(memlock);
        const auto end = ending_of([&] {
            become_nobody();
            limit(RLIMIT_MEMLOCK, memlock);
            auto with = tiny();
            with.page_bytes = std::size_t{16} << 20;
            ::_exit(run(with, [](shard& here) -> task<int> {
                for (int i = 0; i < 3; ++i) {
                    const auto pages = co_await here.pages().take(4);
                    if (!pages || !co_await nop(here)) {
                        co_return 9;
                    }
                }
                co_return here.pages().pool().pages() >= 512 ? 0 : 8;
            }));
        });
        INFO(end.text);
        CHECK(end.signal == 0);
        CHECK(!says(end.text, "exit status"));
        CHECK(std::count(end.text.begin(), end.text.end(), '\n') == 1);
        CHECK(says(end.text, "RLIMIT_MEMLOCK"));
        CHECK(says(end.text, "ulimit -l"));
    }
}
