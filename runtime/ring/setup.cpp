#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/ring/setup.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace pelton {
namespace {

constexpr unsigned cq_entries_min = 4;  // the loop keeps places for itself
constexpr unsigned sq_entries_few =
    8;  // a smaller ring than this is asked for, never fallen back to

// Newest first: on EINVAL the kernel does not say which flag it does not know.
constexpr std::array peel_order{feature::no_sqarray, feature::defer_taskrun, feature::single_issuer,
                                feature::coop_taskrun, feature::submit_all};

unsigned flag_of(feature one) {
    return feature_table()[static_cast<std::size_t>(one)].value;
}

void note(capabilities& known, feature one, bool present) {
    const auto index = static_cast<std::size_t>(one);
    known.present.set(index, present && !known.masked.test(index));
}

// DEFER_TASKRUN needs SINGLE_ISSUER and excludes COOP_TASKRUN.
unsigned coherent(unsigned flags) {
    if ((flags & abi::setup_single_issuer) == 0) {
        flags &= ~abi::setup_defer_taskrun;
    }
    if ((flags & abi::setup_defer_taskrun) != 0) {
        flags &= ~abi::setup_coop_taskrun;
    }
    return flags;
}

struct queue_sizes {
    unsigned sq_entries;
    unsigned cq_entries;  // 0: four times the SQ
};

int make(ring_face& kernel, const queue_sizes& sizes, unsigned flags, io_uring& queues,
         io_uring_params& params) {
    params = {};
    params.flags = coherent(flags) | abi::setup_clamp | abi::setup_cqsize;
    const auto wanted = sizes.cq_entries != 0 ? sizes.cq_entries : 4 * sizes.sq_entries;
    params.cq_entries = std::max({wanted, sizes.sq_entries, cq_entries_min});
    return kernel.set_up(sizes.sq_entries, params, queues);
}

// Some kernels (6.18) charge a ring's memory to RLIMIT_MEMLOCK: a smaller ring is slower, no ring
// is a refusal to start.
int make_smaller(ring_face& kernel, queue_sizes sizes, unsigned flags, io_uring& queues,
                 io_uring_params& params) {
    int made = -ENOMEM;
    while (made == -ENOMEM && sizes.sq_entries / 2 >= sq_entries_few) {
        sizes.sq_entries /= 2;
        sizes.cq_entries /= 2;
        made = make(kernel, sizes, flags, queues, params);
    }
    return made;
}

void probe_opcodes(ring_face& kernel, io_uring& queues, capabilities& known) {
    constexpr std::size_t room = 256;
    // On the stack: what throws here would leave the ring open.
    alignas(io_uring_probe)
        std::array<std::byte, sizeof(io_uring_probe) + room * sizeof(io_uring_probe_op)>
            storage{};
    auto* probe = reinterpret_cast<io_uring_probe*>(storage.data());
    const bool answered = kernel.register_with(queues, abi::register_probe, probe, room) == 0;
    known.opcodes = answered ? probe->last_op + 1U : 0;
    for (const auto& entry : feature_table()) {
        if (entry.kind == feature_kind::opcode) {
            note(known, entry.id,
                 answered && entry.value <= probe->last_op &&
                     (probe->ops[entry.value].flags & IO_URING_OP_SUPPORTED) != 0);
        }
    }
}

void require(const capabilities& known, feature one, ring_face& kernel, io_uring& queues) {
    if (!known.has(one)) {
        const auto& entry = feature_table()[static_cast<std::size_t>(one)];
        kernel.tear_down(queues);
        throw_failed_call(ENOSYS, fmt::format("this kernel's io_uring lacks '{}' (since Linux {}); "
                                              "Pelton needs Linux 6.1 or newer",
                                              entry.name, entry.since));
    }
}

}  // namespace

std::string set_up_failure(int errno_value) {
    const char* reason = "";
    switch (errno_value) {
        case ENOSYS:
            reason =
                "this kernel has no io_uring, or a sandbox such as gVisor hides it; use Linux "
                "6.1 or newer with CONFIG_IO_URING";
            break;
        case EPERM:
        case EACCES:
            reason =
                "io_uring is forbidden here, by the sysctl kernel.io_uring_disabled (set it to "
                "0) or by a container's seccomp profile (allow io_uring_setup, "
                "io_uring_enter and io_uring_register)";
            break;
        case ENOMEM:
            reason =
                "the memory for the queues is not allowed, most likely by RLIMIT_MEMLOCK; "
                "raise it (ulimit -l, LimitMEMLOCK= in a unit) or ask for fewer entries";
            break;
        case EMFILE:
        case ENFILE:
            reason = "no descriptor is left for the ring; raise RLIMIT_NOFILE (ulimit -n)";
            break;
        case EINVAL:
            reason =
                "the kernel accepts no combination of flags Pelton can work with; use Linux "
                "6.1 or newer";
            break;
        default:
            reason = "no known cause; see io_uring_setup(2)";
    }
    return fmt::format("io_uring_setup: {}", reason);
}

capabilities set_up_ring(ring_face& kernel, const ring_options& options, io_uring& queues) {
    capabilities known;
    known.masked = options.masked;
    unsigned flags = 0;
    for (const auto one : peel_order) {
        if (!options.masked.test(static_cast<std::size_t>(one))) {
            flags |= flag_of(one);
        }
    }
    io_uring_params params{};
    const queue_sizes sizes{options.sq_entries, options.cq_entries};
    int made = make(kernel, sizes, flags, queues, params);
    for (const auto one : peel_order) {
        if (made != -EINVAL) {
            break;
        }
        flags &= ~flag_of(one);
        made = make(kernel, sizes, flags, queues, params);
    }
    if (made == -ENOMEM) {
        made = make_smaller(kernel, sizes, flags, queues, params);
    }
    if (made < 0) {
        throw_failed_call(-made, set_up_failure(-made));
    }
    known.setup_flags = params.flags;
    known.setup_features = params.features;
    known.sq_entries = params.sq_entries;
    known.cq_entries = params.cq_entries;
    for (const auto& entry : feature_table()) {
        if (entry.kind == feature_kind::setup_flag) {
            note(known, entry.id, (params.flags & entry.value) != 0);
        } else if (entry.kind == feature_kind::setup_answer ||
                   entry.kind == feature_kind::enter_flag) {
            note(known, entry.id, (params.features & entry.value) != 0);
        } else if (entry.kind == feature_kind::assumed || entry.kind == feature_kind::polled_flag) {
            note(known, entry.id, true);
        }
    }
    probe_opcodes(kernel, queues, known);
    require(known, feature::ext_arg, kernel, queues);
    require(known, feature::nodrop, kernel, queues);
    require(known, feature::async_cancel, kernel, queues);
    return known;
}

}  // namespace pelton
