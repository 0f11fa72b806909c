#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/fatal.hpp>
#include <pelton/runtime/ring/descriptor_table.hpp>
#include <pelton/runtime/ring/resource_table.hpp>

#include <cerrno>
#include <cstdint>
#include <new>

namespace pelton {
namespace {

// What the table holds at `place` from now on; -1 is nothing.
int update(ring_face& kernel, io_uring& queues, int place, std::int32_t descriptor) noexcept {
    resources_update request{};
    request.offset = static_cast<std::uint32_t>(place);
    request.data = reinterpret_cast<std::uint64_t>(&descriptor);
    request.count = 1;
    return kernel.register_with(queues, abi::register_files_update2, &request, sizeof(request));
}

}  // namespace

bool descriptor_table::make(ring_face& kernel, io_uring& queues) noexcept {
    resources_register table{};
    table.flags = abi::resources_sparse;
    int made = -EMFILE;
    for (auto places = places_; made == -EMFILE && places > 0; places /= 2) {
        table.count = places;
        made = kernel.register_with(queues, abi::register_files2, &table, sizeof(table));
    }
    places_ = 0;  // no second try
    if (made < 0) {
        return false;
    }
    try {
        for (auto place = static_cast<int>(table.count); place > 0;) {
            free_.push_back(--place);
        }
    } catch (const std::bad_alloc&) {
        free_.clear();
    }
    return !free_.empty();
}

int descriptor_table::put(ring_face& kernel, io_uring& queues, int descriptor) noexcept {
    if (descriptor < 0) {
        return none;  // to the kernel, an order to take something out
    }
    if (free_.empty() && (places_ == 0 || !make(kernel, queues))) {
        return none;
    }
    const int place = free_.back();
    if (update(kernel, queues, place, descriptor) != 1) {
        return none;
    }
    free_.pop_back();
    return place;
}

void descriptor_table::take_out(ring_face& kernel, io_uring& queues, int place) noexcept {
    check(update(kernel, queues, place, -1) == 1,
          "a registered descriptor could not be taken from the kernel");
    free_.push_back(place);  // there is room: it was here before
}

}  // namespace pelton
