// Why an NVMe command moved nothing, as error codes whose messages are sentences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace pelton {

// What a controller answers to a command it did not carry out: NVM Express base specification 2.0,
// 4.2.3. `field` is the completion's status field without its phase bit, as the kernel hands it on;
// 0, which is success, is not an error. Compares equal to the errno of its meaning where there is
// one, as std::errc::no_space_on_device, else to std::errc::io_error.
std::error_code nvme_status(std::uint16_t field) noexcept;

// The status code type (in bits 8 to 10) and the status code (0 to 7) of an error that
// nvme_status() made; nothing for others.
std::optional<std::uint16_t> nvme_status_of(std::error_code error) noexcept;

// A command would move more than the `most` bytes that the controller takes in one. Compares equal
// to std::errc::invalid_argument.
std::error_code nvme_too_long(std::size_t most) noexcept;

}  // namespace pelton
