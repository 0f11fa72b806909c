#include <pelton/runtime/fs/pipe.hpp>
#include <pelton/runtime/op/pipe_request.hpp>

namespace pelton {

pipe_end& pipe_end::operator=(pipe_end&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        on_ = std::move(other.on_);
    }
    return *this;
}

void pipe_end::drop() noexcept {
    if (on_.is_open()) {
        static_cast<void>(home_->calls().close(on_.release()));
    }
}

task<result<pipe_pair>> pipe_pair::make(shard& here, via chosen) {
    const auto ends = co_await prompt_operation<pipe_request>(here, chosen);
    if (!ends) {
        co_return std::unexpected(ends.error());
    }
    co_return pipe_pair{pipe_reader(here, (*ends)[0]), pipe_writer(here, (*ends)[1])};
}

}  // namespace pelton
