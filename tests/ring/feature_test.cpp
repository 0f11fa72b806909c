#include "fixture.hpp"
#include "ring/peeling_ring.hpp"

#include <pelton/runtime/ring/feature.hpp>
#include <pelton/runtime/ring/ring.hpp>

#include <doctest/doctest.h>

#include <string>
#include <system_error>
#include <vector>

using namespace pelton;
using namespace pelton::test;

namespace {

std::size_t index_of(feature one) {
    return static_cast<std::size_t>(one);
}

feature_set only(feature one) {
    feature_set set;
    set.set(index_of(one));
    return set;
}

ring_options two_entries(feature_set masked = {}) {
    ring_options with;
    with.sq_entries = 2;
    with.masked = masked;
    return with;
}

const capabilities& of_this_kernel() {
    static const capabilities known = ring(linux_ring(), two_entries()).known();
    return known;
}

bool required(feature one) {
    return one == feature::ext_arg || one == feature::nodrop || one == feature::async_cancel;
}

// What else goes, or comes, when `one` is hidden.
feature_set bound_to(feature one) {
    feature_set set = only(one);
    if (one == feature::single_issuer) {
        set.set(index_of(feature::defer_taskrun));
    }
    if (one == feature::single_issuer || one == feature::defer_taskrun) {
        set.set(index_of(feature::coop_taskrun));
    }
    if (one == feature::buffer_ring) {
        set.set(index_of(feature::buffer_ring_incremental));
    }
    return set;
}

void run_nops(options with) {
    on_shard(with, [](shard& here) -> task<> {
        for (int i = 0; i < 20; ++i) {
            CHECK(co_await nop(here));
        }
        const pipe_ends pipe;
        pipe.write("abc");
        CHECK(co_await pipe_read(here, pipe.reader()) == 3);
    });
}

std::string refusal_of(const ring_options& with) {
    try {
        const ring made(linux_ring(), with);
    } catch (const std::system_error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("hiding a feature hides that one, what needs it, and nothing else") {
    for (const auto& each : feature_table()) {
        if (required(each.id)) {
            continue;
        }
        INFO(std::string(each.name));
        const ring made(linux_ring(), two_entries(only(each.id)));
        CHECK(!made.has(each.id));
        CHECK(made.known().masked == only(each.id));
        const auto changed = made.known().present ^ of_this_kernel().present;
        CHECK((changed & ~bound_to(each.id)).none());
    }
}

TEST_CASE("a hidden set-up flag is not asked for") {
    for (const auto& each : feature_table()) {
        if (each.kind != feature_kind::setup_flag) {
            continue;
        }
        INFO(std::string(each.name));
        peeling_ring kernel;
        const ring made(kernel, two_entries(only(each.id)));
        for (const auto flags : kernel.attempts()) {
            CHECK((flags & each.value) == 0);
        }
    }
}

TEST_CASE("operations complete without any one feature that is not required") {
    for (const auto& each : feature_table()) {
        if (required(each.id)) {
            continue;
        }
        INFO(std::string(each.name));
        auto with = tiny();
        with.ring.masked = only(each.id);
        run_nops(with);
    }
}

TEST_CASE("operations complete with every feature hidden that is not required") {
    auto with = tiny();
    for (const auto& each : feature_table()) {
        with.ring.masked.set(index_of(each.id), !required(each.id));
    }
    run_nops(with);
}

TEST_CASE("a ring without a required feature is refused, by the feature's name") {
    for (const auto one : {feature::ext_arg, feature::nodrop, feature::async_cancel}) {
        const auto refusal = refusal_of(two_entries(only(one)));
        CHECK(says(refusal, feature_table()[index_of(one)].name));
    }
}

TEST_CASE("set-up flags that the kernel refuses are given up newest first, until it accepts") {
    struct older_kernel {
        unsigned refuses;
        feature newest_left;
        std::size_t attempts;
    };
    const older_kernel kernels[] = {
        {0, feature::no_sqarray, 1},
        {abi::setup_no_sqarray, feature::defer_taskrun, 2},
        {abi::setup_no_sqarray | abi::setup_defer_taskrun, feature::single_issuer, 3},
        {abi::setup_no_sqarray | abi::setup_defer_taskrun | abi::setup_single_issuer,
         feature::coop_taskrun, 4},
        {abi::setup_no_sqarray | abi::setup_defer_taskrun | abi::setup_single_issuer |
             abi::setup_coop_taskrun,
         feature::submit_all, 5},
    };
    for (const auto& each : kernels) {
        if (!of_this_kernel().has(each.newest_left) && each.newest_left != feature::coop_taskrun) {
            continue;  // this kernel is itself an older one
        }
        peeling_ring kernel;
        kernel.refuse_flags(each.refuses);
        auto with = tiny();
        with.ring_kernel = &kernel;
        run_nops(with);
        CHECK(kernel.attempts().size() == each.attempts);
        const ring made(kernel, two_entries());
        CHECK(made.has(each.newest_left));
        CHECK((made.known().setup_flags & each.refuses) == 0);
    }
}

TEST_CASE("a kernel that refuses every set of flags is refused with a sentence") {
    peeling_ring kernel;
    kernel.refuse_flags(abi::setup_clamp);
    std::string refusal;
    try {
        const ring made(kernel, two_entries());
    } catch (const std::system_error& error) {
        refusal = error.what();
        CHECK(error.code() == std::errc::invalid_argument);
    }
    CHECK(says(refusal, "Linux 6.1"));
    for (std::size_t i = 1; i < kernel.attempts().size(); ++i) {
        CHECK(kernel.attempts()[i] != kernel.attempts()[0]);
    }
}

TEST_CASE("registrations that the kernel refuses are features it lacks") {
    const std::pair<unsigned, feature> pairs[] = {
        {abi::register_ring_fds, feature::registered_ring_fd},
        {abi::register_buffers2, feature::registered_buffers},
        {abi::register_iowq_max_workers, feature::iowq_limit},
        {abi::register_sync_cancel, feature::sync_cancel},
    };
    for (const auto& [opcode, one] : pairs) {
        INFO(std::string(feature_table()[index_of(one)].name));
        peeling_ring kernel;
        kernel.refuse_registration(opcode);
        auto with = tiny();
        with.ring_kernel = &kernel;
        run_nops(with);
        const ring made(kernel, two_entries());
        CHECK(!made.has(one));
        const auto changed = made.known().present ^ of_this_kernel().present;
        CHECK((changed & ~only(one)).none());
    }
}

TEST_CASE("a kernel that cannot tell its opcodes has none, and so is refused") {
    peeling_ring kernel;
    kernel.refuse_registration(abi::register_probe);
    CHECK_THROWS_AS(ring(kernel, two_entries()), std::system_error);
}

TEST_CASE("describe() names every feature, its state, and what each missing one costs") {
    const ring made(linux_ring(),
                    two_entries(only(feature::readv_fixed) | only(feature::registered_ring_fd)));
    auto known = made.known();
    known.present.reset(index_of(feature::socket));
    const auto text = describe(known);
    for (const auto& each : feature_table()) {
        INFO(std::string(each.name));
        CHECK(says(text, each.name));
        CHECK(says(text, each.when_missing) == !known.has(each.id));
    }
    CHECK(says(text, "masked"));
    CHECK(says(text, "2 SQ entries, 8 CQ entries"));
}
