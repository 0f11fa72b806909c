// Whole transfers by preadv2(2) and pwritev2(2), for a thread.
#pragma once

#include <pelton/buffers/areas.hpp>
#include <pelton/runtime/kernel/calls.hpp>
#include <pelton/runtime/op/durability.hpp>
#include <pelton/runtime/op/ladder.hpp>
#include <pelton/runtime/op/target.hpp>
#include <pelton/runtime/op/via.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace pelton {

// Calls until all is transferred, the file ends, or an error; `moved` as in whole_transfer.
class vector_request {
public:
    using value_type = std::size_t;
    static constexpr const char* name = "transfer by a thread";
    static constexpr feature opcode = no_opcode;
    static constexpr via usual = via::thread;

    vector_request(direction way, target& on, const areas& memory, std::uint64_t at,
                   std::size_t* moved, durability keep) noexcept;

    std::error_code refusal() const noexcept { return on_.refuse(memory_, at_); }
    result<std::size_t> call(calls_face& calls) noexcept;

    // On the shard's thread, once the call has come back.
    void learn(const result<std::size_t>& outcome) noexcept;

private:
    result<std::size_t> call_once(calls_face& calls) noexcept;

    direction way_;
    durability keep_;
    target& on_;
    areas memory_;  // what is still to be transferred
    std::uint64_t at_;
    std::size_t done_ = 0;
    std::size_t* moved_;
};

}  // namespace pelton
