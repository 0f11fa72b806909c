#include <pelton/examples/pelcp/command_line.hpp>
#include <pelton/examples/pelcp/quoted.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace pelcp {
namespace {

constexpr const char* version = "pelcp 0.1.0";

// An option has a value that is none of those it may have.
class bad_value : public std::runtime_error {
    using runtime_error::runtime_error;
};

template <class T, std::size_t N>
T one_of(const std::array<std::pair<std::string_view, T>, N>& values, std::string_view option,
         std::string_view given) {
    std::string valid;
    for (const auto& [name, value] : values) {
        if (name == given) {
            return value;
        }
        valid += fmt::format("\n  - '{}'", name);
    }
    throw bad_value(fmt::format("invalid argument {} for '{}'\nValid arguments are:{}",
                                in_quotes(given), option, valid));
}

using choices = std::array<std::pair<std::string_view, choice>, 3>;
constexpr choices whens{
    {{"never", choice::never}, {"auto", choice::automatic}, {"always", choice::always}}};
constexpr std::array<std::pair<std::string_view, choice>, 2> sparse_whens{
    {{"never", choice::never}, {"auto", choice::automatic}}};

constexpr std::array<std::pair<std::string_view, bool kept::*>, 5> attributes{
    {{"mode", &kept::mode},
     {"timestamps", &kept::times},
     {"ownership", &kept::owner},
     {"links", &kept::links},
     {"xattr", &kept::xattrs}}};

void set_kept(kept& keep, std::string_view option, std::string_view list, bool value) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        const auto name = list.substr(0, comma);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        for (const auto& [known, member] : attributes) {
            if (name == "all") {
                keep.*member = value;
            }
        }
        if (name != "all") {
            keep.*one_of(attributes, option, name) = value;
        }
    }
}

// The command as the options come in: a later one overrides an earlier.
class reader {
public:
    explicit reader(CLI::App& app) : app_(app) {
        flag("-r,-R,--recursive", "copy directories and what is in them",
             [this] { wanted().recursive = true; });
        flag("-a,--archive", "same as -dR --preserve=all", [this] {
            wanted().recursive = true;
            links_ = follow::nothing;
            set_kept(wanted().keep, "-a", "all", true);
        });
        add_what_is_kept();
        add_which_files();
        value("--sparse", "WHEN",
              "holes in the source: auto keeps them (default), never fills them",
              [this](const auto& w) { wanted().sparse = one_of(sparse_whens, "--sparse", w); });
        value("--reflink", "WHEN", "share the source's blocks: auto (default), always, never",
              [this](const auto& w) { wanted().reflink = one_of(whens, "--reflink", w); });
        value("--progress", "WHEN",
              "a line that tells how far it is: auto (on a terminal), always, never",
              [this](const auto& w) { wanted().progress = one_of(whens, "--progress", w); });
        flag("--verify", "read every copy back and compare it with its source",
             [this] { wanted().verify = true; });
        flag("--sync", "return when everything is on the disk", [this] { wanted().sync = true; });
        flag("--json", "print a summary as JSON at the end", [this] { wanted().json = true; });
        flag("--kernel-info", "tell what this kernel can do, and what its limits are",
             [this] { result.kernel_info = true; });
        app_.add_option("operands", result.operands.names)->group("");
    }

    settings& wanted() { return result.wanted; }
    void settle() {
        wanted().links = links_.value_or(wanted().recursive ? follow::nothing : follow::everything);
    }

    command result;

private:
    template <class Run>
    void flag(const char* names, const char* help, Run run) {
        app_.add_flag_callback(names, run, help)
            ->trigger_on_parse()
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
    template <class Run>
    void value(const char* names, const char* what, const char* help, Run run) {
        app_.add_option_function<std::string>(names, run, help)
            ->trigger_on_parse()
            ->type_name(what)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }

    void add_what_is_kept() {
        flag("-p", "same as --preserve=mode,ownership,timestamps",
             [this] { set_kept(wanted().keep, "-p", "mode,ownership,timestamps", true); });
        value("--preserve", "LIST", "keep mode, ownership, timestamps, links, xattr or all",
              [this](const auto& l) { set_kept(wanted().keep, "--preserve", l, true); });
        value("--no-preserve", "LIST", "do not keep them",
              [this](const auto& l) { set_kept(wanted().keep, "--no-preserve", l, false); });
        flag("-d", "same as -P --preserve=links", [this] {
            links_ = follow::nothing;
            wanted().keep.links = true;
        });
        flag("-P,--no-dereference", "copy symbolic links as such (default with -r)",
             [this] { links_ = follow::nothing; });
        flag("-H", "follow symbolic links on the command line",
             [this] { links_ = follow::operands; });
        flag("-L,--dereference", "follow all symbolic links",
             [this] { links_ = follow::everything; });
    }

    void add_which_files() {
        flag("-f,--force", "remove a target that cannot be written, and try again",
             [this] { wanted().force = true; });
        flag("-n,--no-clobber", "leave targets that are there alone",
             [this] { wanted().no_clobber = true; });
        flag("-v,--verbose", "tell what is copied", [this] { wanted().verbose = true; });
        value("-t,--target-directory", "DIR", "copy all operands into DIR",
              [this](const auto& d) { result.operands.target_directory = d; });
        flag("-T,--no-target-directory", "the last operand is the target itself, not its directory",
             [this] { result.operands.no_target_directory = true; });
    }

    CLI::App& app_;
    std::optional<follow> links_;
};

// Options whose value may be left out have it behind "=" only, as with cp.
std::vector<std::string> with_default_values(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const auto end = std::find(words.begin(), words.end(), "--");
    for (auto word = words.begin(); word != end; ++word) {
        if (*word == "--reflink" || *word == "--progress") {
            *word += "=always";
        } else if (*word == "--preserve") {
            *word += "=mode,ownership,timestamps";
        }
    }
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    return words;
}

parsed refuse(std::string_view sentence) {
    fmt::print(stderr, "pelcp: {}\n", sentence);
    point_at_help();
    return {std::nullopt, 1};
}

}  // namespace

void point_at_help() {
    fmt::print(stderr, "Try 'pelcp --help' for more information.\n");
}

parsed parse(int argc, char** argv) {
    CLI::App app(
        "Copies files and trees, as cp does, through io_uring and several threads.\n\n"
        "  pelcp [OPTION]... SOURCE TARGET\n"
        "  pelcp [OPTION]... SOURCE... DIRECTORY\n"
        "  pelcp [OPTION]... -t DIRECTORY SOURCE...",
        "pelcp");
    app.set_version_flag("--version", version);
    app.set_help_flag("-h,--help", "print this");
    app.allow_extras();
    reader options(app);
    try {
        app.parse(with_default_values(argc, argv));
        options.settle();
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return {std::nullopt, 0};
    } catch (const CLI::CallForVersion&) {
        fmt::print("{}\n", version);
        return {std::nullopt, 0};
    } catch (const CLI::Error& error) {
        return refuse(error.what());
    } catch (const bad_value& error) {
        return refuse(error.what());
    }
    for (const auto& extra : app.remaining()) {
        if (extra.size() > 1 && extra[0] == '-' && extra != "--") {
            return refuse(extra[1] == '-' ? "unrecognized option " + in_quotes(extra)
                                          : "invalid option -- " + in_quotes(extra.substr(1, 1)));
        }
    }
    return {std::move(options.result), 0};
}

}  // namespace pelcp
