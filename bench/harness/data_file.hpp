// A file whose every byte is known from its place, so that what was read can be verified.
//
// The 8-byte word at offset o is a mix of o / 8. Reads of it may start anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace pelton::bench {

class data_file {
public:
    // Creates the file and syncs it. Throws std::system_error.
    data_file(const std::string& directory, const std::string& name, std::uint64_t bytes);
    data_file(const data_file&) = delete;
    data_file& operator=(const data_file&) = delete;
    ~data_file();  // removes the file

    const std::string& path() const { return path_; }
    std::uint64_t bytes() const { return bytes_; }

    // Opened again on each call; the caller closes. Throws std::system_error.
    int open_buffered() const;
    int open_direct() const;

    // Reads the whole file through the page cache. Virtual machines like ours page out files
    // left alone for half a minute, so "cached" is made true before each sample.
    void warm_cache() const;
    void drop_cache() const;

private:
    std::string path_;
    std::uint64_t bytes_;
};

// Fills with what a data file holds at `offset`, a multiple of 8.
void fill_pattern(std::span<std::byte> into, std::uint64_t offset);

// Where `got` first differs from a data file's bytes at `offset`; empty when it nowhere does.
std::optional<std::uint64_t> first_difference(std::span<const std::byte> got, std::uint64_t offset);

// The word that starts at `offset`, a multiple of 8: a check cheap enough for every operation.
std::uint64_t word_at(std::uint64_t offset);

}  // namespace pelton::bench
