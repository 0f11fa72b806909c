// What people are told when fewer pages are registered with the kernel than were asked for.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

#include <cstddef>
#include <string>
#include <system_error>

namespace pelton {

// `got` bytes instead of `wanted`; 0 for none at all.
std::string fewer_registered_pages(calls_face& calls, std::size_t got, std::size_t wanted);
// For another reason than RLIMIT_MEMLOCK.
std::string no_registered_pages(std::error_code why);

}  // namespace pelton
