#include <pelton/examples/pelcp/copying.hpp>
#include <pelton/examples/pelcp/nodes.hpp>
#include <pelton/examples/pelcp/regular.hpp>
#include <pelton/examples/pelcp/source.hpp>

#include <optional>

namespace pelcp {
namespace {

using pelton::file_type;

// Where the directory told the type, most names need no look of their own.
bool must_look(const entry& one) noexcept {
    return one.type != file_type::regular && one.type != file_type::directory;
}

bool copy_file(job& on, const entry& one, std::size_t index, bool claimed, findings& found) {
    identity which;
    switch (copy_regular(on, one, claimed, which)) {
        case regular_outcome::done:
            return true;
        case regular_outcome::failed:
            break;
        case regular_outcome::is_linked:
            found.linked.push_back({index, which});
            break;
        case regular_outcome::is_large:
            found.large.push_back(index);
            break;
    }
    return false;
}

}  // namespace

bool copy_one(job& on, const listing& names, std::size_t index, bool claimed, findings& found) {
    const auto one = names[index];
    auto type = one.type;
    std::optional<pelton::metadata> about;
    if (must_look(one)) {
        about = look_at_source(on, one);
        if (!about) {
            return false;
        }
        type = about->type;
    }
    if (type == file_type::directory) {
        if (on.wanted().recursive) {
            found.folders.push_back(index);
        } else {
            on.counts.complain("-r not specified; omitting directory " + on.source(one));
        }
        return false;
    }
    const bool as_content = type != file_type::symbolic_link && !on.wanted().recursive;
    if (type == file_type::regular || as_content) {
        return copy_file(on, one, index, claimed, found);
    }
    if (!claimed && on.wanted().keep.links && about->links > 1) {
        found.linked.push_back({index, identity_of(*about)});
        return false;
    }
    const auto errors = on.counts.errors;
    const auto skipped = on.counts.skipped;
    if (type == file_type::symbolic_link) {
        copy_symlink(on, one, *about);
    } else {
        copy_special(on, one, *about);
    }
    return on.counts.errors == errors && on.counts.skipped == skipped;
}

}  // namespace pelcp
