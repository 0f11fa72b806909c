// From a socket into a file: payloads are written from where the kernel put them.
#include "connection.hpp"
#include "recording_ring.hpp"
#include "skip.hpp"

#include <pelton/runtime/fs/file.hpp>

#include <unistd.h>

#include <fstream>
#include <iterator>

using namespace pelton;
using namespace pelton::test;

namespace {

constexpr std::size_t header_bytes = 40;

std::vector<std::byte> contents(const char* path) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> all{std::istreambuf_iterator<char>(in), {}};
    std::vector<std::byte> bytes(all.size());
    std::memcpy(bytes.data(), all.data(), all.size());
    return bytes;
}

// Messages of a header and `length` bytes each, and the file that their payloads make.
struct messages {
    messages(std::size_t count, std::size_t length) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto payload = random_bytes(length, i + 1);
            stream.insert(stream.end(), header_bytes, std::byte{0xEE});
            stream.insert(stream.end(), payload.begin(), payload.end());
            file.insert(file.end(), payload.begin(), payload.end());
        }
    }
    std::vector<std::byte> stream;
    std::vector<std::byte> file;
};

task<> send_all_of(tcp_stream& by, const messages& all) {
    const auto sent = co_await by.send_all(areas::for_write(all.stream));
    CHECK(sent.value() == all.stream.size());
}

// Neighbouring buffers may have become one area: each page of it is looked for alone.
bool all_named(const recording_ring& kernel, const recording_ring::buffer& part) {
    const auto end = part.address + part.bytes;
    for (auto at = part.address; at < end;) {
        const auto next = std::min(end, (at / arena::page_bytes() + 1) * arena::page_bytes());
        const bool named = std::ranges::any_of(kernel.named, [&](const auto& one) {
            return at >= one.address && next <= one.address + one.bytes;
        });
        if (!named) {
            return false;
        }
        at = next;
    }
    return true;
}

}  // namespace

TEST_CASE("payloads behind 40-byte headers are written to a file from the pages they came in") {
    constexpr std::size_t count = 30;
    constexpr std::size_t length = 10'000;
    for (const char* mask : {"", "buffer_ring_incremental", "writev_fixed"}) {
        CAPTURE(mask);
        const messages all(count, length);
        const char* path = "payloads";
        recording_ring kernel;
        auto with = masked(mask);
        with.ring_kernel = &kernel;
        bool picked = false;
        bool registered = false;
        on_shard(std::move(with), [&](shard& here) -> task<> {
            picked = here.received() != nullptr;
            registered = here.pages().registered() && here.known().has(feature::write_fixed);
            auto pair = co_await connected(here);
            auto out = co_await file::open(
                here, path, open_mode::write | open_mode::create | open_mode::truncate);
            REQUIRE(out);
            const auto both = [&](children& kids) -> task<> {
                kids.spawn([&] { return send_all_of(pair.client, all); });
                for (std::size_t i = 0; i < count; ++i) {
                    const auto got = co_await pair.server.receive_exactly(header_bytes + length);
                    REQUIRE(got);
                    const auto put =
                        co_await out->write_all_at(i * length, got->skip(header_bytes));
                    CHECK(put.value() == length);
                }
            };
            co_await scope(both);
        });
        CHECK(contents(path) == all.file);
        ::unlink(path);
        if (!picked) {
            pelton_test::skip("the kernel cannot pick pages");
            return;
        }
        std::size_t bytes = 0;
        for (const auto& part : kernel.written) {
            CHECK(all_named(kernel, part));
            bytes += part.bytes;
        }
        CHECK(bytes >= count * length);
        if (registered) {
            CHECK(kernel.count(abi::op_write) == 0);
            CHECK(kernel.count(abi::op_write_fixed) > 0);
        }
    }
}

TEST_CASE("to an O_DIRECT file: a payload received into its own area, not one behind a header") {
    on_shard([](shard& here) -> task<> {
        constexpr std::size_t length = 4 * arena::page_bytes();
        const char* path = "direct";
        auto out = co_await file::open(here, path,
                                       open_mode::write | open_mode::create | open_mode::direct);
        ::unlink(path);
        if (!out || out->alignment().offset == 0) {
            pelton_test::skip("this filesystem has no O_DIRECT");
            co_return;
        }
        const messages two(2, length);
        auto pair = co_await connected(here);
        const auto both = [&](children& kids) -> task<> {
            kids.spawn([&] { return send_all_of(pair.client, two); });

            const auto whole = co_await pair.server.receive_exactly(header_bytes + length);
            const auto refused = co_await out->write_at(0, whole.value().skip(header_bytes));
            REQUIRE_FALSE(refused);
            CHECK(refused.error() == std::errc::invalid_argument);
            CHECK(refused.error().message().find("address") != std::string::npos);

            const auto pages = here.pages().take_now(5).value();
            const std::array<area, 2> apart{area{pages.data(), header_bytes},
                                            area{pages.data() + arena::page_bytes(), length}};
            const auto got =
                co_await pair.server.receive_exactly(areas(std::span<const area>(apart)));
            CHECK(got.value() == header_bytes + length);
            const auto put = co_await out->write_all_at(
                0, areas(std::span<const area>(apart)).skip(header_bytes));
            CHECK(put.value() == length);
            CHECK(std::equal(two.file.begin() + length, two.file.end(), apart[1].start));
        };
        co_await scope(both);
    });
}
