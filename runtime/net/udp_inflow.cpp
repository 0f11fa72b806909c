#include <pelton/runtime/net/udp_inflow.hpp>
#include <pelton/runtime/op/poll.hpp>
#include <pelton/runtime/outcome/truncated_datagram.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <poll.h>

#include <algorithm>

namespace pelton {
namespace {

constexpr std::size_t longest = 65535;

std::size_t pages_for(std::size_t bytes) noexcept {
    return (bytes + arena::page_bytes() - 1) / arena::page_bytes();
}

result<leased_datagram> decode(lease message) noexcept {
    auto parts = take_apart(std::move(message));
    if (parts.sent_bytes > parts.payload.size()) {
        return std::unexpected(truncated_datagram(parts.sent_bytes));
    }
    const auto from = endpoint::from(parts.from, parts.from_bytes);
    if (!from) {
        return std::unexpected(from.error());
    }
    leased_datagram got;
    got.from = from->unmapped();
    got.segment_bytes = merged_length(parts.control, parts.sent_bytes);
    got.bytes = std::move(parts.payload);
    return got;
}

}  // namespace

udp_inflow::udp_inflow(udp_socket& from, const udp_inflow_options& options) noexcept
    : from_(from),
      counted_(from.on_),
      bytes_max_(std::clamp<std::size_t>(options.bytes_max, 1, longest)),
      run_pages_(pages_for(bytes_max_ + datagrams::head_bytes)),
      ahead_(options.ahead) {}

udp_inflow::~udp_inflow() {
    if (from_.arriving_ != nullptr) {
        from_.arriving_->close_door();
    }
}

bool udp_inflow::receives_ahead() noexcept {
    auto& here = *from_.home_;
    if (from_.arriving_ == nullptr) {
        if (!here.queues().has(feature::receive_multishot) ||
            !here.queues().has(feature::recvmsg) || !here.queues().has(feature::buffer_ring)) {
            return false;
        }
        from_.arriving_ = here.lasting().make<datagrams>(here, from_.on_.descriptor());
    }
    return from_.arriving_ != nullptr && from_.arriving_->open_door(run_pages_, ahead_);
}

task<result<leased_datagram>> udp_inflow::next() {
    from_.home_->pages();  // may throw, here and not in the CQ loop
    while (receives_ahead()) {
        auto message = co_await next_message(*from_.arriving_);
        if (message) {
            co_return decode(std::move(*message));
        }
        if (message.error() != std::errc::interrupted) {
            co_return std::unexpected(message.error());
        }
    }
    co_return co_await next_alone();
}

// No pages are held while there is nothing to receive.
task<result<leased_datagram>> udp_inflow::next_alone() {
    auto& here = *from_.home_;
    const target::use held(from_.on_);
    const auto ready = co_await poll_operation(here, from_.descriptor(), POLLIN);
    if (!ready) {
        co_return std::unexpected(ready.error());
    }
    auto pages = co_await here.pages().take(pages_for(bytes_max_));
    if (!pages) {
        co_return std::unexpected(pages.error());
    }
    const auto room = pages->first(bytes_max_);
    const auto came = co_await from_.receive(room);
    if (!came) {
        co_return std::unexpected(came.error());
    }
    leased_datagram got;
    got.from = came->from;
    got.segment_bytes = came->segment_bytes;
    got.bytes = pages->slice(0, std::max<std::size_t>(pages_for(came->bytes), 1));
    got.bytes.narrow(0, came->bytes);
    co_return got;
}

}  // namespace pelton
