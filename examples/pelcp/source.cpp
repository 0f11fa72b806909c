#include <pelton/examples/pelcp/source.hpp>

#include <fcntl.h>

#include <linux/openat2.h>

namespace pelcp {

bool follows(const settings& wanted, const entry& one) noexcept {
    return wanted.links == follow::everything || (wanted.links == follow::operands && one.operand);
}

std::optional<pelton::metadata> look_at_source(job& on, const entry& one) {
    const int flags = follows(on.wanted(), one) ? 0 : AT_SYMLINK_NOFOLLOW;
    auto seen = pelton::read_metadata(on.calls(), on.in.source, one.source_name, flags);
    if (!seen) {
        on.counts.complain("cannot stat " + on.source(one), seen.error());
        return std::nullopt;
    }
    return *seen;
}

std::optional<source_file> open_source(job& on, const entry& one, bool blocking) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
    how.flags |= follows(on.wanted(), one) ? 0 : O_NOFOLLOW;
    how.flags |= blocking ? 0 : O_NONBLOCK;
    const auto opened = on.calls().openat2(on.in.source, one.source_name, how);
    if (!opened) {
        on.counts.complain("cannot open " + on.source(one) + " for reading", opened.error());
        return std::nullopt;
    }
    source_file from{descriptor(on.calls(), *opened), {}};
    const auto seen = pelton::read_metadata(on.calls(), *opened, "", AT_EMPTY_PATH);
    if (!seen) {
        on.counts.complain("cannot stat " + on.source(one), seen.error());
        return std::nullopt;
    }
    from.about = *seen;
    return from;
}

}  // namespace pelcp
