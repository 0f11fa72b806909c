#include <pelton/runtime/kernel/abi.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/ring/ring.hpp>
#include <pelton/runtime/ring/setup.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace pelton {
namespace {

constexpr unsigned cq_entries_min = 4;  // the loop keeps places for itself

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

int make(ring_face& kernel, const ring_options& options, unsigned flags, io_uring& queues,
         io_uring_params& params) {
    params = {};
    params.flags = coherent(flags) | abi::setup_clamp | abi::setup_cqsize;
    const auto wanted = options.cq_entries != 0 ? options.cq_entries : 4 * options.sq_entries;
    params.cq_entries = std::max({wanted, options.sq_entries, cq_entries_min});
    return kernel.set_up(options.sq_entries, params, queues);
}

void probe_opcodes(ring_face& kernel, io_uring& queues, capabilities& known) {
    constexpr std::size_t room = 256;
    std::vector<std::byte> storage(sizeof(io_uring_probe) + room * sizeof(io_uring_probe_op));
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
    int made = make(kernel, options, flags, queues, params);
    for (const auto one : peel_order) {
        if (made != -EINVAL) {
            break;
        }
        flags &= ~flag_of(one);
        made = make(kernel, options, flags, queues, params);
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
        }
    }
    probe_opcodes(kernel, queues, known);
    require(known, feature::ext_arg, kernel, queues);
    require(known, feature::nodrop, kernel, queues);
    require(known, feature::async_cancel, kernel, queues);
    return known;
}

}  // namespace pelton
