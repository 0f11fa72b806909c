// A directory: what is below it by name, and its entries as a stream.
//
//   auto made = co_await where.make_directory("new");
//   auto entries = where.entries();
//   for (;;) {
//       auto next = co_await entries.next();
//       if (!next || !*next) break;          // an error, or the end
//       use((*next)->name);
//   }
//
// Names may be paths; an absolute one ignores the directory. They and the directory must outlive
// the await. A name lasts over a power failure only once the directory was synchronized too.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/fs/entry_stream.hpp>
#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/fs/open_mode.hpp>
#include <pelton/runtime/op/call_operation.hpp>
#include <pelton/runtime/op/name_requests.hpp>
#include <pelton/runtime/op/stat_request.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <fcntl.h>

#include <string>

namespace pelton {

// What renaming does when the new name exists: renameat2(2)'s flags.
enum class renaming : unsigned {
    replaces = 0,
    keeps = 1,      // EEXIST
    exchanges = 2,  // both names must exist
};

// What is asked of statx(2) by name.
struct stat_options {
    stat_field wanted = stat_field::usual;
    bool follow = true;  // a symbolic link as the last part of the name
    freshness how_fresh = freshness::usual;
};

class [[nodiscard]] directory {
public:
    // openat2(2) with O_DIRECTORY; ENOTDIR for anything else. `follow`: whether the last part of
    // the path may be a symbolic link; one that may not is ENOTDIR too. `where` must outlive the
    // await.
    static task<result<directory>> open(shard& here, std::string path, bool follow = true);
    static task<result<directory>> open_at(const directory& where, std::string name,
                                           bool follow = false, lookup within = lookup::anywhere);

    // Where relative paths start, now and after each chdir(2): no descriptor of its own. It can
    // neither be listed nor synchronized; open(here, ".") can.
    static directory current(shard& here) noexcept { return directory(here, AT_FDCWD); }

    directory(directory&&) noexcept = default;
    directory& operator=(directory&& other) noexcept;
    // Closes. Nothing is written through a directory, so close(2) has nothing to tell.
    ~directory() { drop(); }

    entry_stream entries() const { return entry_stream(*home_, on_); }

    // statx(2) of what `name` is.
    call_operation<stat_request<metadata>> stat(file_name name, stat_options asked = {},
                                                via chosen = via::usual) const noexcept {
        const auto flags = static_cast<unsigned>(asked.how_fresh) |
                           (asked.follow ? 0U : unsigned{AT_SYMLINK_NOFOLLOW});
        return {
            *home_, use(), chosen, descriptor(), name, flags, static_cast<unsigned>(asked.wanted)};
    }

    // mkdirat(2); the permissions count less the umask.
    call_operation<make_directory_request> make_directory(file_name name,
                                                          unsigned permissions = 0777,
                                                          via chosen = via::usual) const noexcept {
        return {*home_, use(), chosen, descriptor(), name, permissions};
    }

    // unlinkat(2): a name of anything but a directory, or of an empty directory.
    call_operation<remove_request> remove(file_name name, via chosen = via::usual) const noexcept {
        return {*home_, use(), chosen, descriptor(), name, 0};
    }
    call_operation<remove_request> remove_directory(file_name name,
                                                    via chosen = via::usual) const noexcept {
        return {*home_, use(), chosen, descriptor(), name, AT_REMOVEDIR};
    }

    // renameat2(2), to `new_name` in `into`.
    call_operation<rename_request> rename(file_name name, const directory& into, file_name new_name,
                                          renaming how = renaming::replaces,
                                          via chosen = via::usual) const noexcept {
        return {*home_, use(into),         chosen,   descriptor(),
                name,   into.descriptor(), new_name, static_cast<unsigned>(how)};
    }

    // linkat(2): `new_name` in `into` becomes another name of the same file. `follow`: of what a
    // symbolic link leads to rather than of the link.
    call_operation<link_request> link(file_name name, const directory& into, file_name new_name,
                                      bool follow = false, via chosen = via::usual) const noexcept {
        return {*home_, use(into),         chosen,   descriptor(),
                name,   into.descriptor(), new_name, follow ? AT_SYMLINK_FOLLOW : 0};
    }

    // symlinkat(2): `name` leads to `leads_to`, which need not exist.
    call_operation<make_symbolic_link_request> make_symbolic_link(
        file_name leads_to, file_name name, via chosen = via::usual) const noexcept {
        return {*home_, use(), chosen, leads_to, descriptor(), name};
    }

    // readlinkat(2): where the symbolic link leads. EINVAL for anything else.
    task<result<std::string>> read_link(std::string name) const;

    // fsync(2): names made, changed or removed before it starts are on the disk when it resumes.
    task<result<void>> sync() const;

    shard& home() const noexcept { return *home_; }
    int descriptor() const noexcept { return on_.descriptor(); }

private:
    friend class file;

    directory(shard& here, int descriptor) noexcept : home_(&here), on_(descriptor) {}
    void drop() noexcept;
    targets_in_use use() const noexcept { return {&on_, nullptr}; }
    targets_in_use use(const directory& other) const noexcept { return {&on_, &other.on_}; }

    shard* home_;
    mutable target on_;  // what is opened or read below it counts itself in
};

// fsync(2) of the directory that holds the last part of `path`: what makes a file's creation or
// renaming last.
task<result<void>> sync_parent_of(shard& here, std::string path);

}  // namespace pelton
