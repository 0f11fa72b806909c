#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/enter.hpp>
#include <pelton/runtime/ring/registrar.hpp>
#include <pelton/runtime/ring/resource_table.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/ring/setup.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace pelton {
namespace {

// Four operations of the largest vector between two enters; a fifth waits for the next.
constexpr std::size_t scratch_entries = 4 * std::size_t{abi::iovec_max};

// As in resource_table.hpp, for other registrations.
struct ring_descriptor_update {
    std::uint32_t offset;
    std::uint32_t reserved;
    std::uint64_t data;
};
struct sync_cancel {
    std::uint64_t address;
    std::int32_t descriptor;
    std::uint32_t flags;
    __kernel_timespec timeout;
    std::uint64_t padding[4];
};
static_assert(sizeof(sync_cancel) == 64 && sizeof(ring_descriptor_update) == 16);

}  // namespace

ring::ring(ring_face& kernel, const ring_options& options)
    : scratch_(scratch_entries),
      kernel_(kernel),
      known_(set_up_ring(kernel, options, queues_)),
      forks_(kernel.forks()),
      descriptors_(options.registered_descriptors_max) {
    fork_count_ = forks_.load(std::memory_order_relaxed);
    map_queues();
    enter_flags_ = abi::enter_getevents;
    if (has(feature::no_iowait)) {
        enter_flags_ |= abi::enter_no_iowait;
    }
    register_own_descriptor();
    if (!options.clones_buffers) {
        make_buffer_table();
    }
    limit_workers(options);
    probe_sync_cancel();
    probe_buffer_rings();
    probe_clone_buffers();
}

ring::~ring() {
    if (has(feature::registered_ring_fd)) {
        // A thread has 16 places for registered rings and closing the ring frees none of them.
        ring_descriptor_update update{};
        update.offset = static_cast<std::uint32_t>(queues_.enter_ring_fd);
        static_cast<void>(kernel_.register_with(queues_, abi::unregister_ring_fds, &update, 1));
    }
    kernel_.tear_down(queues_);
}

void ring::map_queues() noexcept {
    sq_khead_ = queues_.sq.khead;
    sq_ktail_ = queues_.sq.ktail;
    sq_kflags_ = queues_.sq.kflags;
    sqes_ = queues_.sq.sqes;
    sq_mask_ = *queues_.sq.kring_mask;
    sq_entries_ = *queues_.sq.kring_entries;
    sq_tail_ = *sq_ktail_;
    cq_khead_ = queues_.cq.khead;
    cq_ktail_ = queues_.cq.ktail;
    cqes_ = queues_.cq.cqes;
    cq_mask_ = *queues_.cq.kring_mask;
    cq_entries_ = *queues_.cq.kring_entries;
    // Without NO_SQARRAY the kernel looks SQEs up through an index array: make it the identity.
    // With NO_SQARRAY that address is the ring head's, and writing there corrupts the ring.
    if ((known_.setup_flags & abi::setup_no_sqarray) == 0 && queues_.sq.array != nullptr) {
        for (unsigned i = 0; i < sq_entries_; ++i) {
            queues_.sq.array[i] = i;
        }
    }
}

void ring::register_own_descriptor() noexcept {
    constexpr auto index = static_cast<std::size_t>(feature::registered_ring_fd);
    if (known_.masked.test(index)) {
        return;
    }
    ring_descriptor_update update{};
    update.offset = ~0U;  // any free place
    update.data = static_cast<std::uint64_t>(queues_.ring_fd);
    // All 16 places of the thread may be taken (EBUSY): the plain descriptor still works.
    if (kernel_.register_with(queues_, abi::register_ring_fds, &update, 1) == 1) {
        queues_.enter_ring_fd = static_cast<int>(update.offset);
        enter_flags_ |= abi::enter_registered_ring;
        known_.present.set(index);
    }
}

void ring::make_buffer_table() noexcept {
    constexpr auto index = static_cast<std::size_t>(feature::registered_buffers);
    if (known_.masked.test(index)) {
        return;
    }
    resources_register table{};
    table.count = registry::slots;
    table.flags = abi::resources_sparse;
    if (kernel_.register_with(queues_, abi::register_buffers2, &table, sizeof(table)) == 0) {
        known_.present.set(index);
    }
}

void ring::limit_workers(const ring_options& options) noexcept {
    constexpr auto index = static_cast<std::size_t>(feature::iowq_limit);
    if (known_.masked.test(index)) {
        return;
    }
    std::array<unsigned, 2> limits{options.iowq_bounded_max, options.iowq_unbounded_max};
    if (kernel_.register_with(queues_, abi::register_iowq_max_workers, limits.data(), 2) == 0) {
        known_.present.set(index);
    }
}

void ring::probe_sync_cancel() noexcept {
    constexpr auto index = static_cast<std::size_t>(feature::sync_cancel);
    if (known_.masked.test(index)) {
        return;
    }
    sync_cancel request{};
    request.address = ~std::uint64_t{0};  // names no operation
    request.descriptor = -1;
    if (kernel_.register_with(queues_, abi::register_sync_cancel, &request, 1) == -ENOENT) {
        known_.present.set(index);
    }
}

void ring::probe_clone_buffers() noexcept {
    constexpr auto index = static_cast<std::size_t>(feature::clone_buffers);
    if (known_.masked.test(index)) {
        return;
    }
    buffers_clone request{};
    request.from = ~0U;  // no descriptor; a kernel that knows cloning says so, or EBUSY
    const int answer = kernel_.register_with(queues_, abi::register_clone_buffers, &request, 1);
    known_.present.set(index, answer == -EBADF || answer == -EBUSY);
}

std::span<area> ring::scratch(std::size_t count) noexcept {
    if (scratch_.size() - scratch_used_ < count) {
        ++counters_.scratch_full;
        return {};
    }
    const auto given = std::span(scratch_).subspan(scratch_used_, count);
    scratch_used_ += count;
    return given;
}

ring::entered ring::enter(unsigned wait_for,
                          const std::optional<std::uint64_t>& timeout_ns) noexcept {
    return enter_in_line(wait_for, timeout_ns);
}

ring::entered ring::refused(int outcome) noexcept {
    switch (-outcome) {
        case ETIME:
            return {.timed_out = true};
        case EINTR:   // a signal handler ran
        case EAGAIN:  // no memory for a request now
        case EBUSY:   // CQEs are held back until some are reaped
            ++counters_.enter_retries;
            return {};
        default:
            fatal(fmt::format("io_uring_enter failed with errno {} ({}): the ring cannot be used",
                              -outcome, std::strerror(-outcome)));
    }
}

int ring::cancel_everything(std::uint64_t timeout_ns) noexcept {
    if (!has(feature::sync_cancel)) {
        return -ENOSYS;
    }
    sync_cancel request{};
    request.descriptor = -1;
    request.flags = abi::cancel_all | abi::cancel_any;
    request.timeout = detail::timespec_of(timeout_ns);
    return kernel_.register_with(queues_, abi::register_sync_cancel, &request, 1);
}

result<unsigned> ring::register_range(std::byte* start, std::size_t bytes) noexcept {
    const int slot = registry_.free_slot();
    if (!has(feature::registered_buffers)) {
        return failure(ENOTSUP);
    }
    if (slot == registry::none) {
        return failure(ENOSPC);
    }
    area whole{start, bytes};
    resources_update update{};
    update.offset = static_cast<std::uint32_t>(slot);
    update.data = reinterpret_cast<std::uint64_t>(&whole);
    update.count = 1;
    const int updated =
        kernel_.register_with(queues_, abi::register_buffers_update, &update, sizeof(update));
    if (updated < 0) {
        return failure(-updated);
    }
    registry_.set(static_cast<unsigned>(slot), {start, bytes});
    return static_cast<unsigned>(slot);
}

void ring::unregister_range(unsigned index) noexcept {
    registry_.set(index, {});
    area nothing{nullptr, 0};
    resources_update update{};
    update.offset = index;
    update.data = reinterpret_cast<std::uint64_t>(&nothing);
    update.count = 1;
    const int updated =
        kernel_.register_with(queues_, abi::register_buffers_update, &update, sizeof(update));
    check(updated >= 0, "a registered buffer could not be given back to the kernel");
}

void ring::unregister_all() noexcept {
    for (unsigned index = 0; index < registry::slots; ++index) {
        if (registry_.is_used(index)) {
            unregister_range(index);
        }
    }
}

bool ring::clone_buffers(const registrar& from) noexcept {
    buffers_clone request{};
    request.from = static_cast<std::uint32_t>(from.descriptor());
    if (!has(feature::clone_buffers) ||
        kernel_.register_with(queues_, abi::register_clone_buffers, &request, 1) < 0) {
        return false;
    }
    known_.present.set(static_cast<std::size_t>(feature::registered_buffers));
    registry_ = from.registered();
    return true;
}

}  // namespace pelton
