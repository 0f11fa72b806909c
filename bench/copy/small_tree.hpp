// A tree of small files with known contents, and what a copy of it must look like.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace pelton::bench {

class small_tree {
public:
    // `files` files of 0 to 32 KiB, a hundred to a folder. Throws std::system_error.
    small_tree(const std::string& directory, std::size_t files);
    small_tree(const small_tree&) = delete;
    small_tree& operator=(const small_tree&) = delete;
    ~small_tree();  // removes it

    const std::string& path() const { return path_; }

    // Reads every file through the page cache.
    void warm_cache() const;

    // The first name under `copy` that is missing or differs; empty when the copy is faithful.
    std::optional<std::string> first_difference_in(const std::string& copy) const;

private:
    std::string path_;
    std::size_t files_;
};

// Whether two files hold the same bytes.
bool same_bytes(const std::string& a, const std::string& b);

}  // namespace pelton::bench
