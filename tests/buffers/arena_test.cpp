#include "death.hpp"
#include "sanitizer.hpp"

#include <pelton/buffers/arena.hpp>

#include <doctest/doctest.h>

#include <sys/mman.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::size_t resident_pages(const arena& pages) {
    const auto unit = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> resident((pages.bytes() + unit - 1) / unit);
    require_call(::mincore(pages.base(), pages.bytes(), resident.data()) == 0, "mincore");
    return static_cast<std::size_t>(std::ranges::count_if(resident, [](auto r) { return r & 1; })) *
           unit / arena::page_bytes();
}

// The line of /proc/self/smaps that starts with `key`, for the mapping that starts at `base`.
std::string smaps_line(const std::byte* base, std::string_view key) {
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    bool inside = false;
    while (std::getline(maps, line)) {
        if (const auto dash = line.find('-');
            dash != std::string::npos && dash <= 16 && line.find(':') > dash) {
            inside = std::stoull(line.substr(0, dash), nullptr, 16) ==
                     reinterpret_cast<std::uintptr_t>(base);
        } else if (inside && line.starts_with(key)) {
            return line;
        }
    }
    return {};
}

int error_of(const arena_options& options, std::string& what) {
    try {
        const arena refused(options);
    } catch (const std::system_error& error) {
        what = error.what();
        return error.code().value();
    }
    return 0;
}

}  // namespace

TEST_CASE("an arena starts at 2 MiB, is zero and has whole pages") {
    for (const std::size_t bytes :
         {std::size_t{1}, std::size_t{4096}, std::size_t{4097}, 3 * mebibyte}) {
        const arena pages({.bytes = bytes});
        CHECK(reinterpret_cast<std::uintptr_t>(pages.base()) % arena::alignment == 0);
        CHECK(pages.bytes() >= bytes);
        CHECK(pages.bytes() < bytes + arena::page_bytes());
        CHECK(pages.pages() * arena::page_bytes() == pages.bytes());
        CHECK(pages.whole() == area{pages.base(), pages.bytes()});
        CHECK(std::all_of(pages.base(), pages.base() + pages.bytes(),
                          [](auto byte) { return byte == std::byte{0}; }));
        pages.base()[pages.bytes() - 1] = std::byte{1};
    }
}

TEST_CASE("an arena of 1 GiB is possible, one of nothing or of more is refused in a sentence") {
    const arena largest({.bytes = arena::bytes_max});
    CHECK(largest.pages() == 262144);
    std::string what;
    CHECK(error_of({.bytes = 0}, what) == EINVAL);
    CHECK(what.find("from 1 byte to 1 GiB") != std::string::npos);
    CHECK(error_of({.bytes = arena::bytes_max + 1}, what) == EINVAL);
    CHECK(error_of({.bytes = SIZE_MAX}, what) == EINVAL);
}

TEST_CASE("an arena that the system has no room for names mmap") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_AS, &before) == 0);
    // Room for what a sanitizer maps meanwhile, not for the arena.
    std::size_t mapped_pages = 0;
    std::ifstream("/proc/self/statm") >> mapped_pages;
    const rlimit tight{mapped_pages * 4096 + 64 * mebibyte, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_AS, &tight) == 0);
    std::string what;
    const auto error = error_of({.bytes = 512 * mebibyte}, what);
    REQUIRE(::setrlimit(RLIMIT_AS, &before) == 0);
    CHECK(error == ENOMEM);
    CHECK(what.find("mmap") != std::string::npos);
}

TEST_CASE("an arena knows its addresses, their pages and their offsets") {
    const arena pages({.bytes = 16 * 4096});
    auto* const base = pages.base();
    CHECK(pages.contains(base, pages.bytes()));
    CHECK(pages.contains(base + 1, pages.bytes() - 1));
    CHECK_FALSE(pages.contains(base + 1, pages.bytes()));
    CHECK_FALSE(pages.contains(base - 1, 1));
    CHECK_FALSE(pages.contains(base + pages.bytes(), 1));
    CHECK_FALSE(pages.contains(base + 5, SIZE_MAX));
    CHECK_FALSE(pages.contains(nullptr, 1));
    CHECK(pages.page_of(base + 3 * 4096 + 40) == 3);
    CHECK(pages.offset_in_page(base + 3 * 4096 + 40) == 40);
    CHECK(pages.page_of(base + pages.bytes() - 1) == 15);
}

TEST_CASE("an address outside an arena has no page") {
    const auto end = ending_of([] {
        const arena pages({.bytes = 4096});
        static_cast<void>(pages.page_of(pages.base() + 4096));
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text == "pelton: page_of an address outside the arena\n");
}

TEST_CASE("a prefaulted arena is resident, another is not until it is touched") {
    const arena lazy({.bytes = 4 * mebibyte});
    CHECK(resident_pages(lazy) == 0);
    const arena ready({.bytes = 4 * mebibyte + 4096, .prefault = true});
    CHECK(resident_pages(ready) == ready.pages());
}

TEST_CASE("an arena asks for huge pages unless told not to") {
    const arena huge({.bytes = 4 * mebibyte, .prefault = true});
    const auto flags = smaps_line(huge.base(), "VmFlags:");
    const std::ifstream supported("/sys/kernel/mm/transparent_hugepage/enabled");
    if (flags.empty() || !supported) {
        MESSAGE("skipped: no /proc/self/smaps or no transparent huge pages here");
        return;
    }
    CHECK(flags.find(" hg") != std::string::npos);
    CHECK(flags.find(" dc") != std::string::npos);
    MESSAGE("granted of 4 MiB: " << smaps_line(huge.base(), "AnonHugePages:"));
    const arena small({.bytes = 4 * mebibyte, .huge_pages = false});
    CHECK(smaps_line(small.base(), "VmFlags:").find(" hg") == std::string::npos);
}

TEST_CASE("a child process does not have the pages of an arena") {
    const arena pages({.bytes = 4096});
    pages.base()[0] = std::byte{0x5a};
    const auto end = ending_of([&] {
        const std::byte seen = *static_cast<volatile std::byte*>(pages.base());
        if (seen == std::byte{0x5a}) {
            std::abort();
        }
    });
    CHECK(end.signal != SIGABRT);
    // ThreadSanitizer maps memory of its own at fork, which may fill the hole.
    CHECK((end.signal == SIGSEGV || PELTON_THREAD_SANITIZER));
}

TEST_CASE("the byte behind an arena may not be touched") {
    const auto end = ending_of([] {
        const arena pages({.bytes = 4096});
        *static_cast<volatile std::byte*>(pages.base() + pages.bytes()) = std::byte{1};
    });
    CHECK((end.signal == SIGSEGV || end.signal == SIGBUS));
}

TEST_CASE("reserved huge pages are used when they suffice and ordinary ones when not") {
    // A whole GiB is more than most machines reserve, 2 MiB may be there.
    for (const auto bytes : {2 * mebibyte - 1, arena::bytes_max}) {
        const arena pages({.bytes = bytes, .hugetlb = true});
        MESSAGE("hugetlb for " << bytes << " bytes: " << pages.is_hugetlb());
        CHECK(pages.bytes() >= bytes);
        CHECK((!pages.is_hugetlb() || pages.bytes() % arena::alignment == 0));
        pages.base()[bytes - 1] = std::byte{1};
        CHECK(pages.base()[bytes - 1] == std::byte{1});
    }
}
