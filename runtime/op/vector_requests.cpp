#include <pelton/runtime/op/vector_requests.hpp>

#include <array>
#include <cerrno>

namespace pelton {
namespace {

// An area is an iovec by layout (buffers/area.hpp); this is where one is taken for the other.
std::span<const iovec> as_vector(const area* entries, std::size_t count) noexcept {
    return {reinterpret_cast<const iovec*>(entries), count};
}

}  // namespace

vector_request::vector_request(direction way, target& on, const areas& memory, std::uint64_t at,
                               std::size_t* moved, durability keep) noexcept
    : way_(way), keep_(keep), on_(on), memory_(memory), at_(at), moved_(moved) {
    if (moved_ != nullptr) {
        *moved_ = 0;
    }
}

result<std::size_t> vector_request::call_once(calls_face& calls) noexcept {
    std::array<area, 64> cut;
    auto entries = as_vector(cut.data(), 0);
    if (memory_.whole()) {
        entries = as_vector(memory_.array(), memory_.count());
    } else {
        entries = as_vector(cut.data(), memory_.lower(cut));
    }
    const int flags = static_cast<int>(keep_);
    return way_ == direction::reading ? calls.preadv2(on_.descriptor(), entries, at_, flags)
                                      : calls.pwritev2(on_.descriptor(), entries, at_, flags);
}

result<std::size_t> vector_request::call(calls_face& calls) noexcept {
    while (!memory_.empty()) {
        const auto part = call_once(calls);
        if (!part) {
            return part;
        }
        if (*part == 0) {
            // Reading, the end of the file; writing, no progress and no reason: never spin on it.
            return way_ == direction::reading ? result<std::size_t>(done_) : failure(EIO);
        }
        done_ += *part;
        at_ += *part;
        if (moved_ != nullptr) {
            *moved_ = done_;
        }
        memory_ = memory_.skip(*part);
        if (way_ == direction::reading && on_.refuses_position(at_)) {
            break;  // a direct read that stops at such a place has met the end of the file
        }
    }
    return done_;
}

void vector_request::learn(const result<std::size_t>& outcome) noexcept {
    if (keep_ != durability::none && !outcome && outcome.error().value() == EIO) {
        on_.note_lost(EIO);
    }
}

}  // namespace pelton
