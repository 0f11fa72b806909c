#include <pelton/bench/harness/data_file.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

namespace pelton::bench {
namespace {

constexpr std::size_t chunk = 1U << 20;

int open_or_throw(const std::string& path, int flags) {
    const int descriptor = open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (descriptor < 0) throw_failed_call(errno, "open of " + path);
    return descriptor;
}

void write_pattern(const std::string& path, std::uint64_t bytes) {
    const int descriptor = open_or_throw(path, O_WRONLY | O_CREAT | O_TRUNC);
    std::vector<std::byte> block(chunk);
    for (std::uint64_t at = 0; at < bytes; at += chunk) {
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, bytes - at));
        fill_pattern({block.data(), length}, at);
        if (pwrite(descriptor, block.data(), length, static_cast<off_t>(at)) !=
            static_cast<ssize_t>(length)) {
            throw_failed_call(errno, "write of " + path);
        }
    }
    if (fsync(descriptor) != 0) throw_failed_call(errno, "fsync of " + path);
    close(descriptor);
}

}  // namespace

data_file::data_file(const std::string& directory, const std::string& name, std::uint64_t bytes)
    : path_(directory + "/" + name + "." + std::to_string(getpid())), bytes_(bytes) {
    std::filesystem::create_directories(directory);
    write_pattern(path_, bytes);
}

data_file::~data_file() {
    unlink(path_.c_str());
}

int data_file::open_buffered() const {
    return open_or_throw(path_, O_RDONLY);
}
int data_file::open_direct() const {
    return open_or_throw(path_, O_RDONLY | O_DIRECT);
}

void data_file::warm_cache() const {
    const int descriptor = open_buffered();
    std::vector<std::byte> block(chunk);
    while (read(descriptor, block.data(), block.size()) > 0) {
    }
    close(descriptor);
}

void data_file::drop_cache() const {
    const int descriptor = open_buffered();
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    close(descriptor);
}

std::uint64_t word_at(std::uint64_t offset) {
    std::uint64_t x = offset / 8 + 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

void fill_pattern(std::span<std::byte> into, std::uint64_t offset) {
    for (std::size_t i = 0; i < into.size(); i += 8) {
        const std::uint64_t word = word_at(offset + i);
        std::memcpy(into.data() + i, &word, std::min<std::size_t>(8, into.size() - i));
    }
}

std::optional<std::uint64_t> first_difference(std::span<const std::byte> got,
                                              std::uint64_t offset) {
    for (std::size_t i = 0; i < got.size();) {
        const std::uint64_t place = offset + i;
        const std::uint64_t word = word_at(place / 8 * 8);
        const auto skip = static_cast<std::size_t>(place % 8);
        const std::size_t length = std::min<std::size_t>(8 - skip, got.size() - i);
        if (std::memcmp(got.data() + i, reinterpret_cast<const char*>(&word) + skip, length) != 0) {
            return place;
        }
        i += length;
    }
    return {};
}

}  // namespace pelton::bench
