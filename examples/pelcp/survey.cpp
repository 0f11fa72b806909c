#include <pelton/examples/pelcp/content.hpp>
#include <pelton/examples/pelcp/descriptor.hpp>
#include <pelton/examples/pelcp/source.hpp>
#include <pelton/examples/pelcp/survey.hpp>

#include <fcntl.h>

#include <linux/openat2.h>

namespace pelcp {
namespace {

// What lies deeper is left out of the estimate: each level costs a descriptor and some stack.
constexpr unsigned depth_max = 64;

}  // namespace

void survey::run(const std::vector<std::shared_ptr<const listing>>& rounds) {
    for (const auto& names : rounds) {
        for (std::size_t i = 0; i < names->size() && !stopped_.load(); ++i) {
            count(AT_FDCWD, (*names)[i], 0);
        }
    }
    complete_.store(!stopped_.load());
}

void survey::count(int at, const entry& one, unsigned depth) {
    if (one.type == pelton::file_type::directory) {
        enter(at, one, depth);
        return;
    }
    const bool follow = follows(shop_.wanted, one);
    if (one.type == pelton::file_type::symbolic_link && !follow) {
        return;
    }
    const auto seen =
        pelton::read_metadata(shop_.calls, at, one.source_name, follow ? 0 : AT_SYMLINK_NOFOLLOW);
    if (seen && seen->type == pelton::file_type::directory) {
        enter(at, one, depth);
    } else if (seen && seen->type == pelton::file_type::regular) {
        files_.fetch_add(1);
        bytes_.fetch_add(has_holes(shop_.wanted, *seen) ? seen->allocated_bytes : seen->bytes);
    }
}

void survey::enter(int at, const entry& one, unsigned depth) {
    if (depth == depth_max || !shop_.wanted.recursive) {
        return;
    }
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
    how.flags |= follows(shop_.wanted, one) ? 0 : O_NOFOLLOW;
    const auto opened = shop_.calls.openat2(at, one.source_name, how);
    if (!opened) {
        return;
    }
    const descriptor inside(shop_.calls, *opened);
    listing names;
    if (names.read(shop_.calls, *opened)) {
        for (std::size_t i = 0; i < names.size() && !stopped_.load(); ++i) {
            count(*opened, names[i], depth + 1);
        }
    }
}

}  // namespace pelcp
