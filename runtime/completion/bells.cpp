// How the loop rings other rings, and hears them.
#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/ring/sqe.hpp>

namespace pelton {

void loop::keep_places_for(std::uint32_t peers) noexcept {
    check(queues_.cq_entries() > cqes_kept + peers, "a CQ is too small for the bells of all peers");
    settle_room();
    peer_places_ = peers;
    cqes_allowed_ -= peers;
    grant_room();
}

bool loop::ring_peer(int descriptor, peer_bell& bell) noexcept {
    settle_room();
    auto* sqe = queues_.peek_sqe();
    if (sqe != nullptr) {
        const auto address = reinterpret_cast<std::uint64_t>(&bell);
        prepare_doorbell(*sqe, descriptor, address | static_cast<std::uint64_t>(cqe_tag::bell),
                         address | static_cast<std::uint64_t>(cqe_tag::bell_failed));
        queues_.commit_sqe();
    }
    grant_room();
    return sqe != nullptr;
}

void loop::collect_bell(cqe_tag tag, std::uint64_t address) noexcept {
    auto& bell = *reinterpret_cast<peer_bell*>(address);
    ++cqes_owed_;  // a heard one has its place kept; a failed one was not expected
    if (tag == cqe_tag::bell) {
        bell.heard();
    } else {
        bell.failed();
    }
}

}  // namespace pelton
