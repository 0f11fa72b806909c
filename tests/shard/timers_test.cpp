#include "buffers/death.hpp"

#include <pelton/runtime/shard/timers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

class noted final : public timer {
public:
    explicit noted(std::vector<const noted*>& fired) noexcept : fired_(fired) {}
    void fire() noexcept override { fired_.push_back(this); }

private:
    std::vector<const noted*>& fired_;
};

}  // namespace

TEST_CASE("timers fire when due, earliest first, as a sorted list of them would") {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 luck(seed);
        std::vector<const noted*> fired;
        std::vector<std::unique_ptr<noted>> all;
        for (int i = 0; i < 200; ++i) {
            all.push_back(std::make_unique<noted>(fired));
        }
        timers heap;
        std::map<const noted*, std::uint64_t> model;
        std::uint64_t now = 0;
        for (int step = 0; step < 3'000; ++step) {
            auto& one = *all[luck() % all.size()];
            const auto dice = luck() % 10;
            if (dice < 6 && !one.armed()) {
                const auto deadline = now + luck() % 1'000;
                heap.arm(one, deadline);
                model[&one] = deadline;
            } else if (dice < 8) {
                heap.disarm(one);
                model.erase(&one);
            } else {
                now += luck() % 100;
                fired.clear();
                heap.expire(now);
                std::uint64_t last = 0;
                for (const auto* each : fired) {
                    REQUIRE(model.contains(each));
                    REQUIRE(model[each] <= now);
                    REQUIRE(model[each] >= last);
                    last = model[each];
                    model.erase(each);
                }
            }
            const auto earliest = std::ranges::min_element(
                model, [](const auto& a, const auto& b) { return a.second < b.second; });
            REQUIRE(heap.armed() == model.size());
            REQUIRE(heap.empty() == model.empty());
            REQUIRE(heap.earliest_ns().has_value() == !model.empty());
            if (!model.empty()) {
                REQUIRE(*heap.earliest_ns() == earliest->second);
                REQUIRE((earliest->second > now || dice < 8));
            }
            REQUIRE(one.armed() == model.contains(&one));
        }
        for (auto& each : all) {
            heap.disarm(*each);
        }
    }
}

TEST_CASE("a timer due now fires, one due in a nanosecond does not") {
    std::vector<const noted*> fired;
    noted now(fired);
    noted soon(fired);
    timers heap;
    heap.arm(soon, 101);
    heap.arm(now, 100);
    heap.expire(100);
    CHECK(fired == std::vector<const noted*>{&now});
    heap.expire(101);
    CHECK(fired.size() == 2);
}

TEST_CASE(
    "a timer armed loosely is armed, but does not fire before its time was begun and passed") {
    std::vector<const noted*> fired;
    noted loose(fired);
    noted other(fired);
    noted exact(fired);
    timers heap;
    heap.arm_loosely(loose, 100);
    heap.arm_loosely(other, 50);
    CHECK(loose.armed());
    CHECK(heap.armed() == 2);
    CHECK_FALSE(heap.empty());
    CHECK_FALSE(heap.earliest_ns());
    heap.expire(1'000);
    CHECK(fired.empty());

    heap.arm(exact, 1'060);
    heap.settle(1'000);
    CHECK(heap.armed() == 3);
    CHECK(*heap.earliest_ns() == 1'050);
    heap.settle(5'000);
    heap.expire(1'099);
    CHECK(fired == std::vector<const noted*>{&other, &exact});
    heap.expire(1'100);
    CHECK(fired == std::vector<const noted*>{&other, &exact, &loose});
    CHECK(heap.empty());
}

TEST_CASE("timers armed loosely are disarmed in any order, before their time was begun and after") {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 luck(seed);
        std::vector<const noted*> fired;
        std::vector<std::unique_ptr<noted>> all;
        timers heap;
        for (std::uint64_t i = 0; i < 50; ++i) {
            all.push_back(std::make_unique<noted>(fired));
            heap.arm_loosely(*all.back(), 1'000 - i);
        }
        std::shuffle(all.begin(), all.end(), luck);
        for (std::size_t i = 0; i < 20; ++i) {
            heap.disarm(*all[i]);
        }
        CHECK(heap.armed() == 30);
        for (std::size_t i = 0; i < 10; ++i) {
            heap.arm_loosely(*all[i], 950);
        }
        heap.settle(7);
        for (std::size_t i = 20; i < 40; ++i) {
            heap.disarm(*all[i]);
        }
        CHECK(heap.armed() == 20);
        heap.expire(956);
        CHECK(fired.empty());
        heap.expire(1'007);
        CHECK(fired.size() == 20);
        CHECK(heap.empty());
        CHECK(std::ranges::none_of(all, [](const auto& each) { return each->armed(); }));
    }
}

TEST_CASE("a timer disarmed before its time was begun may be armed for an exact time, and back") {
    std::vector<const noted*> fired;
    noted one(fired);
    timers heap;
    heap.arm_loosely(one, 10);
    heap.disarm(one);
    CHECK(heap.empty());
    heap.arm(one, 20);
    heap.settle(100);
    CHECK(*heap.earliest_ns() == 20);
    heap.disarm(one);
    CHECK_FALSE(heap.earliest_ns());
    heap.arm_loosely(one, 30);
    heap.settle(100);
    heap.expire(129);
    CHECK(fired.empty());
    heap.expire(130);
    CHECK(fired == std::vector<const noted*>{&one});
}

TEST_CASE("a timer that fires may be armed again by what it does") {
    struct again final : timer {
        again(timers& in, int times) noexcept : in_(in), left(times) {}
        void fire() noexcept override {
            if (--left > 0) {
                in_.arm(*this, static_cast<std::uint64_t>(1'000 - left));
            }
        }
        timers& in_;
        int left;
    };
    timers heap;
    again one(heap, 5);
    heap.arm(one, 1);
    heap.expire(2'000);
    CHECK(one.left == 0);
    CHECK(heap.empty());
}

TEST_CASE("disarming a timer that is not armed does nothing") {
    std::vector<const noted*> fired;
    noted one(fired);
    timers heap;
    heap.disarm(one);
    heap.arm(one, 5);
    heap.disarm(one);
    heap.disarm(one);
    heap.expire(10);
    CHECK(fired.empty());
}

TEST_CASE("an armed timer that is destroyed, or armed again, ends the process") {
    const auto exactly = [](timers& heap, timer& one) { heap.arm(one, 5); };
    const auto loosely = [](timers& heap, timer& one) { heap.arm_loosely(one, 5); };
    for (void (*const arm)(timers&, timer&) : {+exactly, +loosely}) {
        const auto destroyed = ending_of([arm] {
            auto* heap = new timers;
            std::vector<const noted*> fired;
            auto one = std::make_unique<noted>(fired);
            arm(*heap, *one);
            one.reset();
        });
        CHECK(destroyed.signal == SIGABRT);
        CHECK(destroyed.text.find("a timer was destroyed while armed") != std::string::npos);
        const auto twice = ending_of([arm] {
            timers heap;
            std::vector<const noted*> fired;
            noted one(fired);
            arm(heap, one);
            arm(heap, one);
        });
        CHECK(twice.signal == SIGABRT);
        CHECK(twice.text.find("a timer was armed twice") != std::string::npos);
    }
}
