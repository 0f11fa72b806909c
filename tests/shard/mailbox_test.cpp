#include "fixture.hpp"

#include <pelton/runtime/shard/mailbox.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/task/when_all.hpp>

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <thread>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr int threads = 4;
constexpr int each = 10'000;

class numbered final : public message {
public:
    numbered(std::vector<int>& into, int number) noexcept : into_(into), number_(number) {}
    void deliver() noexcept override { into_.push_back(number_); }

private:
    std::vector<int>& into_;
    int number_;
};

// The mail of one thread, and in what order it was delivered.
struct correspondence {
    correspondence() {
        received.reserve(each);
        for (int i = 0; i < each; ++i) {
            letters.emplace_back(received, i);
        }
    }
    std::vector<int> received;
    std::deque<numbered> letters;
};

void check_in_order(const correspondence& one) {
    REQUIRE(one.received.size() == each);
    for (int i = 0; i < each; ++i) {
        REQUIRE(one.received[static_cast<std::size_t>(i)] == i);
    }
}

}  // namespace

TEST_CASE("messages are delivered in the order in which they were put, and once") {
    mailbox box;
    correspondence one;
    CHECK(box.empty());
    CHECK(box.put(one.letters[0]));   // the doorbell must be rung
    CHECK(!box.put(one.letters[1]));  // it was
    CHECK(!box.put(one.letters[2]));
    CHECK(!box.empty());
    box.deliver_all();
    CHECK(one.received == std::vector{0, 1, 2});
    CHECK(box.empty());
    box.deliver_all();
    CHECK(one.received.size() == 3);
    CHECK(box.put(one.letters[3]));
    box.deliver_all();
    CHECK(one.received.back() == 3);
}

TEST_CASE("a message may be put again while it is delivered") {
    struct again final : message {
        explicit again(mailbox& in) noexcept : box(in) {}
        void deliver() noexcept override {
            if (++count < 3) {
                static_cast<void>(box.put(*this));
            }
        }
        mailbox& box;
        int count = 0;
    };
    mailbox box;
    again one(box);
    CHECK(box.put(one));
    for (int round = 1; round <= 3; ++round) {
        box.deliver_all();
        CHECK(one.count == round);
    }
    CHECK(box.empty());
}

TEST_CASE("messages of four threads arrive whole, each thread's in its order") {
    mailbox box;
    std::array<correspondence, threads> mail;
    {
        std::vector<std::jthread> posters;
        for (auto& one : mail) {
            posters.emplace_back([&box, &one] {
                for (auto& letter : one.letters) {
                    static_cast<void>(box.put(letter));
                }
            });
        }
        for (std::size_t received = 0; received < std::size_t{threads} * each;) {
            box.deliver_all();
            received = 0;
            for (const auto& one : mail) {
                received += one.received.size();
            }
        }
    }
    for (const auto& one : mail) {
        check_in_order(one);
    }
}

TEST_CASE("a sleeping shard wakes for messages of four threads, and loses none") {
    on_shard([](shard& here) -> task<> {
        std::array<correspondence, threads> mail;
        here.open_door();
        auto post_all = [&](correspondence& one) -> task<> {
            auto post = [&here, &one] {
                for (auto& letter : one.letters) {
                    here.post(letter);
                }
            };
            co_await offload(here, post);
        };
        std::vector<task<>> posters;
        for (auto& one : mail) {
            posters.push_back(post_all(one));
        }
        static_cast<void>(co_await when_all(std::move(posters)));
        // A thread's jobs come home by the same way, so after all its letters.
        for (const auto& one : mail) {
            check_in_order(one);
        }
    });
}
