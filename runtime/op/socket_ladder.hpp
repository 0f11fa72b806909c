// Which opcode carries some areas from or to a socket.
//
//   one area      RECV       else RECVMSG      else as for any stream (ladder.hpp)
//   several       RECVMSG    else RECV of the first, which the caller sees as a short transfer
//
// and the same for sends. Whether memory is registered makes no difference: sockets copy.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/op/ladder.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <sys/socket.h>

namespace pelton {

// Fills `sqe`. `header` must live until the operation is done: the kernel writes into it. False,
// with nothing filled, when a cut view needs more scratch than the ring has before its next enter.
// `memory` is not empty; at most 1024 areas and 2^31 - 4096 bytes are transferred by one operation.
//
// A kernel without SEND and SENDMSG gets WRITE, which knows no MSG_NOSIGNAL: there a peer that is
// gone raises SIGPIPE.
bool prepare_socket_transfer(io_uring_sqe& sqe, ring& queues, direction way, const target& on,
                             const areas& memory, msghdr& header) noexcept;

}  // namespace pelton
