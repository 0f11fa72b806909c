#include <pelton/runtime/kernel/linux_nvme.hpp>
#include <pelton/runtime/kernel/nvme_abi.hpp>

#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace pelton {
namespace {

static_assert(sizeof(abi::nvme_command) == offsetof(nvme_passthru_cmd64, result));
static_assert(offsetof(abi::nvme_command, data) == offsetof(nvme_passthru_cmd64, addr));
static_assert(offsetof(abi::nvme_command, data_length) == offsetof(nvme_passthru_cmd64, data_len));
static_assert(offsetof(abi::nvme_command, word10) == offsetof(nvme_passthru_cmd64, cdw10));
static_assert(offsetof(abi::nvme_command, timeout_ms) == offsetof(nvme_passthru_cmd64, timeout_ms));

unsigned long request_of(nvme_way way) noexcept {
    switch (way) {
        case nvme_way::admin:
            return NVME_IOCTL_ADMIN64_CMD;
        case nvme_way::io_vector:
            return NVME_IOCTL_IO64_CMD_VEC;
        case nvme_way::io:
            break;
    }
    return NVME_IOCTL_IO64_CMD;
}

}  // namespace

result<std::uint32_t> linux_nvme::nvme_id(int descriptor) noexcept {
    const int id = ioctl(descriptor, NVME_IOCTL_ID);
    if (id < 0) {
        return failure(errno);
    }
    return static_cast<std::uint32_t>(id);
}

result<std::uint16_t> linux_nvme::nvme_command(int descriptor, nvme_way way,
                                               const abi::nvme_command& words) noexcept {
    nvme_passthru_cmd64 command{};
    std::memcpy(&command, &words, sizeof(words));
    // Not made again on EINTR: that is how the kernel tells of a command that a reset ended.
    const int status = ioctl(descriptor, request_of(way), &command);
    if (status < 0) {
        return failure(errno);
    }
    return static_cast<std::uint16_t>(status);
}

}  // namespace pelton
