#include <pelton/runtime/completion/loop.hpp>
#include <pelton/runtime/completion/slab.hpp>

namespace pelton {

void lasting_record::orphan() noexcept {
    orphan_ = true;
    if (running()) {
        request_stop();
    } else {
        home_->give_back(*this);
    }
}

void lasting_record::finished() noexcept {
    if (orphan_) {
        home_->give_back(*this);
    } else {
        ended();
    }
}

slab::slab(std::size_t slots)
    : slots_(slots), memory_(std::make_unique_for_overwrite<slot[]>(slots)) {}

slab::~slab() {
    check(used_ == 0, "a shard ended before a multishot or zero-copy operation on it");
}

void slab::keep(lasting_record& one) noexcept {
    one.home_ = this;
    one.later_ = newest_;
    if (newest_ != nullptr) {
        newest_->earlier_ = &one;
    }
    newest_ = &one;
    ++used_;
}

void slab::give_back(lasting_record& one) noexcept {
    if (one.later_ != nullptr) {
        one.later_->earlier_ = one.earlier_;
    }
    (one.earlier_ != nullptr ? one.earlier_->later_ : newest_) = one.later_;
    --used_;
    auto* place = dynamic_cast<void*>(&one);
    one.~lasting_record();
    auto* empty = static_cast<slot*>(place);
    empty->next = free_;
    free_ = empty;
}

void slab::leak() noexcept {
    static_cast<void>(memory_.release());
    used_ = 0;
}

}  // namespace pelton
