// A listening unix socket on a shard: streams come out of it.
//
//   auto door = pelton::unix_listener::bind(here, pelton::unix_address::path("/run/x").value());
//   co_return co_await pelton::scope([&](auto& children) { return door->serve(children, greet); });
//
// Thread: the shard's. A listener that moves, dies or is closed while an accept or serve() is
// pending ends the process.
#pragma once

#include <pelton/runtime/net/owned_socket.hpp>
#include <pelton/runtime/net/serving.hpp>
#include <pelton/runtime/net/socket_options.hpp>
#include <pelton/runtime/net/unix_address.hpp>
#include <pelton/runtime/net/unix_stream.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/scope.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <utility>

namespace pelton {

struct unix_listen_options {
    unix_listen_options() noexcept = default;

    // Connections that stand and wait to be accepted, at most; the system may allow fewer
    // (net.core.somaxconn). A connect beyond that waits.
    int backlog = 4096;

    // Whether the listener removes its file when it is closed or dies, if it is still its own. One
    // that a killed process left behind makes bind() fail with EADDRINUSE.
    bool removes_file = true;

    // Of every stream that is accepted.
    stream_options streams;
};

class [[nodiscard]] unix_listener : public owned_socket {
public:
    // EADDRINUSE, ENOENT for a folder that is missing, EACCES and whatever else socket(2), bind(2)
    // and listen(2) say; EINVAL without a name.
    static result<unix_listener> bind(shard& here, const unix_address& where,
                                      const unix_listen_options& options = {}) noexcept;

    unix_listener(unix_listener&&) noexcept = default;
    unix_listener& operator=(unix_listener&& other) noexcept;
    ~unix_listener() { remove_file(); }

    const unix_address& local() const noexcept { return where_; }

    // The next connection; a stop request yields ECANCELED.
    accept_awaiter<unix_stream> accept() noexcept { return {*home_, on_, streams_}; }

    // As tcp_listener::serve(), by one operation and with its pauses: each connection becomes a
    // child of `kids` that runs `handler(unix_stream)`, until a stop is asked for, which is no
    // error.
    template <class Handler>
    task<result<void>> serve(children& kids, Handler handler) {
        return serve_connections<unix_stream>(*home_, on_, streams_, kids, std::move(handler));
    }

    // Closes, also when a stop was asked for, and reports what close(2) did.
    close_operation close() noexcept {
        remove_file();
        return owned_socket::close();
    }

    unix_options options() const noexcept { return unix_options(*home_, descriptor()); }

private:
    // Which file it made; nothing for an abstract name.
    struct identity {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        friend bool operator==(const identity&, const identity&) noexcept = default;
    };

    unix_listener(shard& here, int descriptor, const unix_address& where,
                  const unix_listen_options& options) noexcept
        : owned_socket(here, descriptor), streams_(options.streams), where_(where) {}
    identity file_now() const noexcept;
    void remove_file() noexcept;

    stream_options streams_;
    unix_address where_;
    identity file_;  // to be removed, if any
};

}  // namespace pelton
