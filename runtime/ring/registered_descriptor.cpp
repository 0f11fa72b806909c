#include <pelton/runtime/ring/registered_descriptor.hpp>
#include <pelton/runtime/ring/ring.hpp>

namespace pelton {

registered_descriptor::registered_descriptor(ring& queues, int descriptor) noexcept
    : place_(queues.register_descriptor(descriptor)) {
    of_ = place_ != descriptor_table::none ? &queues : nullptr;
}

void registered_descriptor::leave_table() noexcept {
    std::exchange(of_, nullptr)->unregister_descriptor(place_);
}

}  // namespace pelton
