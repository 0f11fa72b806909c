// What goes wrong inside scopes: throwing children and bodies, stop requests at odd moments. None
// of it ends the process or leaks.
#include "counted.hpp"
#include "task/hand_scheduler.hpp"

#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/shield.hpp>
#include <pelton/runtime/task/when_any.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

template <class Body>
std::string thrown_by(hand_scheduler& shop, Body& body) {
    try {
        shop.run(body);
    } catch (const std::exception& error) {
        return error.what();
    }
    return "";
}

// Does something when it dies.
class parting {
public:
    explicit parting(std::function<void()> last) : last_(std::move(last)) {}
    parting(parting&& other) noexcept : last_(std::exchange(other.last_, nullptr)) {}
    parting& operator=(parting&&) = delete;
    ~parting() {
        if (last_) {
            last_();
        }
    }

private:
    std::function<void()> last_;
};

task<> keep(parting) {
    co_return;
}

struct throws_when_copied {
    throws_when_copied() = default;
    throws_when_copied(const throws_when_copied&) { throw std::runtime_error("copied"); }
    throws_when_copied& operator=(const throws_when_copied&) = delete;
    ~throws_when_copied() = default;
    task<> operator()() const { co_return; }
};

}  // namespace

TEST_CASE("children that throw when they are stopped by one that threw: the first one is told") {
    hand_scheduler shop;
    int alive = 0;
    gate gates[3];
    auto child = [&](gate& at, std::string why, counted) -> task<> {
        static_cast<void>(co_await at.pass());
        throw std::runtime_error(why);
    };
    auto family = [&](children& kids) -> task<> {
        for (auto& each : gates) {
            const auto number = std::to_string(&each - gates);
            kids.spawn([&, number] { return child(each, number, counted(alive)); });
        }
        kids.spawn([&]() -> task<> {
            gates[1].open();
            co_return;
        });
        const counted mine(alive);
        gate never;
        static_cast<void>(co_await never.pass());
        throw std::runtime_error("body");
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    CHECK(thrown_by(shop, body) == "1");
    CHECK(alive == 0);
}

TEST_CASE("a body that throws while its children throw in their cleanup") {
    hand_scheduler shop;
    auto family = [&](children& kids) -> task<> {
        for (int i = 0; i < 10; ++i) {
            kids.spawn([&]() -> task<> {
                gate mine;
                static_cast<void>(co_await mine.pass());
                throw std::logic_error("cleanup");
            });
        }
        gate turn;
        kids.spawn([&turn]() -> task<> {
            turn.open();
            co_return;
        });
        static_cast<void>(co_await turn.pass());
        throw std::runtime_error("body");
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    CHECK(thrown_by(shop, body) == "body");
}

TEST_CASE("a stop request during shielded cleanup changes nothing, however often it comes") {
    hand_scheduler shop;
    gate work;
    gate cleanup;
    bool cleaned = false;
    auto child = [&]() -> task<> {
        const auto done = co_await work.pass();
        CHECK(done.error() == std::errc::operation_canceled);
        cleaned = (co_await shield(cleanup.pass())).has_value();
    };
    auto family = [&](children& kids) -> task<> {
        kids.spawn(child);
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.start(body);
    shop.run_ready();
    for (int i = 0; i < 3; ++i) {
        shop.request_stop();
        shop.run_ready();
    }
    REQUIRE(cleanup.someone_waits());
    cleanup.open();
    shop.run_ready();
    CHECK(shop.all_ended());
    CHECK(cleaned);
}

TEST_CASE("a destructor may ask the scope to stop: of a local, a parameter or a callable") {
    for (int kind = 0; kind < 3; ++kind) {
        CAPTURE(kind);
        hand_scheduler shop;
        gate never;
        gate begin;
        int stopped = 0;
        auto family = [&](children& kids) -> task<> {
            kids.spawn([&]() -> task<> { stopped += (co_await never.pass()) ? 0 : 1; });
            auto stop = [&kids] { kids.request_stop(); };
            if (kind == 0) {
                kids.spawn([&begin, stop]() -> task<> {
                    const parting last(stop);
                    static_cast<void>(co_await begin.pass());
                });
            } else if (kind == 1) {
                kids.spawn([stop] { return keep(parting(stop)); });
            } else {
                auto callable = [last = parting(stop)]() -> task<> { co_return; };
                kids.spawn(std::move(callable));
            }
            co_return;
        };
        auto body = [&]() -> task<> { co_await scope(family); };
        shop.start(body);
        shop.run_ready();
        if (kind == 0) {
            begin.open();
            shop.run_ready();
        }
        CHECK(shop.all_ended());
        CHECK(stopped == 1);
    }
}

TEST_CASE("a destructor may spawn another child while its own ends") {
    hand_scheduler shop;
    int ran = 0;
    auto family = [&](children& kids) -> task<> {
        auto callable = [last = parting([&kids, &ran] {
                             kids.spawn([&ran]() -> task<> {
                                 ++ran;
                                 co_return;
                             });
                         })]() -> task<> { co_return; };
        kids.spawn(std::move(callable));
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.run(body);
    CHECK(ran == 1);
}

TEST_CASE("a callable that cannot be copied into its child fails the body, not the process") {
    hand_scheduler shop;
    int alive = 0;
    bool stopped = false;
    gate never;
    auto family = [&](children& kids) -> task<> {
        const counted mine(alive);
        kids.spawn([&]() -> task<> { stopped = !co_await never.pass(); });
        const throws_when_copied difficult;
        kids.spawn(difficult);
        co_return;
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    CHECK(thrown_by(shop, body) == "copied");
    CHECK(stopped);
    CHECK(alive == 0);
}

TEST_CASE("scopes in scopes whose innermost child throws end from the inside out") {
    hand_scheduler shop;
    std::vector<int> order;
    int alive = 0;
    std::function<task<>(int)> deep = [&](int depth) -> task<> {
        auto family = [&, depth](children& kids) -> task<> {
            const counted mine(alive);
            const parting last([&order, depth] { order.push_back(depth); });
            kids.spawn([&, depth]() -> task<> {
                if (depth == 5) {
                    throw std::runtime_error("deep");
                }
                co_await deep(depth + 1);
            });
            gate never;
            static_cast<void>(co_await never.pass());
        };
        co_await scope(family);
    };
    auto body = [&]() -> task<> { co_await deep(0); };
    CHECK(thrown_by(shop, body) == "deep");
    CHECK(order == std::vector{5, 4, 3, 2, 1, 0});
    CHECK(alive == 0);
}

TEST_CASE("a stop request from inside a racer of when_any, at its end, is heard by the others") {
    hand_scheduler shop;
    gate never;
    bool stopped = false;
    auto family = [&](children& kids) -> task<> {
        auto quick = [&]() -> task<> {
            const parting last([&kids] { kids.request_stop(); });
            co_return;
        };
        auto slow = [&]() -> task<> { stopped = !co_await never.pass(); };
        static_cast<void>(co_await when_any(quick(), slow()));
    };
    auto body = [&]() -> task<> { co_await scope(family); };
    shop.run(body);
    CHECK(stopped);
}
