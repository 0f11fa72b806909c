#include <pelton/examples/pelcp/hard_links.hpp>

#include <utility>

namespace pelcp {

hard_links::answer hard_links::met(const identity& which, const named& one) {
    const auto [place, is_new] = known_.try_emplace(which);
    auto& state = place->second;
    if (is_new) {
        state.first = one;
        return answer::copy;
    }
    if (!state.copied) {
        state.waiting.push_back(one);
        return answer::wait;
    }
    return answer::link;
}

std::vector<named> hard_links::settled(const identity& which, bool copied) {
    auto& state = known_.at(which);
    auto waiting = std::exchange(state.waiting, {});
    state.copied = copied;
    if (!copied) {
        known_.erase(which);
    }
    return waiting;
}

std::vector<folder*> hard_links::folders() const {
    std::vector<folder*> found;
    found.reserve(known_.size());
    for (const auto& [which, state] : known_) {
        found.push_back(state.first.in);
    }
    return found;
}

}  // namespace pelcp
