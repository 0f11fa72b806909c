// An NVMe namespace that only tests know: a ring with long entries is served from memory, without
// the kernel, and so are the calls that ask what it is. Other rings and calls are the kernel's.
//
// Its rings answer when the SQEs are submitted or, while `holds` is set, when let_go() is called;
// what completes makes their descriptor readable, as a real ring's.
#pragma once

#include "forwarding_calls.hpp"
#include "op/scratch.hpp"

#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/kernel/nvme_abi.hpp>
#include <pelton/runtime/kernel/ring_face.hpp>
#include <pelton/runtime/ring/command_ring.hpp>

#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace pelton::test {

class imagined_nvme {
public:
    static constexpr std::uint32_t id = 7;

    explicit imagined_nvme(std::size_t blocks, unsigned block_exponent = 9)
        : bytes(random_bytes(blocks << block_exponent, 99)), block_exponent_(block_exponent) {}

    std::vector<std::byte> bytes;
    std::uint16_t metadata_bytes = 0;
    std::uint8_t transfer_exponent = 5;  // MDTS: 128 KiB
    std::vector<command_sqe> seen;       // in order of submission
    std::deque<std::int32_t> answers;    // for the next commands, instead of carrying them out
    std::deque<int> enters;              // for the next enters: an errno, or how many it takes
    std::size_t ioctls = 0;              // commands by the call
    std::size_t enters_seen = 0;         // that offered something
    bool holds = false;

    std::size_t block_bytes() const noexcept { return std::size_t{1} << block_exponent_; }
    ring_face& ring() noexcept { return ring_; }
    calls_face& calls() noexcept { return calls_; }
    // Held commands, the last of them first.
    std::size_t held() const noexcept { return held_.size(); }
    void let_go() {
        while (!held_.empty()) {
            complete(held_.back());
            held_.pop_back();
        }
    }

    static abi::nvme_command command_of(const command_sqe& sqe) {
        abi::nvme_command words;
        std::memcpy(&words, reinterpret_cast<const std::byte*>(&sqe) + command_sqe::head_bytes,
                    sizeof(words));
        return words;
    }

private:
    std::uint16_t carry_out(const abi::nvme_command& words, bool vector) {
        if (words.namespace_id != id) {
            return 0x400b;
        }
        if (words.opcode == abi::nvme_flush) {
            return 0;
        }
        const std::uint64_t first = words.word10 | std::uint64_t{words.word11} << 32;
        const std::uint64_t at = first << block_exponent_;
        const std::size_t length = (std::size_t{words.word12} + 1) << block_exponent_;
        if (first >= bytes.size() >> block_exponent_ || length > bytes.size() - at) {
            return 0x4080;
        }
        std::vector<iovec> places;
        if (vector) {
            const auto* array = reinterpret_cast<const iovec*>(words.data);
            places.assign(array, array + words.data_length);
        } else {
            places.push_back({reinterpret_cast<void*>(words.data), words.data_length});
        }
        auto* from = bytes.data() + at;
        std::size_t moved = 0;
        for (const auto& place : places) {
            if (words.opcode == abi::nvme_read) {
                std::memcpy(place.iov_base, from + moved, place.iov_len);
            } else {
                std::memcpy(from + moved, place.iov_base, place.iov_len);
            }
            moved += place.iov_len;
        }
        return moved == length ? 0 : 0x4002;
    }

    struct queues {
        unsigned sq_head = 0, sq_tail = 0, cq_head = 0, cq_tail = 0, flags = 0;
        unsigned sq_mask, sq_entries, cq_mask, cq_entries;
        std::vector<command_sqe> sqes;
        std::vector<command_cqe> cqes;
    };

    void complete(const command_sqe& sqe) {
        std::int32_t answer = 0;
        if (!answers.empty()) {
            answer = answers.front();
            answers.pop_front();
        } else {
            const std::lock_guard lock(mutex_);
            answer = carry_out(command_of(sqe), sqe.head.cmd_op == abi::nvme_io_vector);
        }
        auto& cqe = queues_->cqes[queues_->cq_tail & queues_->cq_mask];
        cqe = {sqe.head.user_data, answer, 0, {}};
        __atomic_store_n(&queues_->cq_tail, queues_->cq_tail + 1, __ATOMIC_RELEASE);
        const std::uint64_t one = 1;
        required(static_cast<int>(::write(descriptor_, &one, sizeof(one))), "write");
    }

    int submit(unsigned count) {
        for (unsigned i = 0; i < count; ++i) {
            const auto& sqe = queues_->sqes[queues_->sq_head & queues_->sq_mask];
            seen.push_back(sqe);
            __atomic_store_n(&queues_->sq_head, queues_->sq_head + 1, __ATOMIC_RELEASE);
            if (holds) {
                held_.push_back(sqe);
            } else {
                complete(sqe);
            }
        }
        return static_cast<int>(count);
    }

    class long_ring final : public ring_face {
    public:
        explicit long_ring(imagined_nvme& of) noexcept : of_(of) {}

        int set_up(unsigned entries, io_uring_params& params, io_uring& ring) noexcept override {
            constexpr unsigned wanted = abi::setup_sqe128 | abi::setup_cqe32;
            return (params.flags & wanted) == wanted ? of_.make(entries, params, ring)
                                                     : linux_ring().set_up(entries, params, ring);
        }
        int enter(io_uring& ring, unsigned to_submit, unsigned wait_for, unsigned flags,
                  void* argument, std::size_t argument_bytes) noexcept override {
            return of_.is_ours(ring) ? of_.enter(to_submit, flags)
                                     : linux_ring().enter(ring, to_submit, wait_for, flags,
                                                          argument, argument_bytes);
        }
        int register_with(io_uring& ring, unsigned opcode, void* argument,
                          unsigned count) noexcept override {
            if (!of_.is_ours(ring)) {
                return linux_ring().register_with(ring, opcode, argument, count);
            }
            if (opcode == abi::register_probe) {
                auto& probe = *static_cast<io_uring_probe*>(argument);
                probe.last_op = static_cast<std::uint8_t>(count - 1);
                for (unsigned i = 0; i < count; ++i) {
                    probe.ops[i].flags = IO_URING_OP_SUPPORTED;
                }
            }
            return 0;
        }
        void tear_down(io_uring& ring) noexcept override {
            if (of_.is_ours(ring)) {
                ::close(of_.descriptor_);
                of_.queues_.reset();
            } else {
                linux_ring().tear_down(ring);
            }
        }
        const std::atomic<unsigned>& forks() const noexcept override {
            return linux_ring().forks();
        }

    private:
        imagined_nvme& of_;
    };

    class namespace_calls final : public forwarding_calls {
    public:
        explicit namespace_calls(imagined_nvme& of) noexcept : of_(of) {}
        result<std::uint32_t> nvme_id(int) noexcept override { return id; }
        result<std::uint16_t> nvme_command(int, nvme_way way,
                                           const abi::nvme_command& words) noexcept override {
            const std::lock_guard lock(of_.mutex_);  // several threads may be the caller
            if (way == nvme_way::admin) {
                return of_.identify(words);
            }
            ++of_.ioctls;
            return of_.carry_out(words, way == nvme_way::io_vector);
        }

    private:
        imagined_nvme& of_;
    };

    bool is_ours(const io_uring& ring) const noexcept {
        return queues_ != nullptr && ring.ring_fd == descriptor_;
    }

    int make(unsigned entries, io_uring_params& params, io_uring& ring) {
        queues_ = std::make_unique<queues>();
        queues_->sq_entries = entries;
        queues_->sq_mask = entries - 1;
        queues_->cq_entries = params.cq_entries;
        queues_->cq_mask = params.cq_entries - 1;
        queues_->sqes.resize(entries);
        queues_->cqes.resize(params.cq_entries);
        descriptor_ = required(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
        ring = {};
        ring.ring_fd = ring.enter_ring_fd = descriptor_;
        ring.sq.khead = &queues_->sq_head;
        ring.sq.ktail = &queues_->sq_tail;
        ring.sq.kflags = &queues_->flags;
        ring.sq.kring_mask = &queues_->sq_mask;
        ring.sq.kring_entries = &queues_->sq_entries;
        ring.sq.sqes = reinterpret_cast<io_uring_sqe*>(queues_->sqes.data());
        ring.cq.khead = &queues_->cq_head;
        ring.cq.ktail = &queues_->cq_tail;
        ring.cq.kring_mask = &queues_->cq_mask;
        ring.cq.kring_entries = &queues_->cq_entries;
        ring.cq.cqes = reinterpret_cast<io_uring_cqe*>(queues_->cqes.data());
        params.features = abi::feature_ext_arg | abi::feature_nodrop;
        params.sq_entries = entries;
        return 0;
    }

    int enter(unsigned to_submit, unsigned flags) {
        if ((flags & abi::enter_getevents) != 0) {
            std::uint64_t count = 0;
            static_cast<void>(::read(descriptor_, &count, sizeof(count)));
        }
        enters_seen += to_submit != 0 ? 1 : 0;
        if (to_submit != 0 && !enters.empty()) {
            const int luck = enters.front();
            enters.pop_front();
            if (luck < 0) {
                return luck;
            }
            to_submit = std::min(to_submit, static_cast<unsigned>(luck));
        }
        return submit(to_submit);
    }

    std::uint16_t identify(const abi::nvme_command& words) {
        std::vector<std::byte> answer(abi::nvme_identify_bytes);
        if (words.word10 == abi::nvme_identify_controller) {
            answer[77] = std::byte{transfer_exponent};
        } else if (words.namespace_id != id) {
            return 0x400b;
        } else {
            const std::uint64_t blocks = bytes.size() >> block_exponent_;
            std::memcpy(answer.data(), &blocks, sizeof(blocks));
            answer[26] = std::byte{1};  // the second format; the first is of other blocks
            answer[128 + 2] = std::byte{13};
            std::memcpy(answer.data() + 132, &metadata_bytes, sizeof(metadata_bytes));
            answer[132 + 2] = static_cast<std::byte>(block_exponent_);
        }
        std::memcpy(reinterpret_cast<void*>(words.data), answer.data(), answer.size());
        return 0;
    }

    unsigned block_exponent_;
    std::vector<command_sqe> held_;
    std::unique_ptr<queues> queues_;
    int descriptor_ = -1;
    long_ring ring_{*this};
    namespace_calls calls_{*this};
    std::mutex mutex_;
};

}  // namespace pelton::test
