#include <pelton/examples/pelcp/operands.hpp>
#include <pelton/examples/pelcp/path_parts.hpp>
#include <pelton/examples/pelcp/source.hpp>

#include <fcntl.h>

#include <linux/openat2.h>
#include <map>

namespace pelcp {
namespace {

using pelton::file_type;

itinerary misuse(job& on, std::string sentence) {
    on.counts.complain(std::move(sentence));
    itinerary nothing;
    nothing.misused = true;
    return nothing;
}

pelton::result<descriptor> open_directory(job& on, const std::string& path) {
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    const auto opened = on.calls().openat2(AT_FDCWD, path.c_str(), how);
    if (!opened) {
        return std::unexpected(opened.error());
    }
    return descriptor(on.calls(), *opened);
}

class rounds_builder {
public:
    explicit rounds_builder(job& on, const std::string& prefix) : on_(on), prefix_(prefix) {}

    void add(const std::string& source) {
        const auto name = last_part(source);
        auto& earlier = named_[name];
        std::size_t round = 0;
        for (const auto& other : earlier) {
            if (clash(other, source, name)) {
                return;
            }
            ++round;
        }
        earlier.push_back(source);
        if (rounds_.size() <= round) {
            rounds_.push_back(std::make_shared<listing>());
        }
        rounds_[round]->add_operand(source, name, false);
    }

    std::vector<std::shared_ptr<const listing>> take() { return {rounds_.begin(), rounds_.end()}; }

private:
    // Whether `source` is not to be copied, since `other` of the same name is.
    bool clash(const std::string& other, const std::string& source, const std::string& name) {
        const auto a = look(other);
        const auto b = look(source);
        if (!a || !b) {
            return false;  // its own error will be told
        }
        const bool both_directories =
            a->type == file_type::directory && b->type == file_type::directory;
        if (identity_of(*a) == identity_of(*b)) {
            on_.counts.warn(std::string("warning: source ") +
                            (both_directories ? "directory " : "file ") + in_quotes(source) +
                            " specified more than once");
            return true;
        }
        if (!both_directories) {
            on_.counts.complain("will not overwrite just-created " +
                                in_quotes(prefix_ + "/" + name) + " with " + in_quotes(source));
        }
        return !both_directories;
    }

    std::optional<pelton::metadata> look(const std::string& path) {
        const entry one{path.c_str(), "", file_type::unknown, true, false};
        const auto seen =
            pelton::read_metadata(on_.calls(), AT_FDCWD, path.c_str(),
                                  follows(on_.wanted(), one) ? 0 : AT_SYMLINK_NOFOLLOW);
        return seen ? std::optional(*seen) : std::nullopt;
    }

    job& on_;
    const std::string& prefix_;
    std::map<std::string, std::vector<std::string>> named_;
    std::vector<std::shared_ptr<listing>> rounds_;
};

itinerary into_directory(job& on, const named_operands& given, std::string path,
                         descriptor directory) {
    itinerary way;
    way.prefix = std::move(path);
    way.directory = std::move(directory);
    rounds_builder rounds(on, way.prefix);
    for (const auto& source : given.names) {
        rounds.add(source);
    }
    way.rounds = rounds.take();
    return way;
}

itinerary one_to_one(const std::string& source, const std::string& target) {
    auto names = std::make_shared<listing>();
    names->add_operand(source, target, true);
    itinerary way;
    way.rounds.push_back(std::move(names));
    return way;
}

}  // namespace

itinerary plan(job& on, named_operands given) {
    auto& names = given.names;
    if (names.empty()) {
        return misuse(on, "missing file operand");
    }
    if (names.size() < 2 && !given.target_directory) {
        return misuse(on, "missing destination file operand after " + in_quotes(names[0]));
    }
    if (given.no_target_directory) {
        if (given.target_directory) {
            on.counts.complain(
                "cannot combine --target-directory (-t) and --no-target-directory (-T)");
            return {};
        }
        if (names.size() > 2) {
            return misuse(on, "extra operand " + in_quotes(names[2]));
        }
        return one_to_one(names[0], names[1]);
    }
    if (given.target_directory) {
        auto opened = open_directory(on, *given.target_directory);
        if (!opened) {
            on.counts.complain("target directory " + in_quotes(*given.target_directory),
                               opened.error());
            return {};
        }
        return into_directory(on, given, *given.target_directory, std::move(*opened));
    }
    const auto last = names.back();
    names.pop_back();
    auto opened = open_directory(on, last);
    if (opened) {
        return into_directory(on, given, last, std::move(*opened));
    }
    if (names.size() > 1) {
        on.counts.complain("target " + in_quotes(last), opened.error());
        return {};
    }
    return one_to_one(names[0], last);
}

}  // namespace pelcp
