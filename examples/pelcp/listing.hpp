// The names in a directory, or on the command line, as compact as a million of them asks for.
#pragma once

#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/outcome/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pelcp {

struct entry {
    const char* source_name = nullptr;
    const char* target_name = nullptr;
    pelton::file_type type = pelton::file_type::unknown;
    bool operand = false;       // named on the command line, so links in its path are the user's
    bool target_named = false;  // and so is its target: a link there is followed
};

class listing {
public:
    std::size_t size() const noexcept { return rows_.size(); }
    entry operator[](std::size_t index) const noexcept;

    void add(std::string_view name, pelton::file_type type, std::uint64_t inode);
    void add_operand(std::string_view source, std::string_view target, bool target_named);

    // Reads the directory to its end, "." and ".." left out. Sorted by inode: where inodes lie in
    // tables on the disk, that is the order in which they are read fastest.
    pelton::result<void> read(pelton::calls_face& calls, int directory);

private:
    struct row {
        std::uint64_t inode;
        std::uint32_t source_at;
        std::uint32_t target_at;
        pelton::file_type type;
        bool operand;
        bool target_named;
    };
    std::uint32_t keep(std::string_view name);

    std::string names_;  // each ends in a zero byte
    std::vector<row> rows_;
};

}  // namespace pelcp
