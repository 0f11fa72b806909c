// The calls face's share of Linux that sends NVMe commands. The rest is in linux_transfer_calls.hpp
// and linux_calls.cpp.
#pragma once

#include <pelton/runtime/kernel/linux_sockets.hpp>

namespace pelton {

class linux_nvme : public linux_sockets {
public:
    result<std::uint32_t> nvme_id(int descriptor) noexcept override;
    result<std::uint16_t> nvme_command(int descriptor, nvme_way way,
                                       const abi::nvme_command& words) noexcept override;

protected:
    ~linux_nvme() override = default;
};

}  // namespace pelton
