#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/op/late_close.hpp>
#include <pelton/runtime/ring/sqe.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <cerrno>

namespace pelton {

late_close::late_close(shard& here, int descriptor) noexcept
    : lasting_record(here.completions()), home_(here), descriptor_(descriptor) {}

void late_close::begin(shard& here, int descriptor) noexcept {
    if (auto* one = here.lasting().make<late_close>(here, descriptor); one != nullptr) {
        one->start();
    } else {
        static_cast<void>(here.calls().close(descriptor));
    }
}

bool late_close::prepare(io_uring_sqe& sqe, ring&) noexcept {
    sqe.opcode = abi::op_close;
    sqe.fd = descriptor_;
    return true;
}

void late_close::ended() noexcept {
    if (outcome() == -ECANCELED) {  // the shard ended before the kernel saw it
        static_cast<void>(home_.calls().close(descriptor_));
    }
    orphan();
}

}  // namespace pelton
