#include <pelton/bench/harness/stopwatch.hpp>

#include <sys/resource.h>
#include <time.h>

namespace pelton::bench {
namespace {

double seconds(const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

double process_cpu() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

double now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

stopwatch::stopwatch() : wall_start_(now()), cpu_start_(process_cpu()) {}

double stopwatch::wall() const {
    return now() - wall_start_;
}
double stopwatch::cpu() const {
    return process_cpu() - cpu_start_;
}

sample stopwatch::over(double operations) const {
    const double wall_seconds = wall();
    return {operations / wall_seconds, cpu() * 1e6 / operations};
}

}  // namespace pelton::bench
