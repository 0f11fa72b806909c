// A listening TCP socket on a shard: connections come out of it as streams.
//
//   auto door = pelton::tcp_listener::bind(here, pelton::endpoint::any(7000));
//   if (!door) co_return std::unexpected(door.error());
//   co_return co_await pelton::scope([&](auto& children) { return door->serve(children, greet); });
//
// Thread: the shard's. A listener that moves, dies or is closed while an accept or serve() is
// pending ends the process.
#pragma once

#include <pelton/runtime/net/endpoint.hpp>
#include <pelton/runtime/net/owned_socket.hpp>
#include <pelton/runtime/net/serving.hpp>
#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/net/tcp_stream.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/task.hpp>

#include <utility>

namespace pelton {

struct listen_options {
    listen_options() noexcept = default;

    // Connections that stand and wait to be accepted, at most; the system may allow fewer
    // (net.core.somaxconn).
    int backlog = 4096;

    // Lets several listeners, one on each shard say, have the same address: the kernel spreads the
    // connections among them by their peers' addresses (SO_REUSEPORT, socket(7)). Each of them must
    // ask for it.
    bool reuse_port = false;

    // On IPv6's wildcard address: takes no IPv4 peers, so that another listener can have the port
    // there (IPV6_V6ONLY, ipv6(7)). A machine without IPv6 is an error then.
    bool v6_only = false;

    // Of every stream that is accepted.
    stream_options streams;
};

// One that is closed or dies resets the connections that were not accepted.
class [[nodiscard]] tcp_listener : public owned_socket {
public:
    // Listens on `where`, with SO_REUSEADDR, so that a server can be started again at once.
    // EADDRINUSE, EACCES and whatever else socket(2), bind(2) and listen(2) say.
    static result<tcp_listener> bind(shard& here, const endpoint& where,
                                     const listen_options& options = {}) noexcept;

    // Where it listens, with the port the system chose for port 0.
    result<endpoint> local() const noexcept;

    // The next connection; a stop request yields ECANCELED. Errors are those of accept(2): most
    // concern one connection and the next accept may succeed. serve() knows which.
    accept_awaiter<tcp_stream> accept() noexcept { return {*home_, on_, streams_}; }

    // Accepts until it is asked to stop, which is no error, or the listener is broken. Each
    // connection becomes a child of `kids` that runs `handler(tcp_stream)`, which returns a task;
    // the handler is copied into the child, which owns the stream. An error or exception that it
    // ends with is the scope's, as with any child: a handler that returns task<> keeps the errors
    // of its connection to itself.
    //
    // One operation of the kernel's accepts them all where it can (Linux 5.19). Those that it had
    // accepted and nobody has taken when serve() is asked to stop are closed.
    //
    // A connection that failed before it was accepted is passed over. While descriptors or memory
    // are missing it pauses, 10 ms and then doubling up to 1 s, and the shard's error hook hears
    // of it once.
    template <class Handler>
    task<result<void>> serve(children& kids, Handler handler) {
        return serve_connections<tcp_stream>(*home_, on_, streams_, kids, std::move(handler));
    }

    // Those that a connection inherits (buffer sizes, no_delay, keep_alive) are best set here.
    tcp_options options() const noexcept { return tcp_options(*home_, descriptor()); }

private:
    tcp_listener(shard& here, int descriptor, const listen_options& options) noexcept
        : owned_socket(here, descriptor), streams_(options.streams) {}
    static result<tcp_listener> try_bind(shard& here, const endpoint& where,
                                         const listen_options& options) noexcept;

    stream_options streams_;
};

}  // namespace pelton
