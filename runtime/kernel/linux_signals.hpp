// The process's signal handler, shared by all who watch signals. Callable from any thread.
#pragma once

#include <pelton/runtime/kernel/signal_watch.hpp>
#include <pelton/runtime/outcome/result.hpp>

namespace pelton::linux_signals {

result<void> watch(signal_watch& one) noexcept;
void unwatch(signal_watch& one) noexcept;

}  // namespace pelton::linux_signals
