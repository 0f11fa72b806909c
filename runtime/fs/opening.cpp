#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/fs/opening.hpp>
#include <pelton/runtime/op/open.hpp>

#include <fcntl.h>

#include <cerrno>

namespace pelton {

open_how how_to_open(open_mode mode, unsigned permissions, lookup within) noexcept {
    unsigned flags = O_CLOEXEC;
    flags |= has(mode, open_mode::read_write) ? O_RDWR : has(mode, open_mode::write) ? O_WRONLY : 0;
    flags |= has(mode, open_mode::create) ? O_CREAT : 0;
    flags |= has(mode, open_mode::create_new) ? O_CREAT | O_EXCL : 0;
    flags |= has(mode, open_mode::truncate) ? O_TRUNC : 0;
    flags |= has(mode, open_mode::append) ? O_APPEND : 0;
    flags |= has(mode, open_mode::direct) ? O_DIRECT : 0;
    flags |= has(mode, open_mode::no_follow) ? O_NOFOLLOW : 0;
    flags |= has(mode, open_mode::non_block) ? O_NONBLOCK : 0;
    open_how how{};
    how.flags = flags;
    how.mode = (flags & O_CREAT) != 0 ? permissions : 0;  // openat2 refuses a mode without O_CREAT
    how.resolve = static_cast<std::uint64_t>(within);
    return how;
}

task<result<int>> open_descriptor(shard& here, int at, const std::string& name, const open_how& how,
                                  via chosen) {
    if (name.find('\0') != std::string::npos) {
        co_return failure(EINVAL);
    }
    if (chosen != via::thread && here.queues().has(feature::openat2)) {
        auto opened = co_await open_operation(here, at, name.c_str(), how);
        if (!opened && opened.error() == std::errc::no_such_device_or_address &&
            (how.flags & O_NONBLOCK) == 0) {
            // Written to, a FIFO without a reader: wait for one, as open(2) does.
            opened = co_await open_operation(here, at, name.c_str(), how, true);
        }
        co_return opened;
    }
    auto call = [&calls = here.calls(), at, text = name.c_str(), &how] {
        return calls.openat2(at, text, how);
    };
    co_return co_await on_thread(here, call);
}

}  // namespace pelton
