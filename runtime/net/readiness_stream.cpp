#include <pelton/runtime/net/readiness_stream.hpp>
#include <pelton/runtime/shard/shard.hpp>

namespace pelton {

bool readiness_stream::polls_ahead() noexcept {
    if (source_ == nullptr && home_.queues().has(feature::poll_multishot)) {
        source_ =
            home_.lasting().make<poll_events>(home_, descriptor_, static_cast<unsigned>(wanted_));
    }
    return source_ != nullptr;
}

task<result<readiness>> readiness_stream::next() {
    if (!polls_ahead()) {
        co_return co_await poll(home_, descriptor_, wanted_);
    }
    const auto came = co_await next_events(*source_);
    if (!came) {
        co_return std::unexpected(came.error());
    }
    co_return static_cast<readiness>(*came);
}

}  // namespace pelton
