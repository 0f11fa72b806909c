#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/registrar.hpp>
#include <pelton/runtime/ring/resource_table.hpp>
#include <pelton/runtime/ring/setup.hpp>

namespace pelton {

registrar::registrar(ring_face& kernel) : kernel_(kernel) {
    io_uring_params params{};  // no flags: any thread may register with it
    if (const int made = kernel_.set_up(1, params, queues_); made < 0) {
        throw_failed_call(-made, set_up_failure(-made));
    }
    resources_register table{};
    table.count = registry::slots;
    table.flags = abi::resources_sparse;
    const int prepared =
        kernel_.register_with(queues_, abi::register_buffers2, &table, sizeof(table));
    if (prepared < 0) {
        kernel_.tear_down(queues_);
        throw_failed_call(-prepared, "io_uring_register: no table for registered buffers");
    }
}

void registrar::note(unsigned index, registered_range range) noexcept {
    const std::lock_guard lock(mutex_);
    registry_.set(index, range);
}

int registrar::update(unsigned index, const area& to) noexcept {
    resources_update request{};
    request.offset = index;
    request.data = reinterpret_cast<std::uint64_t>(&to);
    request.count = 1;
    return kernel_.register_with(queues_, abi::register_buffers_update, &request, sizeof(request));
}

result<void> registrar::register_range(unsigned index, std::byte* start,
                                       std::size_t bytes) noexcept {
    if (const int updated = update(index, {start, bytes}); updated < 0) {
        return failure(-updated);
    }
    note(index, {start, bytes});
    return {};
}

void registrar::unregister_range(unsigned index) noexcept {
    note(index, {});
    check(update(index, {nullptr, 0}) >= 0,
          "a registered buffer could not be given back to the kernel");
}

}  // namespace pelton
