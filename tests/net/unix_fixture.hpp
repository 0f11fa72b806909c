// What the tests of unix sockets share: a pipe to pass, a fresh path, and the masks under which
// messages take their other way.
#pragma once

#include "connection.hpp"

#include <pelton/runtime/net/unix_address.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>

namespace pelton::test {

// RECVMSG and SENDMSG, and the calls that stand in for them.
inline constexpr std::array message_masks{"", "recvmsg", "sendmsg", "recvmsg,sendmsg"};

class some_pipe {
public:
    some_pipe() { REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0); }
    some_pipe(const some_pipe&) = delete;
    some_pipe& operator=(const some_pipe&) = delete;
    ~some_pipe() {
        for (const int each : ends_) {
            ::close(each);
        }
    }
    int reader() const noexcept { return ends_[0]; }
    int writer() const noexcept { return ends_[1]; }

    // Whether `writer` is another name of this pipe's writing end.
    bool is_mine(int writer) const {
        char seen = 0;
        return ::write(writer, "p", 1) == 1 && ::read(reader(), &seen, 1) == 1 && seen == 'p';
    }

private:
    std::array<int, 2> ends_{};
};

inline bool closed_by_exec(int descriptor) {
    return (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
}

// A path in a folder of its own, which goes away with it.
class fresh_path {
public:
    fresh_path() {
        std::string pattern = "/tmp/pelton-unix-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
    }
    fresh_path(const fresh_path&) = delete;
    fresh_path& operator=(const fresh_path&) = delete;
    ~fresh_path() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    std::string text() const { return folder_ / "socket"; }
    unix_address address() const { return unix_address::path(text()).value(); }
    bool exists() const { return std::filesystem::exists(text()); }

private:
    std::filesystem::path folder_;
};

}  // namespace pelton::test
