// How much there is to copy, for a progress line that tells when it will be done.
#pragma once

#include <pelton/examples/pelcp/workshop.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace pelcp {

class survey {
public:
    explicit survey(workshop& shop) noexcept : shop_(shop) {}

    // Walks the sources and counts, until done or stopped. For a thread.
    void run(const std::vector<std::shared_ptr<const listing>>& rounds);

    // Any thread
    void stop() noexcept { stopped_.store(true); }
    bool complete() const noexcept { return complete_.load(); }
    std::uint64_t bytes() const noexcept { return bytes_.load(); }
    std::uint64_t files() const noexcept { return files_.load(); }

private:
    void count(int at, const entry& one, unsigned depth);
    void enter(int at, const entry& one, unsigned depth);

    workshop& shop_;
    std::atomic<bool> stopped_{false};
    std::atomic<bool> complete_{false};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> files_{0};
};

}  // namespace pelcp
