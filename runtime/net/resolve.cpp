#include <pelton/runtime/net/resolve.hpp>
#include <pelton/runtime/outcome/unresolved.hpp>
#include <pelton/runtime/shard/offload.hpp>
#include <pelton/runtime/task/flow.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace pelton {
namespace {

// A numeric host with a numeric port.
std::optional<endpoint> numeric(const std::string& host, const std::string& service) {
    const bool v6 = host.find(':') != std::string::npos;
    const auto made = endpoint::parse(v6 ? fmt::format("[{}]:{}", host, service)
                                         : fmt::format("{}:{}", host, service));
    return made ? std::optional(*made) : std::nullopt;
}

// Without an endpoint twice, and without families that sockets here do not know.
std::vector<endpoint> known(const std::vector<sockaddr_storage>& addresses) {
    std::vector<endpoint> all;
    for (const auto& each : addresses) {
        const auto one = endpoint::from(each, sizeof(each));
        if (one && std::find(all.begin(), all.end(), *one) == all.end()) {
            all.push_back(*one);
        }
    }
    return all;
}

// What the resolver's C strings would cut short, or take for "this machine".
bool is_name(const std::string& text) noexcept {
    return !text.empty() && text.find('\0') == std::string::npos;
}

}  // namespace

task<result<std::vector<endpoint>>> resolve(shard& here, std::string host, std::string service) {
    const auto& flow = co_await current_strand();
    if (flow.stop_requested) {
        co_return failure(ECANCELED);
    }
    if (const auto at_once = numeric(host, service)) {
        co_return std::vector{*at_once};
    }
    if (!is_name(host) || !is_name(service)) {
        co_return std::unexpected(unknown_name());
    }
    std::vector<sockaddr_storage> addresses;
    auto& calls = here.calls();
    const auto lookup = [&] { return calls.getaddrinfo(host.c_str(), service.c_str(), addresses); };
    const auto done = co_await offload(here, lookup);
    if (flow.stop_requested) {
        co_return failure(ECANCELED);
    }
    if (!done) {
        co_return std::unexpected(done.error());
    }
    auto all = known(addresses);
    if (all.empty()) {
        co_return std::unexpected(unknown_name());
    }
    co_return all;
}

task<result<std::vector<endpoint>>> resolve(shard& here, std::string host, std::uint16_t port) {
    return resolve(here, std::move(host), std::to_string(port));
}

}  // namespace pelton
