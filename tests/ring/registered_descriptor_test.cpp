// Places in a ring's table of open files: who gets one, who knows it, and what leaving it means.
#include "fixture.hpp"
#include "skip.hpp"

#include <pelton/runtime/ring/registered_descriptor.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sys/resource.h>

#include <cstdio>
#include <utility>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

ring_options with_places(unsigned most) {
    ring_options with;
    with.sq_entries = 2;
    with.registered_descriptors_max = most;
    return with;
}

bool has_places(const ring& queues) {
    if (!queues.has(feature::registered_descriptors)) {
        pelton_test::skip("this kernel has no table of open files worth using");
        return false;
    }
    return true;
}

bool ends(int reader) {
    char byte = 0;
    require_call(::fcntl(reader, F_SETFL, O_NONBLOCK) == 0, "fcntl");
    return ::read(reader, &byte, 1) == 0;
}

}  // namespace

TEST_CASE("each descriptor has a place of its own, and one that came back is given again") {
    ring queues(linux_ring(), with_places(2));
    if (!has_places(queues)) {
        return;
    }
    const pipe_ends some;
    const registered_descriptor first(queues, some.reader());
    registered_descriptor second(queues, some.writer());
    CHECK(first);
    CHECK(second);
    CHECK(first.place() != second.place());
    CHECK(!registered_descriptor(queues, some.reader()));
    second.give_back();
    CHECK(!second);
    const registered_descriptor third(queues, some.reader());
    CHECK(third);
    CHECK(third.place() != first.place());
}

TEST_CASE("a file that left the table is closed by close(2), and one that did not is not") {
    ring queues(linux_ring(), with_places(2));
    if (!has_places(queues)) {
        return;
    }
    pipe_ends some;
    registered_descriptor held(queues, some.writer());
    some.close_writer();
    CHECK(!ends(some.reader()));
    held.give_back();
    CHECK(ends(some.reader()));
}

TEST_CASE("a place moves, and goes home once") {
    ring queues(linux_ring(), with_places(1));
    if (!has_places(queues)) {
        return;
    }
    const pipe_ends some;
    {
        registered_descriptor first(queues, some.reader());
        const int place = first.place();
        registered_descriptor second(std::move(first));
        CHECK(second.place() == place);
        registered_descriptor third;
        third = std::move(second);
        CHECK(third.place() == place);
        CHECK(third.known_to(queues));
    }
    CHECK(registered_descriptor(queues, some.reader()));
}

TEST_CASE("another ring does not know the place") {
    ring queues(linux_ring(), with_places(1));
    const ring other(linux_ring(), with_places(1));
    if (!has_places(queues)) {
        return;
    }
    const pipe_ends some;
    const registered_descriptor here(queues, some.reader());
    CHECK(here.known_to(queues));
    CHECK(!here.known_to(other));
}

TEST_CASE("what is no descriptor gets no place, and takes none from others") {
    ring queues(linux_ring(), with_places(1));
    if (!has_places(queues)) {
        return;
    }
    const pipe_ends some;
    CHECK(!registered_descriptor(queues, -1));
    CHECK(!registered_descriptor(queues, 1'000'000));
    CHECK(registered_descriptor(queues, some.reader()));
}

TEST_CASE("the table is as large as RLIMIT_NOFILE lets it be") {
    const auto end = ending_of([] {
        const rlimit few{32, 32};
        require_call(::setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
        ring queues(linux_ring(), with_places(1'000));
        const pipe_ends some;
        std::vector<registered_descriptor> all;
        for (;;) {
            registered_descriptor next(queues, some.reader());
            if (!next) {
                break;
            }
            all.push_back(std::move(next));
        }
        const bool has = queues.has(feature::registered_descriptors);
        fmt::print(stderr, "{}", has ? all.size() : 31);
    });
    CHECK(end.text == "31");
}

TEST_CASE("a ring without places says so, and has none for anybody") {
    auto with = with_places(0);
    const pipe_ends some;
    ring empty(linux_ring(), with);
    CHECK(!registered_descriptor(empty, some.reader()));
    with = with_places(8);
    with.masked.set(static_cast<std::size_t>(feature::registered_descriptors));
    ring masked(linux_ring(), with);
    CHECK(!registered_descriptor(masked, some.reader()));
}
