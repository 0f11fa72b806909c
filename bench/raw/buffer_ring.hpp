// A provided buffer ring by hand, for the rivals and the clients that receive by multishot.
#pragma once

#include <pelton/bench/raw/ring.hpp>
#include <pelton/runtime/kernel/abi.hpp>

#include <cstddef>
#include <vector>

namespace pelton::bench {

class raw_buffer_ring {
public:
    static constexpr unsigned short group = 0;

    // How a receive uses up buffers: one each; as many as what has come fills (Linux 6.10), if its
    // SQE says RECVSEND_BUNDLE; or only the part of one that it fills (6.12).
    enum class use { whole, bundle, part };

    // `count`, a power of two, buffers of `bytes`, all of them the kernel's at first. Throws
    // std::system_error. Lives at least as long as the ring's receives.
    raw_buffer_ring(raw_ring& ring, unsigned count, std::size_t bytes, use how = use::whole);
    raw_buffer_ring(const raw_buffer_ring&) = delete;
    raw_buffer_ring& operator=(const raw_buffer_ring&) = delete;
    ~raw_buffer_ring();

    // What the kernel was found to know, which may be less than what was asked for.
    use used_by() const noexcept { return use_; }

    // Where a CQE with `length` bytes has put them: calls piece(buffer, address, bytes) for each
    // part, in order. Each piece is owed a give_back().
    template <class Piece>
    void arrived(std::size_t length, std::uint32_t flags, Piece&& piece) {
        unsigned buffer = flags >> abi::cqe_buffer_shift;
        if (use_ == use::part) {
            state& of = states_[buffer];
            ++of.pieces;
            of.is_full = (flags & abi::cqe_buffer_more) == 0;
            piece(buffer, memory(buffer) + of.filled, length);
            of.filled += length;
            return;
        }
        for (unsigned short place = states_[buffer].place; length > 0;) {
            const std::size_t bytes = length < bytes_ ? length : bytes_;
            ++states_[buffer].pieces;
            states_[buffer].is_full = true;
            piece(buffer, memory(buffer), bytes);
            length -= bytes;
            buffer = entries_->bufs[++place & (count_ - 1)].bid;
        }
    }

    std::byte* memory(unsigned buffer) noexcept { return memory_.data() + buffer * bytes_; }

    // The buffer is the kernel's again once all pieces that lay in it are given back.
    void give_back(unsigned buffer) noexcept {
        state& of = states_[buffer];
        if (--of.pieces == 0 && of.is_full) provide(buffer);
    }

private:
    struct state {
        std::size_t filled = 0;
        unsigned pieces = 0;
        unsigned short place = 0;  // in the ring
        bool is_full = false;      // the kernel is through with it
    };

    bool registered(unsigned flags);
    void provide(unsigned buffer) noexcept {
        states_[buffer] = {.place = tail_++};
        io_uring_buf_ring_add(entries_, memory(buffer), static_cast<unsigned>(bytes_),
                              static_cast<unsigned short>(buffer), io_uring_buf_ring_mask(count_),
                              0);
        io_uring_buf_ring_advance(entries_, 1);
    }

    raw_ring& ring_;
    unsigned count_;
    std::size_t bytes_;
    use use_;
    unsigned short tail_ = 0;
    std::vector<std::byte> memory_;
    std::vector<state> states_;
    io_uring_buf_ring* entries_ = nullptr;
};

}  // namespace pelton::bench
