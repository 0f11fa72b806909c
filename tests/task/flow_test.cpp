#include "buffers/death.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/flow.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

flow note(std::vector<int>& order, int number) {
    order.push_back(number);
    co_return;
}

flow wait_at(gate& at, int& outcome) {
    const auto passed = co_await at.pass();
    outcome = passed ? 0 : passed.error().value();
}

strand outside_of(scheduler& home) {
    strand outside;
    outside.home = &home;
    return outside;
}

}  // namespace

TEST_CASE("a flow first runs when its scheduler resumes it, in order of starting") {
    hand_scheduler shop;
    auto outside = outside_of(shop);
    flow_group group(outside);
    std::vector<int> order;
    for (int i = 0; i < 3; ++i) {
        group.start(note(order, i), "note");
    }
    CHECK(order.empty());
    CHECK(group.running() == 3);
    shop.run_ready();
    CHECK(order == std::vector{0, 1, 2});
    CHECK(group.running() == 0);
    CHECK(shop.strands() == 0);
}

TEST_CASE("a stop request reaches every flow of a group, and those started after it") {
    hand_scheduler shop;
    auto outside = outside_of(shop);
    flow_group group(outside);
    gate first;
    gate second;
    gate late;
    int outcomes[3] = {-1, -1, -1};
    group.start(wait_at(first, outcomes[0]), "first");
    group.start(wait_at(second, outcomes[1]), "second");
    shop.run_ready();
    group.request_stop();
    group.start(wait_at(late, outcomes[2]), "late");
    shop.run_ready();
    CHECK(group.running() == 0);
    for (const int each : outcomes) {
        CHECK(each == ECANCELED);
    }
    CHECK(late.stops() == 0);  // it started stopped
}

TEST_CASE("flows may end in any order") {
    hand_scheduler shop;
    auto outside = outside_of(shop);
    flow_group group(outside);
    gate gates[4];
    int outcomes[4] = {-1, -1, -1, -1};
    for (std::size_t i = 0; i < 4; ++i) {
        group.start(wait_at(gates[i], outcomes[i]), "waits");
    }
    shop.run_ready();
    std::size_t left = 4;
    for (const std::size_t each : {2U, 0U, 3U, 1U}) {
        gates[each].open();
        shop.run_ready();
        CHECK(outcomes[each] == 0);
        CHECK(group.running() == --left);
        CHECK(shop.strands() == static_cast<int>(left));
    }
}

TEST_CASE("a stop request may be repeated") {
    hand_scheduler shop;
    auto outside = outside_of(shop);
    flow_group group(outside);
    gate stubborn;
    stubborn.keep_closed();
    int outcome = -1;
    group.start(wait_at(stubborn, outcome), "stubborn");
    shop.run_ready();
    group.request_stop();
    group.request_stop();
    CHECK(stubborn.stops() == 2);
    CHECK(group.running() == 1);
    stubborn.open();
    shop.run_ready();
    CHECK(outcome == 0);
}

TEST_CASE("the first failure of a group is the one it keeps") {
    hand_scheduler shop;
    auto outside = outside_of(shop);
    flow_group group(outside);
    group.failed(std::make_error_code(std::errc::io_error));
    group.failed(std::make_error_code(std::errc::broken_pipe));
    group.failed(std::make_exception_ptr(1));
    CHECK(group.error() == std::errc::io_error);
    CHECK(group.thrown() == nullptr);
}

TEST_CASE("a flow that was made and never started ends the process") {
    const auto end = ending_of([] {
        std::vector<int> order;
        const auto forgotten = note(order, 1);
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("a flow was made and never started") != std::string::npos);
}

TEST_CASE("a group destroyed before its flows ends the process") {
    const auto end = ending_of([] {
        hand_scheduler shop;
        auto outside = outside_of(shop);
        gate closed;
        int outcome = 0;
        flow_group group(outside);
        group.start(wait_at(closed, outcome), "waits");
        shop.run_ready();
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("a scope ended before its tasks") != std::string::npos);
}
