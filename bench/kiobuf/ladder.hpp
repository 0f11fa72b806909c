// K0 to K3 as contenders over one workload.
#pragma once

#include <pelton/bench/kiobuf/raw_device.hpp>
#include <pelton/bench/kiobuf/rung.hpp>

#include <span>

namespace pelton::bench::kiobuf {

// K0, K1, K2. Their reads are synchronous, so a depth of n is n threads, each with an open file, a
// ring and a kiobuf of its own.
rung chunked_rung(raw_device::kernel version, const workload& work, bool direct);

// K3: a kiobuf from a pool, any length, no heads, one SQE, a callback, any depth: the best that
// the design could do, never seen in 2.4. Pinned by the kernel for each read, or once and for all.
enum class pin { by_kernel, once };
rung best_rung(pin how, const workload& work, bool direct);

// The counters of one aligned read of 1 MiB by each of K0 to K3, as the table in
// bench/README.md lists them; ends the process when one of them differs.
void check_counters();

}  // namespace pelton::bench::kiobuf
