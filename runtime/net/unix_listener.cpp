#include <pelton/runtime/net/unix_listener.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace pelton {

result<unix_listener> unix_listener::bind(shard& here, const unix_address& where,
                                          const unix_listen_options& options) noexcept {
    if (where.is_unnamed()) {
        return failure(EINVAL);
    }
    auto& calls = here.calls();
    const auto made = calls.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!made) {
        return std::unexpected(made.error());
    }
    unix_listener listener(here, *made, where, options);
    auto done = calls.bind(*made, where.address(), where.bytes());
    if (done) {
        if (where.is_path() && options.removes_file) {
            listener.file_ = listener.file_now();
        }
        done = calls.listen(*made, options.backlog);
    }
    if (!done) {
        return std::unexpected(done.error());
    }
    return listener;
}

unix_listener& unix_listener::operator=(unix_listener&& other) noexcept {
    if (this != &other) {
        remove_file();
        owned_socket::operator=(std::move(other));
        streams_ = other.streams_;
        where_ = other.where_;
        file_ = other.file_;
    }
    return *this;
}

unix_listener::identity unix_listener::file_now() const noexcept {
    struct statx seen{};
    const auto done =
        home_->calls().statx(AT_FDCWD, where_.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO, seen);
    return done ? identity{makedev(seen.stx_dev_major, seen.stx_dev_minor), seen.stx_ino}
                : identity{};
}

// Another process may have replaced the file by its own socket: that one stays.
void unix_listener::remove_file() noexcept {
    const auto mine = std::exchange(file_, identity{});
    if (!on_.is_open() || mine == identity{} || mine != file_now()) {
        return;
    }
    if (const auto done = home_->calls().unlinkat(AT_FDCWD, where_.c_str(), 0); !done) {
        home_->report(done.error(), "removal of the file of a unix listener");
    }
}

}  // namespace pelton
