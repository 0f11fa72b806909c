#include <pelton/runtime/fs/nvme_namespace.hpp>
#include <pelton/runtime/fs/on_thread.hpp>
#include <pelton/runtime/fs/opening.hpp>
#include <pelton/runtime/outcome/nvme_error.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace pelton {
namespace {

// What a controller answers to Identify.
class identity {
public:
    // `which` is word 10 of the command: the controller, or the namespace `id`.
    result<void> ask(calls_face& calls, int descriptor, std::uint32_t id,
                     std::uint32_t which) noexcept {
        abi::nvme_command words{};
        words.opcode = abi::nvme_admin_identify;
        words.namespace_id = which == abi::nvme_identify_namespace ? id : 0;
        words.data = reinterpret_cast<std::uint64_t>(bytes_.data());
        words.data_length = abi::nvme_identify_bytes;
        words.word10 = which;
        const auto status = calls.nvme_command(descriptor, nvme_way::admin, words);
        if (!status) {
            return std::unexpected(status.error());
        }
        if (*status != 0) {
            return std::unexpected(nvme_status(*status));
        }
        return {};
    }

    // Little-endian, as this machine is.
    template <class T>
    T at(std::size_t offset) const noexcept {
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof(value));
        return value;
    }

private:
    alignas(abi::nvme_identify_bytes) std::array<std::byte, abi::nvme_identify_bytes> bytes_{};
};

// 0: the controller has no limit of its own. It counts pages of the least size that it knows, which
// its registers tell and nobody can read here; 4096 bytes is the least there is.
std::size_t limit_of(const identity& controller) noexcept {
    const auto exponent = controller.at<std::uint8_t>(77);  // MDTS
    return exponent == 0 || exponent > 20 ? 0 : std::size_t{4096} << exponent;
}

result<nvme_shape> identify(calls_face& calls, int descriptor) noexcept {
    struct statx status{};
    if (const auto known = calls.statx(descriptor, "", AT_EMPTY_PATH, STATX_TYPE, status); !known) {
        return std::unexpected(known.error());
    }
    if (!S_ISCHR(status.stx_mode)) {
        return failure(ENOTTY);  // the block device answers ioctl(2), but rings bring it nothing
    }
    const auto id = calls.nvme_id(descriptor);
    if (!id) {
        return std::unexpected(id.error());
    }
    identity about;
    if (const auto asked = about.ask(calls, descriptor, *id, abi::nvme_identify_controller);
        !asked) {
        return std::unexpected(asked.error());
    }
    const auto limit = limit_of(about);
    if (const auto asked = about.ask(calls, descriptor, *id, abi::nvme_identify_namespace);
        !asked) {
        return std::unexpected(asked.error());
    }
    // NSZE; FLBAS, whose bits 0 to 3 and 5 to 6 choose one of the formats of 4 bytes from 128 on.
    const auto chosen = about.at<std::uint8_t>(26);
    const std::size_t format = 128 + std::size_t{4} * ((chosen & 15U) | (chosen >> 1 & 0x30U));
    const auto metadata_bytes = about.at<std::uint16_t>(format);
    const auto block_exponent = about.at<std::uint8_t>(format + 2);
    if (metadata_bytes != 0 || block_exponent < 9 || block_exponent > 16) {
        return failure(ENOTSUP);
    }
    nvme_shape shape;
    shape.id = *id;
    shape.block_bytes = 1U << block_exponent;
    shape.blocks = about.at<std::uint64_t>(0);
    shape.transfer_bytes_max = abi::nvme_blocks_max * shape.block_bytes;
    if (limit != 0) {
        shape.transfer_bytes_max = std::min(shape.transfer_bytes_max, limit);
    }
    return shape;
}

constexpr std::uint32_t memory_alignment = 4;  // of what a controller's data pointers name

}  // namespace

nvme_namespace::nvme_namespace(shard& here, int descriptor, const nvme_shape& shape) noexcept
    : home_(&here),
      shape_(shape),
      on_(descriptor, false, {.memory = memory_alignment, .offset = shape.block_bytes}) {}

nvme_namespace& nvme_namespace::operator=(nvme_namespace&& other) noexcept {
    if (this != &other) {
        drop();
        home_ = other.home_;
        shape_ = other.shape_;
        on_ = std::move(other.on_);
    }
    return *this;
}

void nvme_namespace::drop() noexcept {
    if (!on_.is_open()) {
        return;
    }
    if (const auto closed = home_->calls().close(on_.release()); !closed) {
        home_->report(closed.error(), "close of an NVMe namespace nobody closed");
    }
}

task<result<nvme_namespace>> nvme_namespace::open(shard& here, std::string path, open_mode mode) {
    if (!makes_sense(mode)) {
        co_return failure(EINVAL);
    }
    const auto how = how_to_open(mode, 0, lookup::anywhere);
    const auto descriptor = co_await open_descriptor(here, AT_FDCWD, path, how);
    if (!descriptor) {
        co_return std::unexpected(descriptor.error());
    }
    auto ask = [&calls = here.calls(), number = *descriptor] { return identify(calls, number); };
    const auto shape = co_await on_thread(here, ask);
    if (!shape) {
        static_cast<void>(here.calls().close(*descriptor));
        co_return std::unexpected(shape.error());
    }
    co_return nvme_namespace(here, *descriptor, *shape);
}

}  // namespace pelton
