// A socket that a shard owns: how it moves, dies and closes, for those of every kind.
//
// Thread: the shard's. One that moves, dies or is closed while operations on it are pending ends
// the process.
#pragma once

#include <pelton/runtime/op/close.hpp>
#include <pelton/runtime/op/target.hpp>

#include <utility>

namespace pelton {

class owned_socket {
public:
    // Closes, also when a stop was asked for, and reports what close(2) did.
    close_operation close() noexcept { return close_operation(*home_, on_.release()); }

    // Gives the ring the descriptor once for all sends and single receives, as
    // file::register_descriptor() does: for connections that live for dozens of messages. An
    // inflow's one operation holds the socket anyway.
    bool register_descriptor() noexcept;

    bool is_open() const noexcept { return on_.is_open(); }
    int descriptor() const noexcept { return on_.descriptor(); }

protected:
    owned_socket(shard& here, int descriptor) noexcept : home_(&here), on_(descriptor) {}
    owned_socket(owned_socket&&) noexcept = default;
    owned_socket& operator=(owned_socket&& other) noexcept;
    // Closes; an error goes to the shard's error hook, since nobody else can be told.
    ~owned_socket() { drop(); }

    shard* home_;
    target on_;

private:
    void drop() noexcept;
};

// One to which a multishot may bring something by itself: `Source` is arrivals or datagrams. The
// kernel may still have to be shown an operation that names the descriptor, so that lives as long.
template <class Source>
class arriving_socket : protected owned_socket {
public:
    using owned_socket::descriptor;
    using owned_socket::is_open;
    using owned_socket::register_descriptor;

    // As owned_socket::close(). Where close(2) is an operation it comes after that which may still
    // have to be shown; where it is a call, the source makes it at its end.
    close_operation close() noexcept {
        if (arriving_ != nullptr) {
            const int descriptor = on_.release();
            const bool after = home_->queues().has(feature::close);
            std::exchange(arriving_, nullptr)->abandon(after ? -1 : descriptor);
            return after ? close_operation::behind_others(*home_, descriptor)
                         : close_operation(*home_);
        }
        return owned_socket::close();
    }

protected:
    arriving_socket(shard& here, int descriptor) noexcept : owned_socket(here, descriptor) {}
    arriving_socket(arriving_socket&& other) noexcept
        : owned_socket(std::move(other)), arriving_(std::exchange(other.arriving_, nullptr)) {}
    arriving_socket& operator=(arriving_socket&& other) noexcept {
        if (this != &other) {
            abandon();
            owned_socket::operator=(std::move(other));
            arriving_ = std::exchange(other.arriving_, nullptr);
        }
        return *this;
    }
    ~arriving_socket() { abandon(); }

    Source* arriving_ = nullptr;  // from the first inflow on, until nothing more is in it

private:
    void abandon() noexcept {
        if (arriving_ != nullptr) {
            std::exchange(arriving_, nullptr)->abandon(on_.release());
        }
    }
};

}  // namespace pelton
