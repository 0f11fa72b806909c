#include <pelton/runtime/net/unix_message.hpp>
#include <pelton/runtime/outcome/truncated_datagram.hpp>

#include <cstring>

namespace pelton {

void unix_send::dress(msghdr& header) noexcept {
    if (to_ != nullptr) {
        header.msg_name = const_cast<sockaddr*>(to_->address());
        header.msg_namelen = to_->bytes();
    }
    if (descriptors_.empty()) {
        return;
    }
    header.msg_control = control_.data();
    header.msg_controllen = CMSG_SPACE(descriptors_.size_bytes());
    std::memset(control_.data(), 0, header.msg_controllen);
    auto* const passed = CMSG_FIRSTHDR(&header);
    passed->cmsg_level = SOL_SOCKET;
    passed->cmsg_type = SCM_RIGHTS;
    passed->cmsg_len = CMSG_LEN(descriptors_.size_bytes());
    std::memcpy(CMSG_DATA(passed), descriptors_.data(), descriptors_.size_bytes());
}

result<std::size_t> unix_receive::decode(std::int32_t outcome) const noexcept {
    const auto bytes = static_cast<std::size_t>(outcome);
    if (!into_.collect(header(), bytes)) {
        return std::unexpected(descriptors_lost());
    }
    return bytes;
}

void unix_datagram_receive::dress(msghdr& header) noexcept {
    header.msg_name = &from_;
    header.msg_namelen = sizeof(from_);
    if (into_ != nullptr) {
        into_->make_room(header);
    }
}

result<local_datagram> unix_datagram_receive::decode(std::int32_t outcome) const noexcept {
    const auto bytes = static_cast<std::size_t>(outcome);
    const bool all_came = into_ == nullptr || into_->collect(header(), bytes);
    if ((header().msg_flags & MSG_TRUNC) != 0) {
        return std::unexpected(truncated_datagram(bytes));
    }
    if (!all_came) {
        return std::unexpected(descriptors_lost());
    }
    const auto from = unix_address::from(from_, header().msg_namelen);
    if (!from) {
        return std::unexpected(from.error());
    }
    local_datagram got;
    got.bytes = bytes;
    got.from = *from;
    return got;
}

}  // namespace pelton
