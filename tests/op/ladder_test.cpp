// Which opcode carries which areas, seen in the SQE; nothing is submitted.
#include "op/on_shard.hpp"
#include "skip.hpp"

#include <pelton/buffers/area_list.hpp>
#include <pelton/buffers/arena.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/ladder.hpp>

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace pelton;

namespace {

constexpr std::size_t page = 4096;

// A ring with one registered arena, and memory that is not registered.
struct setting {
    explicit setting(std::string_view mask)
        : registered({.bytes = 64 * page}),
          other({.bytes = 64 * page}),
          heap(64 * page),
          queues(linux_ring(), test::masked(mask).ring) {
        index = queues.register_range(registered.base(), registered.bytes());
    }

    io_uring_sqe prepare(direction way, const areas& memory, std::uint64_t at = 7) {
        io_uring_sqe sqe{};
        chosen = prepare_transfer(sqe, queues, way, on, memory, at);
        return sqe;
    }
    unsigned opcode(direction way, const areas& memory) { return prepare(way, memory).opcode; }
    unsigned reading(const areas& memory) { return opcode(direction::reading, memory); }
    unsigned writing(const areas& memory) { return opcode(direction::writing, memory); }

    arena registered;
    arena other;
    std::vector<std::byte> heap;
    ring queues;
    result<unsigned> index;
    target on{5, true};
    rung chosen{};

    std::array<area, 3> in_arena{area{registered.base(), page},
                                 {registered.base() + 2 * page, 100},
                                 {registered.base() + 4 * page, 3}};
    std::array<area, 2> across{area{registered.base(), page}, {heap.data(), page}};
    std::array<area, 2> in_heap{area{heap.data(), page}, {heap.data() + 2 * page, page}};
};

const void* address_in(const io_uring_sqe& sqe) {
    return reinterpret_cast<const void*>(sqe.addr);
}

}  // namespace

TEST_CASE("one registered area goes by READ_FIXED, several by READV_FIXED, others plainly") {
    setting with("");
    REQUIRE(with.index.has_value());
    const auto one = areas(with.in_arena[0]);
    const auto several = areas(std::span(with.in_arena));
    const auto across = areas(std::span(with.across));
    const auto in_heap = areas(std::span(with.in_heap));

    CHECK(with.reading(one) == abi::op_read_fixed);
    CHECK(with.writing(one) == abi::op_write_fixed);
    CHECK(with.chosen == rung::fixed);
    CHECK(with.reading(areas(with.in_heap[0])) == abi::op_read);
    CHECK(with.writing(areas(with.in_heap[0])) == abi::op_write);
    CHECK(with.reading(areas(area{with.other.base(), page})) == abi::op_read);
    CHECK(with.chosen == rung::plain);
    CHECK(with.reading(across) == abi::op_readv);
    CHECK(with.writing(across) == abi::op_writev);
    CHECK(with.reading(in_heap) == abi::op_readv);
    CHECK(with.writing(in_heap) == abi::op_writev);
    if (!with.queues.has(feature::readv_fixed)) {
        pelton_test::skip("the kernel has no READV_FIXED");
        return;
    }
    CHECK(with.reading(several) == abi::op_readv_fixed);
    CHECK(with.writing(several) == abi::op_writev_fixed);
    CHECK(with.chosen == rung::fixed);
}

TEST_CASE("each masked opcode falls to the next rung and leaves the others alone") {
    struct step {
        std::string_view mask;
        unsigned read_one, read_several, write_one, write_several;
    };
    constexpr std::array steps{
        step{"readv_fixed", abi::op_read_fixed, abi::op_readv, abi::op_write_fixed,
             abi::op_writev_fixed},
        step{"writev_fixed", abi::op_read_fixed, abi::op_readv_fixed, abi::op_write_fixed,
             abi::op_writev},
        step{"read_fixed,write_fixed", abi::op_read, abi::op_readv_fixed, abi::op_write,
             abi::op_writev_fixed},
        step{"read,write", abi::op_read_fixed, abi::op_readv_fixed, abi::op_write_fixed,
             abi::op_writev_fixed},
        step{"read_fixed,write_fixed,read,write", abi::op_readv, abi::op_readv_fixed,
             abi::op_writev, abi::op_writev_fixed},
        step{"registered_buffers", abi::op_read, abi::op_readv, abi::op_write, abi::op_writev},
        step{"readv,writev", abi::op_read_fixed, abi::op_read_fixed, abi::op_write_fixed,
             abi::op_write_fixed},
        step{"readv,writev,read_fixed,write_fixed", abi::op_read, abi::op_read, abi::op_write,
             abi::op_write},
    };
    if (!setting("").queues.has(feature::readv_fixed)) {
        pelton_test::skip("the kernel has no READV_FIXED");
        return;
    }
    for (const auto& each : steps) {
        CAPTURE(each.mask);
        setting with(each.mask);
        const auto one = areas(with.in_arena[0]);
        const auto several = areas(std::span(with.in_arena));
        CHECK(with.reading(one) == each.read_one);
        CHECK(with.reading(several) == each.read_several);
        CHECK(with.writing(one) == each.write_one);
        CHECK(with.writing(several) == each.write_several);
    }
}

TEST_CASE("a target that does not take fixed vectors gets plain ones") {
    setting with("");
    with.on = target(5, false);
    CHECK(with.reading(areas(std::span(with.in_arena))) == abi::op_readv);
    CHECK(with.writing(areas(std::span(with.in_arena))) == abi::op_writev);
    CHECK(with.reading(areas(with.in_arena[0])) == abi::op_read_fixed);
}

TEST_CASE("an SQE names the descriptor, the position, the length and the registered buffer") {
    setting with("");
    auto sqe = with.prepare(direction::reading, areas(with.in_arena[1]), 123456789012);
    CHECK(sqe.fd == 5);
    CHECK(sqe.off == 123456789012);
    CHECK(address_in(sqe) == with.in_arena[1].start);
    CHECK(sqe.len == 100);
    CHECK(unsigned{sqe.buf_index} == *with.index);
    sqe = with.prepare(direction::writing, areas(std::span(with.in_heap)), target::no_position);
    CHECK(sqe.off == UINT64_MAX);
    CHECK(sqe.len == 2);
    CHECK(unsigned{sqe.buf_index} == 0);
}

TEST_CASE("the caller's own array is in the SQE when no entry is cut") {
    setting with("");
    const auto whole = areas(std::span(with.in_arena));
    const auto* array = static_cast<const void*>(with.in_arena.data());
    CHECK(address_in(with.prepare(direction::reading, whole)) == array);
    CHECK(address_in(with.prepare(direction::writing, whole)) == array);
    // Whole entries that were skipped are not a cut either.
    const auto later = with.prepare(direction::reading, whole.skip(page));
    CHECK(address_in(later) == with.in_arena.data() + 1);
    CHECK(later.len == 2);
    const auto earlier = with.prepare(direction::reading, whole.first(page + 100));
    CHECK(address_in(earlier) == array);
    CHECK(earlier.len == 2);
    with.on = target(5, false);
    CHECK(address_in(with.prepare(direction::reading, whole)) == array);
}

TEST_CASE("a cut view is copied to the ring's scratch and the array stays as it was") {
    setting with("");
    const auto before = with.in_arena;
    const auto sqe =
        with.prepare(direction::reading, areas(std::span(with.in_arena)).skip(40).first(page + 62));
    const auto* entries = static_cast<const area*>(address_in(sqe));
    CHECK(entries != with.in_arena.data());
    REQUIRE(sqe.len == 3);
    CHECK(entries[0] == area{with.registered.base() + 40, page - 40});
    CHECK(entries[1] == with.in_arena[1]);
    CHECK(entries[2] == area{with.in_arena[2].start, 2});
    CHECK(with.in_arena == before);
}

TEST_CASE("entries of no length are left out, since READV_FIXED refuses them") {
    setting with("");
    const std::array<area, 4> gaps{with.in_arena[0], area{with.registered.base() + page, 0},
                                   with.in_arena[1], area{nullptr, 0}};
    const auto sqe = with.prepare(direction::reading, areas(std::span(gaps)));
    const auto* entries = static_cast<const area*>(address_in(sqe));
    REQUIRE(sqe.len == 2);
    CHECK(entries[0] == with.in_arena[0]);
    CHECK(entries[1] == with.in_arena[1]);
    if (with.queues.has(feature::readv_fixed)) {
        CHECK(sqe.opcode == abi::op_readv_fixed);
    }
}

TEST_CASE("of more than 1024 areas the first 1024 are taken") {
    setting with("");
    std::vector<area> many(3000);
    for (std::size_t i = 0; i < many.size(); ++i) {
        many[i] = {with.registered.base() + 2 * i, 1};
    }
    const auto whole = with.prepare(direction::reading, areas(std::span(many)));
    CHECK(whole.len == 1024);
    CHECK(address_in(whole) == many.data());
    many[0].length = 2;
    const auto cut = with.prepare(direction::reading, areas(std::span(many)).skip(1));
    CHECK(cut.len == 1024);
    CHECK(address_in(cut) != many.data());
}

TEST_CASE("one operation asks for at most 2^31 - 4096 bytes") {
    setting with("");
    // Only the address is used: nothing of this is ever touched.
    const area huge{with.heap.data(), std::size_t{5} << 30};
    const auto sqe = with.prepare(direction::reading, areas(huge));
    CHECK(sqe.opcode == abi::op_read);
    CHECK(sqe.len == 0x7ffff000);
}

TEST_CASE("a vector of more than 2^31 - 4096 bytes goes plainly, since READV_FIXED refuses it") {
    setting with("");
    arena large({.bytes = std::size_t{4} << 20});
    REQUIRE(with.queues.register_range(large.base(), large.bytes()).has_value());
    const std::vector<area> most(511, large.whole());
    const std::vector<area> more(512, large.whole());
    if (with.queues.has(feature::writev_fixed)) {
        CHECK(with.writing(areas(std::span(most))) == abi::op_writev_fixed);
    }
    CHECK(with.writing(areas(std::span(more))) == abi::op_writev);
}

TEST_CASE("an area that ends outside the registered range is not sent as registered") {
    setting with("");
    auto* end = with.registered.base() + with.registered.bytes();
    CHECK(with.reading(areas(area{end - page, page})) == abi::op_read_fixed);
    CHECK(with.reading(areas(area{end - page, page + 1})) == abi::op_read);
    const std::array<area, 2> beyond{area{with.registered.base(), page}, area{end - 1, 2}};
    CHECK(with.reading(areas(std::span(beyond))) == abi::op_readv);
}

TEST_CASE("two arenas never share one fixed vector") {
    setting with("");
    REQUIRE(with.queues.register_range(with.other.base(), with.other.bytes()).has_value());
    const std::array<area, 2> both{area{with.registered.base(), page},
                                   area{with.other.base(), page}};
    CHECK(with.reading(areas(std::span(both))) == abi::op_readv);
    CHECK(unsigned{with.prepare(direction::reading, areas(both[1])).buf_index} != *with.index);
    CHECK(with.prepare(direction::reading, areas(both[1])).opcode == abi::op_read_fixed);
}

TEST_CASE("a view of no bytes is one operation of no bytes") {
    setting with("");
    const auto nothing = with.prepare(direction::writing, areas());
    CHECK(nothing.opcode == abi::op_write);
    CHECK(nothing.len == 0);
}

TEST_CASE("a transfer that needs more scratch than is left is put off, and nothing leaks") {
    setting with("");
    std::vector<area> many(1025, area{with.heap.data(), 2});
    const auto cut = areas(std::span(many)).skip(1);
    unsigned prepared = 0;
    while (with.prepare(direction::reading, cut).len != 0) {
        ++prepared;
        REQUIRE(prepared < 100);
    }
    CHECK(prepared == 4);
    CHECK(with.chosen == rung::put_off);
    CHECK(with.queues.counters().scratch_full == 1);
    // What needs no scratch still goes.
    CHECK(with.reading(areas(std::span(many))) == abi::op_readv);
    static_cast<void>(with.queues.enter(0, std::nullopt));
    CHECK(with.prepare(direction::reading, cut).len == 1024);
}

TEST_CASE("a cut view of few areas uses no more scratch than it has areas") {
    setting with("");
    std::vector<area> few(8, area{with.heap.data(), 2});
    unsigned prepared = 0;
    while (with.prepare(direction::reading, areas(std::span(few)).skip(1)).len != 0) {
        ++prepared;
        REQUIRE(prepared < 5000);
    }
    CHECK(prepared == 4 * 1024 / 8);
}

TEST_CASE("what entries of no length would have taken of the scratch is given back") {
    setting with("");
    std::vector<area> few;
    for (int i = 0; i < 8; ++i) {
        few.push_back({with.heap.data() + 3 * i, 2});
        few.push_back({with.heap.data(), 0});
    }
    unsigned prepared = 0;
    while (with.prepare(direction::reading, areas(std::span(few))).len != 0) {
        ++prepared;
        REQUIRE(prepared < 5000);
    }
    CHECK(prepared >= 4 * 1024 / 8 - 1);
}
