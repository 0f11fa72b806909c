#include "fixture.hpp"

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/ring/feature.hpp>
#include <pelton/runtime/ring/mask.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

using namespace pelton;
using namespace pelton::test;

namespace {

feature_set only(feature one) {
    return feature_set{}.set(static_cast<std::size_t>(one));
}

feature_set mask_of(std::string_view text) {
    std::string unknown;
    const auto parsed = parse_mask(text, unknown);
    REQUIRE(parsed);
    CHECK(unknown.empty());
    return *parsed;
}

}  // namespace

TEST_CASE("a mask is a list of names; an unknown one is an error that names it") {
    std::string unknown;
    CHECK(parse_mask("", unknown)->none());
    CHECK(*parse_mask("read", unknown) == only(feature::read));
    const auto two = parse_mask("readv_fixed,,no_sqarray,", unknown);
    REQUIRE(two);
    CHECK(*two == (only(feature::readv_fixed) | only(feature::no_sqarray)));
    CHECK(unknown.empty());
    const auto wrong = parse_mask("read,raedv,send", unknown);
    CHECK(wrong.error() == std::errc::invalid_argument);
    CHECK(unknown == "raedv");
}

TEST_CASE("every feature can be hidden by its name") {
    for (const auto& each : feature_table()) {
        std::string unknown;
        const auto masked = parse_mask(each.name, unknown);
        REQUIRE(masked);
        CHECK(*masked == only(each.id));
    }
}

TEST_CASE("PELTON_MASK hides features, beside those that the options hide") {
    const auto end = ending_of([] {
        ::setenv("PELTON_MASK", "no_sqarray,readv_fixed", 1);
        auto with = tiny();
        with.ring.masked = only(feature::send);
        const int code = run(with, [](shard& here) -> task<int> {
            const auto expected =
                only(feature::no_sqarray) | only(feature::readv_fixed) | only(feature::send);
            co_return here.known().masked == expected && !here.known().has(feature::no_sqarray) ? 0
                                                                                                : 1;
        });
        ::_exit(code);
    });
    CHECK(end.text.empty());
}

TEST_CASE("a misspelt PELTON_MASK ends run() with a line that names the misspelling") {
    const auto end = ending_of([] {
        ::setenv("PELTON_MASK", "no_sqaray", 1);
        ::_exit(run(tiny(), [](shard&) -> task<> { co_return; }));
    });
    CHECK(says(end.text, "no_sqaray"));
    CHECK(says(end.text, "PELTON_MASK"));
    CHECK(says(end.text, "exit status 1"));
}

TEST_CASE("a release as a mask hides what came after it, and nothing that it has") {
    const auto masked = mask_of("linux_6.1");
    for (const auto one :
         {feature::no_sqarray, feature::no_iowait, feature::readv_fixed, feature::writev_fixed}) {
        CHECK(masked.test(static_cast<std::size_t>(one)));
    }
    for (const auto one : {feature::defer_taskrun, feature::single_issuer, feature::ext_arg,
                           feature::socket, feature::read_fixed, feature::nodrop}) {
        CHECK_FALSE(masked.test(static_cast<std::size_t>(one)));
    }
    // 6.6 is before 6.15: releases are numbers, not text.
    CHECK((mask_of("linux_6.6") & only(feature::no_sqarray)).none());
    CHECK((mask_of("linux_6.6") & only(feature::readv_fixed)).any());
    CHECK(mask_of("linux_99.0").none());
    CHECK(mask_of("linux_99.0,read") == only(feature::read));
    CHECK(mask_of("linux_4.0").all());
}

TEST_CASE("a release that cannot be read is an error, as a misspelt feature is") {
    for (const auto* text : {"linux_", "linux_6", "linux_6.", "linux_6.1x", "linux_-6.1",
                             "linux_six", "linux_6.1.5", "linux_ 6.1", "Linux_6.1"}) {
        INFO(std::string(text));
        std::string unknown;
        CHECK(parse_mask(text, unknown).error() == std::errc::invalid_argument);
        CHECK(unknown == text);
    }
}

TEST_CASE("a ring under the mask of Linux 6.1 asks for nothing newer, and works") {
    auto with = tiny();
    with.ring.masked = mask_of("linux_6.1");
    on_shard(with, [](shard& here) -> task<> {
        CHECK((here.known().setup_flags & abi::setup_no_sqarray) == 0);
        CHECK((here.known().present & here.known().masked).none());
        CHECK(here.known().has(feature::defer_taskrun));
        const pipe_ends pipe;
        pipe.write("abc");
        CHECK(co_await pipe_read(here, pipe.reader()) == 3);
    });
}
