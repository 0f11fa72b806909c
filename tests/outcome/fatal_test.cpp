#include "buffers/death.hpp"

#include <pelton/runtime/outcome/fatal.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <thread>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a fatal error is one sentence on standard error, and an abort") {
    const auto end = ending_of([] { fatal("the sky fell"); });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text == "pelton: the sky fell\n");
}

TEST_CASE("a fatal sentence of more than a kilobyte is cut and still ends its line") {
    const auto end = ending_of([] { fatal(std::string(5'000, 'x')); });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.size() == 1'024);
    CHECK(end.text.ends_with("x\n"));
}

TEST_CASE("an invariant that holds goes on, and one that does not ends the process") {
    const auto end = ending_of([] {
        check(true, "this holds");
        check(false, "this does not");
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text == "pelton: this does not\n");
}

TEST_CASE("a fatal error on another thread ends the process") {
    const auto end = ending_of([] { std::thread([] { fatal("elsewhere"); }).join(); });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text == "pelton: elsewhere\n");
}
