#include <pelton/runtime/completion/queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <utility>

using namespace pelton;

TEST_CASE("a queue of resumables behaves as a deque, whatever is done to it") {
    std::mt19937 luck(7);
    std::array<resumable, 12> nodes;
    queue_of_resumables queue;
    std::deque<resumable*> model;
    const auto absent = [&](resumable& one) {
        return std::find(model.begin(), model.end(), &one) == model.end();
    };
    for (int step = 0; step < 50'000; ++step) {
        auto& one = nodes[luck() % nodes.size()];
        switch (luck() % 40 / 7) {
            case 0:
            case 1:
                if (absent(one)) {
                    queue.push(one);
                    model.push_back(&one);
                }
                break;
            case 2:
                REQUIRE(queue.remove(one) != absent(one));
                std::erase(model, &one);
                break;
            case 3:
                if (!model.empty()) {
                    REQUIRE(queue.first() == model.front());
                    queue.drop_first(queue.first()->next);
                    model.pop_front();
                }
                break;
            case 4: {
                // As reap does: several are linked by hand at the end, which is told last.
                auto& other = nodes[luck() % nodes.size()];
                if (absent(one) && absent(other) && &one != &other) {
                    auto** end = queue.end();
                    *end = &one;
                    one.next = &other;
                    queue.close(&other.next);
                    model.push_back(&one);
                    model.push_back(&other);
                }
                break;
            }
            case 5: {
                auto* list = queue.take_all();
                REQUIRE(queue.empty());
                for (auto* each : std::exchange(model, {})) {
                    REQUIRE(list == each);
                    list = list->next;
                }
                REQUIRE(list == nullptr);
                break;
            }
            default:
                break;
        }
        REQUIRE(queue.empty() == model.empty());
        REQUIRE(queue.first() == (model.empty() ? nullptr : model.front()));
    }
    auto* at = queue.first();
    for (auto* each : model) {
        REQUIRE(at == each);
        at = at->next;
    }
    CHECK(at == nullptr);
}
