#include <pelton/bench/harness/machine.hpp>
#include <pelton/runtime/kernel/abi.hpp>

#include <fmt/format.h>

#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

namespace pelton::bench {
namespace {

std::string first_line(const std::string& path, const std::string& otherwise) {
    std::ifstream file(path);
    std::string line;
    return std::getline(file, line) ? line : otherwise;
}

std::string cpu_model() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    }
    return "unknown";
}

// "always [madvise] never" -> "madvise"
std::string chosen(const std::string& modes) {
    const auto open = modes.find('[');
    const auto close = modes.find(']');
    if (open == std::string::npos || close == std::string::npos) return modes;
    return modes.substr(open + 1, close - open - 1);
}

// The mount whose root is the longest prefix of the directory.
std::string filesystem_of(const std::string& directory) {
    char resolved[4096];
    if (realpath(directory.c_str(), resolved) == nullptr) return "unknown";
    const std::string path = std::string(resolved) + "/";
    std::string best_root;
    std::string best = "unknown";
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string device;
        std::string root;
        std::string type;
        words >> device >> root >> type;
        const std::string prefix = root.ends_with('/') ? root : root + "/";
        if (path.starts_with(prefix) && prefix.size() >= best_root.size()) {
            best_root = prefix;
            best = fmt::format("{} on {}", type, device);
        }
    }
    return best;
}

std::string io_uring_features() {
    io_uring_params params;
    std::memset(&params, 0, sizeof(params));
    const int descriptor = io_uring_setup(2, &params);
    if (descriptor < 0) return fmt::format("refused: {}", std::strerror(-descriptor));
    std::vector<char> memory(sizeof(io_uring_probe) + 256 * sizeof(io_uring_probe_op));
    auto* probe = reinterpret_cast<io_uring_probe*>(memory.data());
    const int probed =
        io_uring_register(static_cast<unsigned>(descriptor), abi::register_probe, probe, 256);
    close(descriptor);
    const int last = probed < 0 ? -1 : int{probe->last_op};
    return fmt::format("features {:#x}, last opcode {}", params.features, last);
}

}  // namespace

machine describe_machine(const std::string& directory) {
    utsname system{};
    uname(&system);
    const long pages = sysconf(_SC_PHYS_PAGES);
    machine m;
    m.cpu = cpu_model();
    m.cores = sysconf(_SC_NPROCESSORS_ONLN);
    m.kernel = system.release;
    m.memory_mib = pages / 1024 * (sysconf(_SC_PAGESIZE) / 1024);
    m.filesystem = filesystem_of(directory);
    m.io_uring = io_uring_features();
    m.huge_pages = chosen(first_line("/sys/kernel/mm/transparent_hugepage/enabled", "none"));
    m.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "not visible");
#ifdef __clang__
    m.compiler = fmt::format("clang {}.{}", __clang_major__, __clang_minor__);
#else
    m.compiler = fmt::format("g++ {}.{}", __GNUC__, __GNUC_MINOR__);
#endif
#ifndef NDEBUG
    m.compiler += " with assertions";
#endif
    return m;
}

}  // namespace pelton::bench
