// K3 and K4: kiobufs from a pool, without heads or chunks, ended by callbacks.
#pragma once

#include <pelton/bench/kiobuf/kio.hpp>
#include <pelton/bench/kiobuf/port.hpp>
#include <pelton/bench/kiobuf/rung.hpp>

#include <sys/uio.h>

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace pelton::bench::kiobuf {

// K3: one kiobuf for each read, as many reads at once as the workload's depth.
class best_kiobuf {
public:
    best_kiobuf(port& out, int descriptor, std::uint8_t opcode, const workload& work);
    ~best_kiobuf();

    void run(std::uint64_t operations);

    counters count;

private:
    struct pooled {
        kio_240 kio;
        best_kiobuf* owner;
        std::byte* memory;
    };
    static_assert(offsetof(pooled, kio) == 0);

    void start(pooled& with);
    static void ended(kio_240* kio);

    port& out_;
    int descriptor_;
    std::uint8_t opcode_;
    const workload& work_;
    std::deque<pooled> pool_;
    std::uint64_t started_ = 0;
    std::uint64_t finished_ = 0;
    std::uint64_t target_ = 0;
};

// K4: a kiovec, the design as advocated: one kiobuf with its own callback for each fragment.
class kiovec {
public:
    enum class alignment { strict, relaxed };
    // One SQE for all fragments, or one for each, so that each can end before the others. The first
    // then goes in by an enter of its own: in one batch the block layer would merge them all again.
    enum class submission { together, apart };

    kiovec(port& out, int descriptor, std::size_t fragments_max);
    ~kiovec();

    // Reads the fragments one after the other from `offset`. Bytes before the first error, or a
    // negated errno. Strict refuses what 2.4 refused: any fragment whose place or length is not a
    // multiple of 512.
    std::int64_t read(std::span<const iovec> fragments, std::uint64_t offset,
                      alignment rule = alignment::relaxed, submission how = submission::together);

    // Called as the first fragment ends, on the thread that reads.
    std::function<void()> on_first;

    counters count;

private:
    struct pooled {
        kio_240 kio;
        kiovec* owner;
    };
    static_assert(offsetof(pooled, kio) == 0);

    void map(std::span<const iovec> fragments);
    void queue(std::size_t fragments, std::uint64_t offset, submission how);
    void turn(unsigned wait_for, std::size_t fragments, submission how);
    void complete_all(std::size_t fragments, std::int32_t result);
    static void ended(kio_240* kio);

    port& out_;
    int descriptor_;
    std::deque<pooled> pool_;
    std::vector<iovec> segments_;
    std::size_t left_ = 0;
};

}  // namespace pelton::bench::kiobuf
