#include <pelton/bench/copy/small_tree.hpp>
#include <pelton/bench/harness/data_file.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

namespace pelton::bench {
namespace {

constexpr std::size_t files_to_a_folder = 100;

std::string name_of(std::size_t index) {
    return fmt::format("folder{:03}/file{:05}", index / files_to_a_folder, index);
}

// Multiples of 8 up to 32 KiB, in no order.
std::size_t size_of(std::size_t index) {
    return word_at(index * 8) % 4097 * 8;
}

void write_file(const std::string& path, std::size_t index) {
    std::vector<std::byte> bytes(size_of(index));
    fill_pattern(bytes, index << 16);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) throw_failed_call(EIO, "write of " + path);
}

}  // namespace

small_tree::small_tree(const std::string& directory, std::size_t files)
    : path_(fmt::format("{}/tree.{}", directory, getpid())), files_(files) {
    for (std::size_t i = 0; i < files; ++i) {
        const std::string path = path_ + "/" + name_of(i);
        if (i % files_to_a_folder == 0) {
            std::filesystem::create_directories(path.substr(0, path.rfind('/')));
        }
        write_file(path, i);
    }
    sync();
}

small_tree::~small_tree() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void small_tree::warm_cache() const {
    std::vector<char> into(64U << 10);
    for (std::size_t i = 0; i < files_; ++i) {
        std::ifstream file(path_ + "/" + name_of(i), std::ios::binary);
        file.read(into.data(), static_cast<std::streamsize>(into.size()));
    }
}

std::optional<std::string> small_tree::first_difference_in(const std::string& copy) const {
    std::vector<std::byte> bytes(64U << 10);
    for (std::size_t i = 0; i < files_; ++i) {
        const std::string name = name_of(i);
        std::ifstream file(copy + "/" + name, std::ios::binary);
        file.read(reinterpret_cast<char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
        const auto got = static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount()));
        const bool there = file.is_open() && got == size_of(i);
        if (!there || first_difference({bytes.data(), got}, i << 16)) return name;
    }
    return {};
}

bool same_bytes(const std::string& a, const std::string& b) {
    std::ifstream first(a, std::ios::binary);
    std::ifstream second(b, std::ios::binary);
    if (!first || !second) return false;
    std::vector<char> left(1U << 20);
    std::vector<char> right(1U << 20);
    for (;;) {
        first.read(left.data(), static_cast<std::streamsize>(left.size()));
        second.read(right.data(), static_cast<std::streamsize>(right.size()));
        if (first.gcount() != second.gcount()) return false;
        if (first.gcount() == 0) return true;
        if (!std::equal(left.begin(), left.begin() + first.gcount(), right.begin())) return false;
    }
}

}  // namespace pelton::bench
