#include <pelton/runtime/net/bind_anywhere.hpp>
#include <pelton/runtime/net/udp_inflow.hpp>
#include <pelton/runtime/net/udp_socket.hpp>
#include <pelton/runtime/outcome/truncated_datagram.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pelton {
namespace {

// What the kernel cuts in one go (linux/udp.h has 64 until 6.9), within one IP packet's length.
constexpr std::size_t segments_max = 64;
constexpr std::size_t datagram_bytes_max = 65507;

// A device that cannot cut, or a length it does not like: the datagrams can go one by one.
bool cannot_cut(std::error_code error) noexcept {
    return error == std::errc::io_error || error == std::errc::invalid_argument ||
           error == std::errc::operation_not_supported || error == std::errc::no_protocol_option ||
           error == std::errc::message_size;
}

}  // namespace

std::size_t merged_length(const msghdr& header, std::size_t bytes) noexcept {
    auto& answered = const_cast<msghdr&>(header);  // CMSG_NXTHDR(3) writes nothing, but wants it so
    for (auto* each = CMSG_FIRSTHDR(&answered); each != nullptr;
         each = CMSG_NXTHDR(&answered, each)) {
        if (each->cmsg_level == IPPROTO_UDP && each->cmsg_type == UDP_GRO) {
            int segment = 0;
            std::memcpy(&segment, CMSG_DATA(each), sizeof(segment));
            return static_cast<std::size_t>(segment) < bytes ? static_cast<std::size_t>(segment)
                                                             : 0;
        }
    }
    return 0;
}

void udp_receive::dress(msghdr& header) noexcept {
    header.msg_name = &from_;
    header.msg_namelen = sizeof(from_);
    header.msg_control = control_.data();
    header.msg_controllen = control_.size();
}

result<datagram> udp_receive::decode(std::int32_t outcome) const noexcept {
    const auto bytes = static_cast<std::size_t>(outcome);
    if ((header().msg_flags & MSG_TRUNC) != 0) {
        return std::unexpected(truncated_datagram(bytes));
    }
    datagram got;
    got.bytes = bytes;
    const auto from = endpoint::from(from_, header().msg_namelen);
    if (!from) {
        return std::unexpected(from.error());
    }
    got.from = from->unmapped();
    got.segment_bytes = merged_length(header(), bytes);
    return got;
}

void udp_send::dress(msghdr& header) noexcept {
    if (to_) {
        header.msg_name = const_cast<sockaddr*>(to_->address());
        header.msg_namelen = to_->bytes();
    }
    if (segment_bytes_ != 0) {
        control_.fill(std::byte{});
        header.msg_control = control_.data();
        header.msg_controllen = control_.size();
        auto* const cut = CMSG_FIRSTHDR(&header);
        cut->cmsg_level = IPPROTO_UDP;
        cut->cmsg_type = UDP_SEGMENT;
        cut->cmsg_len = CMSG_LEN(sizeof(segment_bytes_));
        std::memcpy(CMSG_DATA(cut), &segment_bytes_, sizeof(segment_bytes_));
    }
}

result<udp_socket> udp_socket::bind(shard& here, const endpoint& where,
                                    const datagram_options& options) noexcept {
    return bind_anywhere(where, options.v6_only,
                         [&](const endpoint& at) noexcept { return try_bind(here, at, options); });
}

result<udp_socket> udp_socket::try_bind(shard& here, const endpoint& where,
                                        const datagram_options& options) noexcept {
    auto& calls = here.calls();
    const auto made = calls.socket(where.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!made) {
        return std::unexpected(made.error());
    }
    udp_socket socket(here, *made);
    result<void> done;
    if (where.family() == AF_INET6) {
        done = socket.options().set_v6_only(options.v6_only);
    }
    if (done && options.reuse_port) {
        done = socket.options().set_reuse_port(true);
    }
    if (done && options.reuse_address) {
        done = socket.options().set_reuse_address(true);
    }
    if (done) {
        done = calls.bind(*made, where.address(), where.bytes());
    }
    if (!done) {
        return std::unexpected(done.error());
    }
    return socket;
}

udp_inflow udp_socket::inflow(const udp_inflow_options& options) noexcept {
    return udp_inflow(*this, options);
}

result<endpoint> udp_socket::local() const noexcept {
    sockaddr_storage address{};
    const auto bytes = home_->calls().getsockname(
        on_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    return bytes ? endpoint::from(address, *bytes) : std::unexpected(bytes.error());
}

task<result<std::size_t>> udp_socket::send_segments(areas memory, std::size_t segment_bytes,
                                                    std::optional<endpoint> to,
                                                    std::size_t* moved) {
    std::size_t unheard = 0;
    auto& sent = moved != nullptr ? *moved : unheard;
    sent = 0;
    if (segment_bytes == 0 || segment_bytes > datagram_bytes_max) {
        co_return failure(EINVAL);
    }
    const target::use counted(on_);
    const auto at_once =
        std::clamp<std::size_t>(datagram_bytes_max / segment_bytes, 1, segments_max);
    bool cuts = at_once > 1 && home_->queues().has(feature::udp_segment);
    const auto cut_length = static_cast<std::uint16_t>(segment_bytes);
    while (!memory.empty()) {
        const auto part = memory.first(cuts ? at_once * segment_bytes : segment_bytes);
        const bool several = part.bytes() > segment_bytes;
        const auto done =
            co_await udp_send(*home_, on_, part, to, several ? cut_length : std::uint16_t{0});
        if (done) {
            sent += *done;
            memory = memory.skip(*done);
        } else if (several && cannot_cut(done.error())) {
            cuts = false;
        } else {
            co_return std::unexpected(done.error());
        }
    }
    co_return sent;
}

}  // namespace pelton
