// preadv from as many threads as the depth: what one writes without io_uring.
#pragma once

#include <pelton/bench/read/random_blocks.hpp>
#include <pelton/bench/read/read_plan.hpp>

#include <barrier>
#include <thread>
#include <vector>

namespace pelton::bench {

class thread_read {
public:
    explicit thread_read(const read_plan& plan);
    thread_read(const thread_read&) = delete;
    thread_read& operator=(const thread_read&) = delete;
    ~thread_read();

    // `operations` reads in all, shared out evenly; ends the process if one fails. At depth 1 the
    // caller reads itself.
    void run(std::uint64_t operations);

private:
    void read_some(unsigned flow, random_blocks& blocks, std::uint64_t operations) const;

    read_plan plan_;
    int descriptor_;
    random_blocks own_blocks_;
    std::barrier<> gate_;
    std::uint64_t each_ = 0;  // written only while all are at the gate
    std::vector<std::jthread> threads_;
};

}  // namespace pelton::bench
