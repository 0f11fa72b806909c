#include <pelton/examples/pelcp/tally.hpp>

#include <iterator>
#include <utility>

namespace pelcp {

void tally::say(std::string_view line) {
    said += line;
    said += '\n';
}

void tally::complain(std::string sentence, std::error_code why) {
    sentence += ": ";
    sentence += why.message();
    complain(std::move(sentence));
}

void tally::add(tally&& other) {
    files += other.files;
    directories += other.directories;
    symlinks += other.symlinks;
    hard_links += other.hard_links;
    specials += other.specials;
    skipped += other.skipped;
    bytes += other.bytes;
    cloned += other.cloned;
    verified += other.verified;
    errors += other.errors;
    said += other.said;
    complaints.insert(complaints.end(), std::make_move_iterator(other.complaints.begin()),
                      std::make_move_iterator(other.complaints.end()));
}

}  // namespace pelcp
