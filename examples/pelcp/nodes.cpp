#include <pelton/examples/pelcp/attributes.hpp>
#include <pelton/examples/pelcp/nodes.hpp>
#include <pelton/examples/pelcp/target.hpp>

#include <climits>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

namespace pelcp {
namespace {

using pelton::file_type;
using pelton::metadata;
using pelton::result;

// Calls `make`, once more after the old target was removed. False when it is left as it was.
template <class Make>
bool make_node(job& on, const entry& one, const metadata& about, std::string_view what, Make make) {
    auto made = make();
    if (!made && made.error() == std::errc::file_exists) {
        if (on.wanted().no_clobber) {
            ++on.counts.skipped;
            return false;
        }
        const auto old =
            pelton::read_metadata(on.calls(), on.in.target, one.target_name, AT_SYMLINK_NOFOLLOW);
        if (old && identity_of(*old) == identity_of(about)) {
            on.counts.complain(on.source(one) + " and " + on.target(one) + " are the same file");
            return false;
        }
        if (!clear_target(on, one)) {
            return false;
        }
        made = make();
    }
    if (!made) {
        on.counts.complain("cannot create " + std::string(what) + " " + on.target(one),
                           made.error());
        return false;
    }
    on.say_copied(one);
    return true;
}

unsigned type_bits(file_type type) noexcept {
    switch (type) {
        case file_type::fifo:
            return S_IFIFO;
        case file_type::socket:
            return S_IFSOCK;
        case file_type::character_device:
            return S_IFCHR;
        default:
            return S_IFBLK;
    }
}

}  // namespace

void copy_symlink(job& on, const entry& one, const metadata& about) {
    // A target of PATH_MAX bytes is the longest that the kernel makes.
    char text[PATH_MAX + 1];
    const auto length = on.calls().readlinkat(on.in.source, one.source_name, text);
    if (!length) {
        on.counts.complain("cannot read symbolic link " + on.source(one), length.error());
        return;
    }
    text[std::min<std::size_t>(*length, PATH_MAX)] = '\0';
    const auto make = [&] { return on.calls().symlinkat(text, on.in.target, one.target_name); };
    if (make_node(on, one, about, "symbolic link", make)) {
        ++on.counts.symlinks;
        keep_attributes_by_name(on, one, about);
    }
}

void copy_special(job& on, const entry& one, const metadata& about) {
    const unsigned mode = about.mode & (on.wanted().keep.owner ? 0700U : 0777U);
    const auto make = [&] {
        return on.calls().mknodat(on.in.target, one.target_name, type_bits(about.type) | mode,
                                  about.device_number);
    };
    const auto* what = about.type == file_type::fifo ? "fifo" : "special file";
    if (make_node(on, one, about, what, make)) {
        ++on.counts.specials;
        keep_attributes_by_name(on, one, about);
    }
}

}  // namespace pelcp
