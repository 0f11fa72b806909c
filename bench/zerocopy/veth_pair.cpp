#include <pelton/bench/harness/process.hpp>
#include <pelton/bench/zerocopy/veth_pair.hpp>

#include <sched.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <vector>

namespace pelton::bench::zerocopy {
namespace {

bool ip(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    try {
        return run_program(words).exit_code == 0;
    } catch (const std::system_error& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return false;
    }
}

}  // namespace

bool make_veth_pair(pid_t peer) {
    if (unshare(CLONE_NEWNET) != 0) {
        std::fprintf(stderr, "unshare of a network namespace: %s\n", std::strerror(errno));
        return false;
    }
    return ip({"link", "add", near_device, "type", "veth", "peer", "name", far_device, "netns",
               std::to_string(peer)}) &&
           set_up_device(near_device, near_address);
}

bool set_up_device(const std::string& device, const std::string& address) {
    return ip({"address", "add", address, "dev", device}) && ip({"link", "set", device, "up"});
}

}  // namespace pelton::bench::zerocopy
