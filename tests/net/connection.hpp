// What the tests of streams and listeners start from: a shard that says nothing, two connected
// streams, and memory whose every byte can be told.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/net/tcp_listener.hpp>
#include <pelton/runtime/runtime.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <random>
#include <string_view>
#include <vector>

namespace pelton::test {

// A small arena fits any RLIMIT_MEMLOCK worth the name, and notices are not what is tested.
inline options quiet() {
    options with;
    with.page_bytes = std::size_t{2} << 20;
    with.notice = [](std::string_view) {};
    return with;
}

inline options masked(std::string_view names) {
    auto with = quiet();
    std::string unknown;
    with.ring.masked = parse_mask(names, unknown).value();
    return with;
}

// Runs `main(shard&)` and fails the test case if it throws, a REQUIRE among others.
template <class F>
void on_shard(options with, F&& main) {
    CHECK(run(std::move(with), main) == 0);
}
template <class F>
void on_shard(F&& main) {
    on_shard(quiet(), main);
}

struct stream_pair {
    stream_pair(tcp_stream a, tcp_stream b) noexcept : client(std::move(a)), server(std::move(b)) {}

    tcp_stream client;
    tcp_stream server;
};

inline task<stream_pair> connected(shard& here, endpoint where = endpoint::loopback(0)) {
    auto door = tcp_listener::bind(here, where).value();
    const auto address = door.local().value();
    auto client = co_await tcp_stream::connect(here, address);
    auto server = co_await door.accept();
    co_return stream_pair(std::move(client.value()), std::move(server.value()));
}

inline std::vector<std::byte> random_bytes(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 numbers(seed);
    std::vector<std::byte> bytes(count);
    for (std::size_t at = 0; at < count; at += sizeof(std::uint64_t)) {
        const auto eight = numbers();
        std::memcpy(bytes.data() + at, &eight, std::min(count - at, sizeof(eight)));
    }
    return bytes;
}

// `bytes` bytes in areas of many lengths, some of them empty, which lie apart in memory and in
// another order than in the array. The view of them is cut at both ends.
class scattered {
public:
    scattered(std::size_t bytes, std::uint64_t seed) : memory_(2 * bytes + 4 * cut) {
        std::mt19937_64 numbers(seed);
        std::size_t left = bytes + 2 * cut;
        std::size_t at = 0;
        while (left > 0) {
            const auto length = std::min<std::size_t>(left, numbers() % (bytes / 20 + 2));
            const bool is_end = entries_.empty() || left == length;
            const auto whole = is_end ? std::min(left, std::max(length, cut + 1)) : length;
            entries_.push_back({memory_.data() + at, whole});
            at += whole + numbers() % 7;
            at = std::min(at, memory_.size() - left);
            left -= whole;
        }
        std::shuffle(entries_.begin(), entries_.end(), numbers);
        view_ = areas(std::span<const area>(entries_)).skip(cut).first(bytes);
    }

    const areas& view() const noexcept { return view_; }

    void fill(std::span<const std::byte> from) {
        for (const auto one : view_) {
            std::copy_n(from.begin(), one.length, one.start);
            from = from.subspan(one.length);
        }
    }
    std::vector<std::byte> flat() const {
        std::vector<std::byte> all;
        for (const auto one : view_) {
            all.insert(all.end(), one.start, one.start + one.length);
        }
        return all;
    }

private:
    static constexpr std::size_t cut = 13;

    std::vector<std::byte> memory_;
    std::vector<area> entries_;
    areas view_;
};

// Pages that tasks hold: all that are lent but those that lie ready for receiving.
inline std::size_t pages_out(shard& here) {
    const auto* ready = here.received();
    return here.pages().pool().lent_pages() - (ready != nullptr ? ready->pages_held() : 0);
}

inline std::size_t open_descriptors() {
    const auto all = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

inline void set_option(const tcp_stream& stream, int option, int value) {
    REQUIRE(::setsockopt(stream.descriptor(), SOL_SOCKET, option, &value, sizeof(value)) == 0);
}

// close() of this stream resets the connection instead of ending it.
inline void reset_on_close(const tcp_stream& stream) {
    const linger at_once{1, 0};
    REQUIRE(::setsockopt(stream.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) ==
            0);
}

}  // namespace pelton::test
