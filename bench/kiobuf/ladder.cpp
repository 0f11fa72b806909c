#include <pelton/bench/kiobuf/best_kiobuf.hpp>
#include <pelton/bench/kiobuf/ladder.hpp>
#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <barrier>
#include <cerrno>
#include <thread>

namespace pelton::bench::kiobuf {
namespace {

class open_file {
public:
    open_file(const std::string& path, bool direct)
        : descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0))) {
        if (descriptor < 0) throw_failed_call(errno, "open of " + path);
    }
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    ~open_file() { close(descriptor); }

    const int descriptor;
};

constexpr unsigned chunked_ring_entries = 16;  // 5 requests at most are in flight

// One caller with all that it had in 2.4. Made on the thread that uses it.
struct chunked_caller {
    chunked_caller(raw_device::kernel version, const workload& w, bool direct)
        : work(w),
          file(w.path, direct),
          ring(chunked_ring_entries),
          out(ring),
          device(version, out, file.descriptor) {}

    void run(std::uint64_t first, std::uint64_t operations, std::uint64_t step) {
        for (std::uint64_t i = first; i < operations; i += step) {
            const std::int64_t got = device.read(work.slot(first), work.bytes, work.offset_of(i));
            check(got == static_cast<std::int64_t>(work.bytes), "a read through K0-K2 failed");
        }
    }

    const workload& work;
    open_file file;
    raw_ring ring;
    port out;
    raw_device device;
};

// Callers that live as long as the rung and run one batch at a time.
class crew {
public:
    crew(raw_device::kernel version, const workload& work, bool direct)
        : gate_(static_cast<std::ptrdiff_t>(work.depth) + 1) {
        for (unsigned i = 0; i < work.depth; ++i) {
            threads_.emplace_back([this, version, work, direct, i] {
                chunked_caller caller(version, work, direct);
                for (;;) {
                    gate_.arrive_and_wait();
                    if (operations_ == 0) return;
                    caller.run(i, operations_, work.depth);
                    gate_.arrive_and_wait();
                }
            });
        }
    }
    crew(const crew&) = delete;
    crew& operator=(const crew&) = delete;
    ~crew() {
        operations_ = 0;
        gate_.arrive_and_wait();
    }

    void run(std::uint64_t operations) {
        operations_ = operations;
        gate_.arrive_and_wait();
        gate_.arrive_and_wait();
    }

private:
    std::barrier<> gate_;
    std::uint64_t operations_ = 0;  // written only while all are at the gate
    std::vector<std::jthread> threads_;
};

const char* name_of(raw_device::kernel version) {
    switch (version) {
        case raw_device::kernel::k0:
            return "K0 2.4.0 raw";
        case raw_device::kernel::k1:
            return "K1 2.4.16 raw";
        case raw_device::kernel::k2:
            return "K2 2.4 O_DIRECT";
    }
    return "";
}

// K3's file, ring and pool.
struct best_caller {
    best_caller(pin how, const workload& w, bool direct)
        : work(w),
          file(w.path, direct),
          ring(w.depth < 8 ? 8 : w.depth),
          out(ring),
          reader(out, file.descriptor, how == pin::once ? abi::op_read_fixed : abi::op_read, work) {
        if (how != pin::once) return;
        const iovec all = {w.memory, w.bytes * w.depth};
        ring.register_buffers({&all, 1});
    }

    workload work;
    open_file file;
    raw_ring ring;
    port out;
    best_kiobuf reader;
};

void expect(const char* name, const counters& got, const counters& wanted) {
    if (got == wanted) return;
    fatal(fmt::format("{}: chunks {} pins {} heads {} SQEs {} waits {} callbacks {} for 1 MiB",
                      name, got.chunks, got.pins, got.heads, got.sqes, got.waits, got.callbacks));
}

}  // namespace

rung chunked_rung(raw_device::kernel version, const workload& work, bool direct) {
    if (work.depth > 1) {
        auto callers = std::make_shared<crew>(version, work, direct);
        return {fmt::format("{}, threads", name_of(version)),
                [callers](std::uint64_t operations) { callers->run(operations); }};
    }
    struct state {
        workload work;
        chunked_caller caller;
        state(raw_device::kernel v, const workload& w, bool d) : work(w), caller(v, work, d) {}
    };
    auto alone = std::make_shared<state>(version, work, direct);
    return {name_of(version),
            [alone](std::uint64_t operations) { alone->caller.run(0, operations, 1); }};
}

rung best_rung(pin how, const workload& work, bool direct) {
    auto caller = std::make_shared<best_caller>(how, work, direct);
    return {how == pin::once ? "K3 best kiobuf" : "K3 pinned each time",
            [caller](std::uint64_t operations) { caller->reader.run(operations); }};
}

void check_counters() {
    constexpr std::size_t bytes = 1U << 20;
    alignas(page_bytes) static std::byte memory[bytes];
    const auto chunked = [&](raw_device::kernel version) {
        port dry;
        raw_device device(version, dry, -1);
        check(device.read(memory, bytes, 0) == bytes, "a dry read fell short");
        return device.count;
    };
    // chunks, pins, heads, SQEs, waits, callbacks
    expect("K0", chunked(raw_device::kernel::k0), {16, 256, 2048, 16, 16, 16});
    expect("K1", chunked(raw_device::kernel::k1), {2, 256, 2048, 10, 2, 10});
    expect("K2", chunked(raw_device::kernel::k2), {2, 256, 256, 10, 2, 10});
    port dry;
    const workload work{"", bytes, memory, bytes, 1};
    best_kiobuf best(dry, -1, abi::op_read_fixed, work);
    best.run(1);
    expect("K3", best.count, {1, 256, 0, 1, 0, 1});
}

}  // namespace pelton::bench::kiobuf
