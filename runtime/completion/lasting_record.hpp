// The record of an operation that may outlive whoever waits for it: a multishot, which goes on
// between two waits, or a zero-copy send, whose memory the kernel reads after it has answered.
//
// It lives in the shard's slab and owns what the kernel still names: a lease, a descriptor. Its
// handle, such as a stream, starts it and hears of what arrives. When the handle is gone it is an
// orphan: the kernel is asked to end it, what still arrives is put away, and the last CQE takes it
// back to the slab.
//
// Invariants
//   (1) It leaves its slab only when the kernel does not have it (record.hpp).
//   (2) An orphan tells nobody anything and is not started again.
//
// Thread: its shard's.
#pragma once

#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/completion/record.hpp>

namespace pelton {

class slab;

class lasting_record : public record {
public:
    virtual ~lasting_record() = default;

    // Its handle is gone; so is it when this returns, unless the kernel has it.
    void orphan() noexcept;

    // Whether the kernel has it, or will get it.
    bool running() const noexcept { return now() >= state::queued; }

protected:
    explicit lasting_record(loop& on) noexcept : on_(on) {}

    void start() noexcept { on_.start_lasting(*this); }
    void ask_to_end() noexcept { request_stop(); }
    bool is_orphan() const noexcept { return orphan_; }
    loop& completions() const noexcept { return on_; }

    // The last CQE has come, outcome() is its outcome, and there is somebody to tell. It may be
    // started again here. Calls no user code.
    virtual void ended() noexcept = 0;

private:
    friend class slab;
    void finished() noexcept final;

    loop& on_;
    slab* home_ = nullptr;
    lasting_record* earlier_ = nullptr;  // the slab's list of those that live
    lasting_record* later_ = nullptr;
    bool orphan_ = false;
};

}  // namespace pelton
