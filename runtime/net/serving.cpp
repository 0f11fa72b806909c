#include <pelton/runtime/net/serving.hpp>

namespace pelton {

accepting::accepting(shard& here, const target& on) noexcept {
    if (here.queues().has(feature::accept_multishot)) {
        source = here.lasting().make<connections>(here, on.descriptor());
    }
}

accepting::~accepting() {
    if (source != nullptr) {
        source->orphan();
    }
}

last_connection accepting::end() const noexcept {
    if (source != nullptr) {
        source->close_door();
    }
    return last_connection(source);
}

}  // namespace pelton
