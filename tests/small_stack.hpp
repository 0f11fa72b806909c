// Runs code on a thread whose stack is too small for anything that grows with its input.
#pragma once

#include <doctest/doctest.h>

#include <pthread.h>

#include <cstddef>

namespace pelton::test {

inline constexpr std::size_t small_stack_bytes = std::size_t{256} * 1024;

// Returns when `code` has. An overflow ends the process, which is how such a test fails.
template <class Code>
void on_small_stack(Code code) {
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, small_stack_bytes) == 0);
    pthread_t thread{};
    const auto body = [](void* self) -> void* {
        (*static_cast<Code*>(self))();
        return nullptr;
    };
    REQUIRE(pthread_create(&thread, &attributes, body, &code) == 0);
    REQUIRE(pthread_join(thread, nullptr) == 0);
    REQUIRE(pthread_attr_destroy(&attributes) == 0);
}

}  // namespace pelton::test
