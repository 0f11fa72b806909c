// Which inodes with several names were copied already, and under which name: the others become
// links to that.
//
//     unknown --first name--> being copied --done--> copied
//                                  |
//                                  +--failed--> unknown, and a name that waits is the first
//
// Thread: the shard's.
#pragma once

#include <pelton/examples/pelcp/folder.hpp>
#include <pelton/examples/pelcp/listing.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace pelcp {

// A name in a folder. Whoever keeps one refers to the folder.
struct named {
    folder* in = nullptr;
    std::shared_ptr<const listing> names;
    std::size_t index = 0;

    entry name() const noexcept { return (*names)[index]; }
};

struct identity_hash {
    std::size_t operator()(const identity& of) const noexcept {
        return static_cast<std::size_t>(of.inode * 0x9e3779b97f4a7c15U ^ of.device);
    }
};

class hard_links {
public:
    enum class answer : std::uint8_t { copy, link, wait };

    // What is to be done with `one`, a name of `which`. For `link`, first() tells to what.
    answer met(const identity& which, const named& one);

    const named& first(const identity& which) const { return known_.at(which).first; }

    // The first name was copied, or could not be. The names that waited for it: they are to be met
    // again.
    std::vector<named> settled(const identity& which, bool copied);

    // The folders of all first names known, each as often as there are names.
    std::vector<folder*> folders() const;

private:
    struct inode {
        named first;
        bool copied = false;
        std::vector<named> waiting;
    };
    std::unordered_map<identity, inode, identity_hash> known_;
};

}  // namespace pelcp
