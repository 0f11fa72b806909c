#include <pelton/examples/pelcp/open_folders.hpp>

#include <climits>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <linux/openat2.h>
#include <vector>

namespace pelcp {
namespace {

// Of the descriptors a process may have, so many are left to files, the ring and the program.
constexpr std::uint64_t descriptors_for_others = 64;
constexpr std::uint64_t folders_max = 256;
// Names in one lookup. The folders between are left open: the next to be reopened lies near.
constexpr std::size_t names_at_once = 32;
// openat2 with RESOLVE_BENEATH answers EAGAIN when something was renamed meanwhile.
constexpr int tries = 100;

}  // namespace

open_folders::open_folders(pelton::calls_face& calls, const settings& wanted)
    : calls_(calls), follows_links_(wanted.links == follow::everything) {
    const auto limit = calls.descriptor_limit();
    const auto ours = limit > descriptors_for_others ? limit - descriptors_for_others : 0;
    most_ = std::clamp<std::uint64_t>(ours / 2, 2, folders_max);
}

void open_folders::opened(folder& one, int source, int target) {
    one.source = source;
    one.target = target;
    one.held = true;
    one.place = open_.insert(open_.end(), &one);
    make_room();
}

pelton::result<void> open_folders::hold(folder& one, bool reads) {
    if (one.parent == nullptr) {
        ++one.pins;
        return {};
    }
    ++one.pins;
    for (const side which : {&folder::source, &folder::target}) {
        if (one.*which < 0 && (reads || which == &folder::target)) {
            if (auto again = reopen(one, which); !again) {
                --one.pins;
                return again;
            }
        }
    }
    open_.splice(open_.end(), open_, one.place);
    make_room();
    return {};
}

void open_folders::close(folder& one) {
    if (one.pins == 0) {
        close_now(one);
    }
}

void open_folders::close_now(folder& one) {
    for (const side which : {&folder::source, &folder::target}) {
        if (one.*which >= 0) {
            static_cast<void>(calls_.close(one.*which));  // nothing was written through it
            one.*which = -1;
        }
    }
    if (one.held) {
        open_.erase(one.place);
        one.held = false;
    }
}

void open_folders::make_room() {
    for (auto at = open_.begin(); open_.size() > most_ && at != open_.end();) {
        auto& oldest = **at++;
        // What the user named is opened by a path that may lead elsewhere by now: it stays open.
        if (oldest.pins == 0 && !oldest.operand) {
            close_now(oldest);
        }
    }
}

pelton::result<int> open_folders::open_below(int base, const std::string& path, side which) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
    if (which == &folder::target || !follows_links_) {
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    }
    auto opened = calls_.openat2(base, path.c_str(), how);
    for (int i = 1; i < tries && !opened && opened.error().value() == EAGAIN; ++i) {
        opened = calls_.openat2(base, path.c_str(), how);
    }
    if (!opened && opened.error() == std::errc::permission_denied && which == &folder::target) {
        // Write and search, but not read: enough to put files there.
        how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
        opened = calls_.openat2(base, path.c_str(), how);
    }
    return opened;
}

pelton::result<void> open_folders::reopen(folder& one, side which) {
    std::vector<folder*> missing;  // from `one` upwards
    auto* base = &one;
    while (base->*which == -1) {
        missing.push_back(base);
        base = base->parent;
    }
    const auto name_of = [&](const folder& of) -> const std::string& {
        return which == &folder::source ? of.source_name : of.target_name;
    };
    while (!missing.empty()) {
        std::string path;
        std::size_t used = 0;
        folder* reached = nullptr;
        while (!missing.empty() && used < names_at_once &&
               path.size() + 1 + name_of(*missing.back()).size() < PATH_MAX) {
            reached = missing.back();
            missing.pop_back();
            path += (path.empty() ? "" : "/") + name_of(*reached);
            ++used;
        }
        const auto opened = open_below(base->*which, path, which);
        if (!opened) {
            return std::unexpected(opened.error());
        }
        const auto seen = pelton::read_metadata(calls_, *opened, "", AT_EMPTY_PATH);
        const auto expected = which == &folder::source ? identity_of(reached->from) : reached->into;
        if (!seen || identity_of(*seen) != expected) {
            static_cast<void>(calls_.close(*opened));
            return pelton::failure(seen ? ESTALE : seen.error().value());
        }
        reached->*which = *opened;
        if (!reached->held) {
            reached->held = true;
            reached->place = open_.insert(open_.end(), reached);
        }
        base = reached;
    }
    return {};
}

}  // namespace pelcp
