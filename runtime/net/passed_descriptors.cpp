#include <pelton/runtime/net/passed_descriptors.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <cstring>
#include <string>

namespace pelton {
namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pelton.descriptors_lost"; }

    std::string message(int) const override {
        return "descriptors that came with a message were lost, since this process has no more of "
               "them free; raise ulimit -n (LimitNOFILE=), or close some";
    }
    std::error_condition default_error_condition(int) const noexcept override {
        return std::errc::too_many_files_open;
    }
};

}  // namespace

std::error_code descriptors_lost() noexcept {
    static const category one;
    return {1, one};
}

int passed_descriptors::take() noexcept {
    check(!empty(), "a descriptor was taken from a list of passed descriptors that is empty");
    return numbers_[first_++];
}

void passed_descriptors::clear() noexcept {
    while (!empty()) {
        if (const auto closed = here_.calls().close(take()); !closed) {
            here_.report(closed.error(), "close of a descriptor that was received");
        }
    }
    first_ = count_ = 0;
}

void passed_descriptors::make_room(msghdr& header) noexcept {
    clear();
    bytes_ = 0;
    header.msg_control = control_.data();
    header.msg_controllen = control_.size();
}

bool passed_descriptors::collect(const msghdr& header, std::size_t bytes_moved) noexcept {
    bytes_ = bytes_moved;
    auto& answered = const_cast<msghdr&>(header);
    for (auto* each = CMSG_FIRSTHDR(&answered); each != nullptr;
         each = CMSG_NXTHDR(&answered, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const auto bytes = each->cmsg_len - CMSG_LEN(0);
        check(count_ + bytes / sizeof(int) <= max, "a message carried too many descriptors");
        std::memcpy(numbers_.data() + count_, CMSG_DATA(each), bytes);
        count_ += bytes / sizeof(int);
    }
    return (header.msg_flags & MSG_CTRUNC) == 0;
}

}  // namespace pelton
