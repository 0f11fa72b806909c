// One signal that somebody wants to hear of, and how they hear: calls_face::watch_signal().
//
// A handler, not a signalfd: that would need the signal blocked in every thread of the process, and
// whatever the process starts would inherit the mask.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>

namespace pelton {

// Must stay where it is while it is watched.
struct signal_watch {
    int number = 0;       // SIGINT ...
    int descriptor = -1;  // an eventfd, written to each time
    // Only the first is heard: the next one has its default action. A signal that was ignored when
    // the watch began stays ignored, as a shell expects of what it starts in the background.
    bool once = false;

    std::atomic<std::uint32_t> arrivals{0};  // counted by the handler, on whatever thread
};

}  // namespace pelton
