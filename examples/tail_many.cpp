// tail_many [-s SECONDS] FILE...: prints what is appended to any of the files, for ever, as
// `tail -n 0 -F` does: also after a file was cut short, replaced by another of its name, or made
// only now.
//
// One task follows one file, and looks again after it slept. inotify would tell sooner, but not of
// files on network file systems, behind symbolic links or in directories that do not exist yet, and
// once its queue overflows one has to look all the same. What grows is read without sleeping.
#include <pelton/buffers/area_list.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/standard_stream.hpp>
#include <pelton/runtime/runtime.hpp>
#include <pelton/runtime/shard/sleep.hpp>
#include <pelton/runtime/task/mutex.hpp>

#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace {

using pelton::areas;
using pelton::file;
using pelton::open_mode;
using pelton::result;
using pelton::task;

constexpr std::size_t piece_pages = 16;  // 64 KiB

// Standard output: a piece of one file at a time, and a title when that is another file.
class output {
public:
    explicit output(pelton::shard& here) noexcept : here_(here) {}

    task<result<void>> show(const char* name, areas piece) {
        const auto held = co_await lock_.lock();
        if (!held) co_return std::unexpected(held.error());
        const auto title = fmt::format("{}==> {} <==\n", last_ == nullptr ? "" : "\n", name);
        pelton::area_list out;
        out.append(last_ == name ? areas() : areas::for_write(title));
        out.append(piece);
        last_ = name;
        const auto put = co_await pelton::standard_output(here_).write_all(out);
        if (!put) co_return std::unexpected(put.error());
        co_return {};
    }

private:
    pelton::shard& here_;
    pelton::mutex lock_;
    const char* last_ = nullptr;
};

// A file by its name, whatever has that name at the moment.
class follower {
public:
    follower(pelton::shard& here, output& out, const char* name) noexcept
        : here_(here), out_(out), name_(name) {}

    // Until it is asked to stop or standard output fails. Whatever happens to the file is said, and
    // waited out.
    task<result<void>> follow(std::chrono::nanoseconds interval) {
        auto looked = co_await look();
        at_ = known_.bytes;  // what was there before is not news
        while (looked) {
            if (const auto shown = co_await show_rest(); !shown) co_return shown;
            if (const auto slept = co_await pelton::sleep(interval); !slept) co_return slept;
            looked = co_await look();
        }
        co_return looked;
    }

private:
    // Opens what has the name now, unless that is open already.
    task<result<void>> look() {
        auto next = co_await file::open(here_, name_, open_mode::read | open_mode::non_block);
        if (!next) co_return complain(next.error());
        const auto now = co_await next->stat();
        if (!now) co_return complain(now.error());
        if (now->type != pelton::file_type::regular) {
            co_return complain(std::make_error_code(now->type == pelton::file_type::directory
                                                        ? std::errc::is_a_directory
                                                        : std::errc::not_supported));
        }
        if (now->device == known_.device && now->inode == known_.inode) {
            if (!open_) open_.emplace(std::move(*next));  // after a read that failed
            if (now->bytes < at_) {
                say("cut short; reading it from its beginning");
                at_ = 0;
            }
        } else {
            // The old one may have got its last lines after its name went to the new one.
            if (const auto shown = co_await show_rest(); !shown) co_return shown;
            if (open_ || complaint_) say("a new file has this name; following it");
            open_.emplace(std::move(*next));
            at_ = 0;
        }
        complaint_.clear();
        known_ = *now;
        co_return {};
    }

    task<result<void>> show_rest() {
        while (open_) {
            const auto pages = co_await here_.pages().take(piece_pages);
            if (!pages) co_return std::unexpected(pages.error());
            const auto got = co_await open_->read_at(at_, *pages);
            if (!got) {
                open_.reset();
                co_return complain(got.error());
            }
            if (*got == 0) co_return {};
            if (const auto shown = co_await out_.show(name_, pages->first(*got)); !shown) {
                co_return shown;
            }
            at_ += *got;
        }
        co_return {};
    }

    // Says it, once, and goes on; unless it only means that all is to stop.
    result<void> complain(std::error_code why) {
        if (why == std::errc::operation_canceled) return std::unexpected(why);
        if (std::exchange(complaint_, why) != why) say(why.message());
        return {};
    }
    void say(std::string_view what) const {
        // Unlike fmt::print(), which throws: where nobody can be told, the other files go on.
        (void)std::fputs(fmt::format("tail_many: {}: {}\n", name_, what).c_str(), stderr);
    }

    pelton::shard& here_;
    output& out_;
    const char* name_;
    std::optional<file> open_;
    pelton::metadata known_;     // of the open file
    std::uint64_t at_ = 0;       // what has been shown of it
    std::error_code complaint_;  // what is wrong with the name, and was said
};

task<result<void>> follow(pelton::shard& here, output& out, const char* name,
                          std::chrono::nanoseconds interval) {
    follower one(here, out, name);
    co_return co_await one.follow(interval);
}

task<result<void>> tail(pelton::shard& here, std::span<char*> names,
                        std::chrono::nanoseconds interval) {
    output out(here);
    const auto all = [&](pelton::children& files) -> task<result<void>> {
        for (const char* name : names) {
            files.spawn([&, name] { return follow(here, out, name, interval); }, name);
        }
        co_return {};
    };
    co_return co_await pelton::scope(all);
}

// Each file costs a descriptor, and while it is looked for another one.
void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);  // without: files beyond the limit say so
    }
}

std::optional<std::chrono::nanoseconds> parse_seconds(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0.001) ||
        seconds > 86400) {
        return std::nullopt;
    }
    return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

}  // namespace

int main(int argc, char** argv) {
    std::span<char*> names(argv + 1, static_cast<std::size_t>(argc - 1));
    auto interval = std::optional(std::chrono::nanoseconds(std::chrono::seconds(1)));
    if (!names.empty() && std::string_view(names[0]) == "-s") {
        interval = names.size() > 1 ? parse_seconds(names[1]) : std::nullopt;
        names = names.subspan(std::min<std::size_t>(names.size(), 2));
    }
    if (names.empty() || !interval) {
        fmt::print(stderr, "usage: tail_many [-s SECONDS] FILE...\n");
        return 2;
    }
    allow_many_descriptors();
    pelton::options with;
    with.stop_on_signals = true;
    return pelton::run(with, [&](pelton::shard& here) { return tail(here, names, *interval); });
}
