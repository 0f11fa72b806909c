#include <pelton/bench/harness/stopwatch.hpp>
#include <pelton/bench/kiobuf/best_kiobuf.hpp>
#include <pelton/bench/kiobuf/finding.hpp>
#include <pelton/bench/kiobuf/first_byte.hpp>
#include <pelton/bench/kiobuf/ladder.hpp>
#include <pelton/buffers/area_cursor.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/op/nop.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <functional>

namespace pelton::bench::kiobuf {
namespace {

constexpr std::size_t part = 64U << 10;

struct moments {
    double first;
    double all;
};

task<> read_part(file& from, std::uint64_t offset, areas into, double* ended) {
    const std::size_t wanted = into.bytes();
    const auto got = co_await from.read_at(offset, into);
    check(got.has_value() && *got == wanted, "a part of a large read failed");
    if (ended != nullptr) *ended = now();
}

// One buffer, one operation for each part of it: a cursor cuts the view, nothing is copied. The
// first part is submitted a turn before the others, which the block layer then cannot merge with
// it.
task<moments> read_in_parts(shard& here, file& from, const workload& work,
                            std::uint64_t operation) {
    const double start = now();
    double first = 0;
    auto body = [&](children& kids) -> task<> {
        area_cursor cursor(std::span<std::byte>(work.memory, work.bytes));
        while (cursor.left() > 0) {
            const std::uint64_t offset = work.offset_of(operation) + cursor.done();
            double* const stamp = cursor.done() == 0 ? &first : nullptr;
            const areas piece = cursor.split(part);
            kids.spawn(
                [&from, offset, piece, stamp] { return read_part(from, offset, piece, stamp); });
            if (stamp != nullptr) co_await nop(here);
        }
        co_return;
    };
    co_await scope(body);
    co_return moments{first - start, now() - start};
}

// K4 with an SQE and a callback for each part.
class kiovec_in_parts {
public:
    explicit kiovec_in_parts(const workload& work)
        : work_(work),
          descriptor_(::open(work.path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT)),
          ring_(256),
          out_(ring_),
          reader_(out_, descriptor_, work.bytes / part) {
        const iovec all = {work.memory, work.bytes};
        ring_.register_buffers({&all, 1});
        for (std::size_t at = 0; at < work.bytes; at += part) {
            fragments_.push_back({work.memory + at, part});
        }
        reader_.on_first = [this] { first_ = now(); };
    }
    kiovec_in_parts(const kiovec_in_parts&) = delete;
    kiovec_in_parts& operator=(const kiovec_in_parts&) = delete;
    ~kiovec_in_parts() { close(descriptor_); }

    moments read(std::uint64_t operation) {
        const double start = now();
        const std::int64_t got =
            reader_.read(fragments_, work_.offset_of(operation), kiovec::alignment::relaxed,
                         kiovec::submission::apart);
        check(got == static_cast<std::int64_t>(work_.bytes), "a kiovec in parts fell short");
        return {first_ - start, now() - start};
    }

private:
    const workload& work_;
    int descriptor_;
    raw_ring ring_;
    port out_;
    kiovec reader_;
    std::vector<iovec> fragments_;
    double first_ = 0;
};

sample average(const std::vector<moments>& seen) {
    double first = 0;
    double all = 0;
    for (const moments& each : seen) {
        first += each.first;
        all += each.all;
    }
    const auto count = static_cast<double>(seen.size());
    return {first * 1e6 / count, all * 1e6 / count};
}

using one_read = std::function<moments(std::uint64_t)>;

one_read whole(const rung& by) {
    return [by](std::uint64_t) {
        const double start = now();
        by.run(1);
        const double all = now() - start;
        return moments{all, all};
    };
}

task<> run_case(shard& here, file& from, const settings& s, report& out, workload work) {
    const std::string name = fmt::format("first 64 KiB of {} MiB", work.bytes >> 20);
    if (!s.wants(name)) co_return;
    kiovec_in_parts k4(work);
    const std::vector<one_read> rivals = {[&](std::uint64_t i) { return k4.read(i); },
                                          whole(best_rung(pin::once, work, true)),
                                          whole(chunked_rung(raw_device::kernel::k2, work, true)),
                                          whole(chunked_rung(raw_device::kernel::k1, work, true)),
                                          whole(chunked_rung(raw_device::kernel::k0, work, true))};
    pairing pairs({"pelton", "K4 in parts", "K3 best kiobuf", "K2 2.4 O_DIRECT", "K1 2.4.16 raw",
                   "K0 2.4.0 raw"},
                  {{"us_to_first_64k", better::lower}, {"us_to_all", better::lower}},
                  s.pairs_or(micro_pairs));
    const std::size_t repeats = std::max<std::size_t>(2, (std::size_t{16} << 20) / work.bytes);
    for (const auto turn : pairs.turns()) {
        std::vector<moments> seen;
        for (std::uint64_t i = 0; i < repeats; ++i) {
            if (turn.contender == 0) {
                seen.push_back(co_await read_in_parts(here, from, work, i));
            } else {
                seen.push_back(rivals[turn.contender - 1](i));
            }
        }
        const std::uint64_t last = turn.contender < 2 ? repeats - 1 : 0;
        check(!first_difference({work.memory, work.bytes}, work.offset_of(last)),
              "a large read brought wrong bytes");
        pairs.record(turn, average(seen));
    }
    out.add(name, pairs);
    out.note(finding(pairs, 0, 1, 0, prediction::no_win));
    out.note(finding(pairs, 0, 2, 0, prediction::win));
    out.note(finding(pairs, 0, 5, 0, prediction::win));
}

}  // namespace

task<> measure_first_byte(shard& here, const settings& s, report& out, const data_file& data,
                          std::span<std::byte> memory) {
    auto from = co_await file::open(here, data.path(), open_mode::read | open_mode::direct);
    check(from.has_value(), "cannot open the benchmark's file with O_DIRECT");
    for (const std::size_t mib : {1U, 4U, 16U}) {
        const workload work{data.path(), data.bytes(), memory.data(), mib << 20, 1};
        co_await run_case(here, *from, s, out, work);
    }
}

}  // namespace pelton::bench::kiobuf
