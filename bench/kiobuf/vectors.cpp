#include <pelton/bench/harness/duel.hpp>
#include <pelton/bench/kiobuf/areas_by_hand.hpp>
#include <pelton/bench/kiobuf/best_kiobuf.hpp>
#include <pelton/bench/kiobuf/finding.hpp>
#include <pelton/bench/kiobuf/fragments.hpp>
#include <pelton/bench/kiobuf/raw_device.hpp>
#include <pelton/bench/kiobuf/vectors.hpp>
#include <pelton/runtime/fs/file.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <cstring>
#include <optional>

namespace pelton::bench::kiobuf {
namespace {

struct vector_case {
    const data_file& data;
    bool direct;
    std::size_t count;
    std::size_t bytes;
    std::span<std::byte> memory;

    std::size_t total() const { return count * bytes; }
    // Reads go through the file block by block, round and round.
    std::uint64_t offset_of(std::uint64_t operation) const {
        const std::uint64_t step = (total() + 4095) / 4096 * 4096;
        return operation % (data.bytes() / step) * step;
    }
};

// A rung's own descriptor and ring, with the memory registered.
struct raw_side {
    explicit raw_side(const vector_case& c)
        : descriptor(c.direct ? c.data.open_direct() : c.data.open_buffered()),
          ring(16),
          out(ring) {
        const iovec all = {c.memory.data(), c.memory.size()};
        ring.register_buffers({&all, 1});
    }
    raw_side(const raw_side&) = delete;
    raw_side& operator=(const raw_side&) = delete;
    ~raw_side() { close(descriptor); }

    int descriptor;
    raw_ring ring;
    port out;
};

task<> read_areas(file& from, const vector_case& c, std::span<const iovec> fragments,
                  std::uint64_t operations) {
    std::vector<area> entries(c.count);
    for (std::uint64_t i = 0; i < operations; ++i) {
        for (std::size_t f = 0; f < c.count; ++f) {
            entries[f] = {static_cast<std::byte*>(fragments[f].iov_base), fragments[f].iov_len};
        }
        const areas into(std::span<const area>{entries});
        const auto got = co_await from.read_at(c.offset_of(i), into);
        check(got.has_value() && *got == c.total(), "a read through areas failed");
    }
}

// 2.4 had no readv for raw devices: the generic one called read for each fragment.
rival_run one_call_each(raw_device& device, const vector_case& c,
                        std::span<const iovec> fragments) {
    return [&device, &c, fragments](std::uint64_t operations) {
        for (std::uint64_t i = 0; i < operations; ++i) {
            std::uint64_t offset = c.offset_of(i);
            for (const iovec& each : fragments) {
                const std::int64_t got =
                    device.read(static_cast<std::byte*>(each.iov_base), each.iov_len, offset);
                check(got == static_cast<std::int64_t>(each.iov_len), "a 2.4 read failed");
                offset += each.iov_len;
            }
        }
    };
}

void verify(const vector_case& c, std::span<const iovec> fragments, const std::string& name) {
    std::uint64_t offset = c.offset_of(0);
    for (const iovec& each : fragments) {
        const auto* start = static_cast<const std::byte*>(each.iov_base);
        if (first_difference({start, each.iov_len}, offset)) {
            fatal(fmt::format("{} read a fragment at {} wrong", name, offset));
        }
        offset += each.iov_len;
    }
    std::memset(c.memory.data(), 0xee, scattered_bytes(c.count, c.bytes) + 64);
}

// Rungs by name, and the state they need.
struct rivals {
    rivals(const vector_case& c, std::span<const iovec> fragments)
        : hand_side(c),
          hand(hand_side.out, hand_side.descriptor, c.count),
          k4_side(c),
          k4(k4_side.out, k4_side.descriptor, c.count) {
        const auto total = static_cast<std::int64_t>(c.total());
        add("areas by hand", [&, fragments, total](std::uint64_t n) {
            for (std::uint64_t i = 0; i < n; ++i) {
                check(hand.read(fragments, c.offset_of(i)) == total, "areas by hand fell short");
            }
        });
        add("K4 kiovec", [&, fragments, total](std::uint64_t n) {
            for (std::uint64_t i = 0; i < n; ++i) {
                check(k4.read(fragments, c.offset_of(i)) == total, "a kiovec fell short");
            }
        });
        if (!c.direct || c.count > 64) return;
        for (const auto version : {raw_device::kernel::k2, raw_device::kernel::k0}) {
            auto& device = devices.emplace_back(version, hand_side.out, hand_side.descriptor);
            add(version == raw_device::kernel::k2 ? "K2, a call each" : "K0, a call each",
                one_call_each(device, c, fragments));
        }
    }

    void add(const std::string& name, rival_run run) {
        names.push_back(name);
        runs.push_back(std::move(run));
    }

    raw_side hand_side;
    areas_by_hand hand;
    raw_side k4_side;
    kiovec k4;
    std::deque<raw_device> devices;
    std::vector<std::string> names = {"pelton"};
    std::vector<rival_run> runs;
};

task<> run_case(file& from, const settings& s, report& out, vector_case c) {
    const std::string name =
        fmt::format("{} x {} B, {}", c.count, c.bytes, c.direct ? "O_DIRECT" : "cached");
    if (!s.wants(name)) co_return;
    const std::vector<iovec> fragments = scattered(c.memory, c.count, c.bytes);
    rivals others(c, fragments);
    std::memset(c.memory.data(), 0xee, scattered_bytes(c.count, c.bytes) + 64);
    for (std::size_t i = 0; i < others.runs.size(); ++i) {
        others.runs[i](1);
        verify(c, fragments, others.names[i + 1]);
    }
    co_await read_areas(from, c, fragments, 1);
    verify(c, fragments, "pelton");

    auto ours = [&](std::uint64_t n) { return read_areas(from, c, fragments, n); };
    const std::uint64_t operations = calibrate(others.runs[1], s.seconds_or(0.05), 1);
    pairing pairs(others.names, throughput_and_cpu(), s.pairs_or(micro_pairs));
    const std::function<void()> warm = [&] {
        if (!c.direct) c.data.warm_cache();
    };
    co_await duel(pairs, operations, ours, others.runs, warm);
    out.add(name, pairs);
    // Areas by hand isolate the layering; Pelton's own line has the runtime's cost in it.
    const auto was = c.count == 1 ? prediction::no_win : prediction::win;
    out.note(finding(pairs, 1, 2, 1, was));
    out.note(finding(pairs, 0, 2, 1, was));
    const std::int64_t strict = others.k4.read(fragments, 0, kiovec::alignment::strict);
    if (strict == -error_invalid) out.note("    2.4 itself: -EINVAL, for fragments off 512 bytes");
}

}  // namespace

task<> measure_vectors(shard& here, const settings& s, report& out, const data_file& data,
                       std::span<std::byte> memory) {
    auto direct = co_await file::open(here, data.path(), open_mode::read | open_mode::direct);
    auto cached = co_await file::open(here, data.path(), open_mode::read);
    check(direct.has_value() && cached.has_value(), "cannot open the benchmark's file");
    for (const std::size_t bytes : {4096U, 1024U, 256U, 64U}) {
        for (const std::size_t count : {1U, 4U, 16U, 64U, 256U}) {
            if (bytes == 4096) {
                co_await run_case(*direct, s, out, {data, true, count, bytes, memory});
            }
            co_await run_case(*cached, s, out, {data, false, count, bytes, memory});
        }
    }
}

}  // namespace pelton::bench::kiobuf
