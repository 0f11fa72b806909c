// The other end of the sends: a process on a core of its own, in a network namespace of its own if
// so told.
//
// A stream begins with an order and goes on with that many bytes; one byte is the answer when they
// are all there. Bytes that are measured are taken without a copy (MSG_TRUNC), since what is
// measured is the sending. Those of an order to compare must follow byte_of().
//
// The namespace ends with the process, and its end of the veth pair, and with that the other end,
// too: nothing is left behind whatever ends the program.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace pelton::bench::zerocopy {

// Messages of one length, one after the other; message i has the contents i % variants.
inline constexpr unsigned variants = 4;
inline std::byte byte_of(unsigned variant, std::size_t offset) {
    return static_cast<std::byte>(variant * 61 + offset * 31 + offset / 4096);
}

struct order {
    std::uint64_t message_bytes;
    std::uint64_t bytes;
    std::uint64_t compared;  // 0 or 1
};

class receiver {
public:
    // Forks; returns once the process is in its namespace. Throws std::system_error.
    receiver(unsigned core, bool own_namespace);
    receiver(const receiver&) = delete;
    receiver& operator=(const receiver&) = delete;
    ~receiver();

    // Gives its end of a veth pair, which is in its namespace by now, the address, and listens.
    // Returns the port; 0 when that failed, which standard error explains. Without a device it
    // listens on every address there is.
    std::uint16_t listen_on(const std::string& device, const std::string& address);

    pid_t id() const { return id_; }

private:
    pid_t id_ = -1;
    int control_ = -1;
};

}  // namespace pelton::bench::zerocopy
