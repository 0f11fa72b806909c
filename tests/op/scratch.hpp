// Directories, files, pipes and bytes for one test. What was made goes with its maker.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pelton::test {

inline int required(int value, const char* call) {
    if (value < 0) {
        throw std::system_error(errno, std::system_category(), call);
    }
    return value;
}

class descriptor {
public:
    descriptor() noexcept = default;
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { close(); }

    int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }
    void close() noexcept {
        if (number_ >= 0) {
            ::close(release());
        }
    }

private:
    int number_ = -1;
};

// The directory that tests run in, or another, holds it; on /dev/shm it is a tmpfs.
class scratch_directory {
public:
    explicit scratch_directory(std::string base = ".") : path_(std::move(base) + "/pelton.XXXXXX") {
        if (mkdtemp(path_.data()) == nullptr) {
            throw std::system_error(errno, std::system_category(), "mkdtemp");
        }
        path_ = std::filesystem::absolute(path_).lexically_normal().string();
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::string& path() const noexcept { return path_; }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

inline std::vector<std::byte> random_bytes(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 any(seed);
    std::vector<std::byte> bytes(count);
    for (std::size_t at = 0; at < count; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = any();
        std::memcpy(&bytes[at], &word, std::min(count - at, sizeof(word)));
    }
    return bytes;
}

inline void write_fully(int into, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto wrote = ::write(into, bytes.data(), bytes.size());
        required(wrote < 0 ? -1 : 0, "write");
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
}

inline std::vector<std::byte> read_fully(int from) {
    std::vector<std::byte> bytes;
    std::vector<std::byte> part(65536);
    for (;;) {
        const auto got = ::read(from, part.data(), part.size());
        required(got < 0 ? -1 : 0, "read");
        if (got == 0) {
            return bytes;
        }
        bytes.insert(bytes.end(), part.begin(), part.begin() + got);
    }
}

inline std::string make_file(std::string path, std::span<const std::byte> bytes) {
    const descriptor made(
        required(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), "open"));
    write_fully(made.get(), bytes);
    return path;
}

inline std::vector<std::byte> bytes_of(const std::string& path) {
    const descriptor from(required(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open"));
    return read_fully(from.get());
}

struct two_ends {
    descriptor out;  // what is written to `in` is read here
    descriptor in;
};

inline two_ends make_pipe(int flags = O_CLOEXEC) {
    int ends[2];
    required(::pipe2(ends, flags), "pipe2");
    return {descriptor(ends[0]), descriptor(ends[1])};
}

inline two_ends make_socket_pair() {
    int ends[2];
    required(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    return {descriptor(ends[0]), descriptor(ends[1])};
}

// How many descriptors this process has, the one that counts them left out.
inline std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count - 1;
}

}  // namespace pelton::test
