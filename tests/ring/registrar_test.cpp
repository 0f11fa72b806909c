#include "fixture.hpp"
#include "skip.hpp"

#include <pelton/buffers/arena.hpp>
#include <pelton/runtime/ring/registrar.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <doctest/doctest.h>

using namespace pelton;
using namespace pelton::test;

TEST_CASE("a registrar that is gone leaves its buffers to the rings that cloned them") {
    ring_options with;
    with.sq_entries = 2;
    with.clones_buffers = true;
    ring queues(linux_ring(), with);
    if (!queues.has(feature::clone_buffers)) {
        pelton_test::skip("the kernel does not clone registered buffers");
        return;
    }
    const arena pages({.bytes = std::size_t{4} * 4096});
    {
        registrar keeper(linux_ring());
        CHECK(keeper.register_range(3, nullptr, 4096).error() == std::errc::bad_address);
        CHECK(keeper.register_range(3, pages.base(), pages.bytes()));
        CHECK(queues.clone_buffers(keeper));
    }
    CHECK(queues.registered().find(pages.base(), pages.bytes()) == 3);
    CHECK(queues.register_range(pages.base(), 4096) == 0U);
    queues.unregister_all();
    CHECK(queues.registered().find(pages.base(), 1) == registry::none);
}
