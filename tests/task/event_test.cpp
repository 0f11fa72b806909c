#include "buffers/death.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/event.hpp>
#include <pelton/runtime/task/scope.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace pelton;
using namespace pelton::test;

TEST_CASE(
    "an event wakes all who wait, from the loop, and lets later ones pass until it is reset") {
    hand_scheduler shop;
    event began;
    std::vector<int> order;
    auto wait = [&](int number) -> task<> {
        CHECK(co_await began.wait());
        order.push_back(number);
    };
    auto body = [&]() -> task<> {
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&] { return wait(0); });
            kids.spawn([&] { return wait(1); });
            co_return;
        };
        co_await scope(family);
        co_await wait(2);
        began.reset();
        co_await wait(3);
    };
    shop.start(body);
    shop.run_ready();
    CHECK(order.empty());
    began.set();
    CHECK(order.empty());
    shop.run_ready();
    CHECK(order == std::vector{0, 1, 2});
    CHECK(!began.is_set());
    began.set();
    began.reset();  // whoever was woken stays so
    shop.run_ready();
    CHECK(order == std::vector{0, 1, 2, 3});
    CHECK(shop.all_ended());
}

TEST_CASE("a stop request ends the wait for an event") {
    hand_scheduler shop;
    event never;
    std::error_code error;
    auto body = [&]() -> task<> {
        const auto ended = co_await never.wait();
        error = ended.error();
        const auto again = co_await never.wait();
        CHECK(again.error() == std::errc::operation_canceled);
    };
    shop.start(body);
    shop.run_ready();
    shop.request_stop();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(error == std::errc::operation_canceled);
}

TEST_CASE("an event destroyed while a task waits for it ends the process with a sentence") {
    const auto end = ending_of([] {
        auto* shop = new hand_scheduler;
        auto* doomed = new event;
        auto body = [&]() -> task<> { static_cast<void>(co_await doomed->wait()); };
        shop->start(body);
        shop->run_ready();
        delete doomed;
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.text.find("what tasks wait for was destroyed") != std::string::npos);
}
