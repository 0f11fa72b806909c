#include <pelton/bench/harness/duel.hpp>
#include <pelton/bench/kiobuf/areas_by_hand.hpp>
#include <pelton/bench/kiobuf/best_kiobuf.hpp>
#include <pelton/bench/kiobuf/descriptors.hpp>
#include <pelton/bench/kiobuf/finding.hpp>
#include <pelton/bench/kiobuf/fragments.hpp>
#include <pelton/bench/kiobuf/raw_device.hpp>

#include <fmt/format.h>

namespace pelton::bench::kiobuf {
namespace {

// Turns of functions only: no coroutine takes part.
void measure(const settings& s, report& out, const std::string& name, prediction was,
             const std::vector<std::string>& names, const std::vector<rival_run>& runs) {
    if (!s.wants(name)) return;
    pairing pairs(names, {{"descriptions_per_second", better::higher}}, s.pairs_or(micro_pairs));
    std::vector<std::uint64_t> operations;
    const double seconds = s.seconds_or(0.02);
    for (const rival_run& run : runs) {
        operations.push_back(calibrate(run, seconds, 1));
    }
    for (const auto turn : pairs.turns()) {
        const stopwatch watch;
        const std::uint64_t count = operations[turn.contender];
        runs[turn.contender](count);
        pairs.record(turn, {static_cast<double>(count) / watch.wall()});
    }
    out.add(name, pairs);
    out.note(finding(pairs, 0, 1, 0, was));
}

// The vector of the thread: an array of {page, 16-bit offset, 16-bit length}, lowered to iovecs.
class seed_vector {
public:
    seed_vector(port& out, std::size_t fragments_max)
        : out_(out), vector_(fragments_max), lowered_(fragments_max) {}

    void read(std::span<const iovec> fragments) {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < fragments.size(); ++i) {
            const auto start = reinterpret_cast<std::uintptr_t>(fragments[i].iov_base);
            vector_[i] = {reinterpret_cast<void*>(start / page_bytes * page_bytes),
                          static_cast<std::uint16_t>(start % page_bytes),
                          static_cast<std::uint16_t>(fragments[i].iov_len)};
        }
        for (std::size_t i = 0; i < fragments.size(); ++i) {
            lowered_[i] = {static_cast<std::byte*>(vector_[i].page) + vector_[i].offset,
                           vector_[i].length};
            bytes += vector_[i].length;
        }
        out_.queue(abi::op_readv_fixed, -1, lowered_.data(), fragments.size(), 0, this, bytes);
        out_.turn(1, [&](void*, std::int32_t result) {
            check(result == static_cast<std::int32_t>(bytes), "a dry vector fell short");
        });
    }

private:
    port& out_;
    std::vector<seed_buffer> vector_;
    std::vector<iovec> lowered_;
};

void contiguous(const settings& s, report& out, std::span<std::byte> memory, std::size_t bytes) {
    const std::string name = fmt::format("descriptors, {} KiB in one", bytes >> 10);
    port dry;
    areas_by_hand by_hand(dry, -1, 1);
    const workload work{"", bytes, memory.data(), bytes, 1};
    best_kiobuf k3(dry, -1, abi::op_read_fixed, work);
    using version = raw_device::kernel;
    raw_device k2(version::k2, dry, -1);
    raw_device k1(version::k1, dry, -1);
    raw_device k0(version::k0, dry, -1);
    const iovec whole = {memory.data(), bytes};
    const auto repeat = [&](raw_device& device) -> rival_run {
        return [&device, memory, bytes](std::uint64_t n) {
            for (; n > 0; --n) {
                check(device.read(memory.data(), bytes, 0) == static_cast<std::int64_t>(bytes),
                      "a dry read fell short");
            }
        };
    };
    measure(s, out, name, prediction::no_win,
            {"areas by hand", "K3 best kiobuf", "K2 2.4 O_DIRECT", "K1 2.4.16 raw", "K0 2.4.0 raw"},
            {[&](std::uint64_t n) {
                 for (; n > 0; --n)
                     by_hand.read({&whole, 1}, 0);
             },
             [&](std::uint64_t n) { k3.run(n); }, repeat(k2), repeat(k1), repeat(k0)});
}

void fragments(const settings& s, report& out, std::span<std::byte> memory, std::size_t count) {
    const std::string name = fmt::format("descriptors, {} fragments", count);
    constexpr std::size_t bytes = 1024;
    const std::vector<iovec> pieces = scattered(memory, count, bytes);
    port dry;
    areas_by_hand by_hand(dry, -1, count);
    std::vector<area> kept;
    for (const iovec& each : pieces) {
        kept.push_back({static_cast<std::byte*>(each.iov_base), each.iov_len});
    }
    const areas again(std::span<const area>{kept});
    kiovec k4(dry, -1, count);
    seed_vector seed(dry, count);
    const auto total = static_cast<std::int64_t>(count * bytes);
    measure(s, out, name, prediction::win,
            {"areas by hand", "K4 kiovec", "16-bit vector, lowered", "the same areas again"},
            {[&](std::uint64_t n) {
                 for (; n > 0; --n)
                     check(by_hand.read(pieces, 0) == total, "dry areas fell short");
             },
             [&](std::uint64_t n) {
                 for (; n > 0; --n)
                     check(k4.read(pieces, 0) == total, "a dry kiovec fell short");
             },
             [&](std::uint64_t n) {
                 for (; n > 0; --n)
                     seed.read(pieces);
             },
             [&](std::uint64_t n) {
                 for (; n > 0; --n)
                     check(by_hand.read(again, 0) == total, "dry areas fell short");
             }});
}

}  // namespace

void measure_descriptors(const settings& s, report& out, std::span<std::byte> memory) {
    for (const std::size_t kib : {4U, 64U, 1024U}) {
        contiguous(s, out, memory, kib << 10);
    }
    for (const std::size_t count : {1U, 4U, 16U, 64U, 256U}) {
        fragments(s, out, memory, count);
    }
}

}  // namespace pelton::bench::kiobuf
