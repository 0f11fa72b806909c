// From a host name to endpoints.
//
//   auto found = co_await pelton::resolve(here, "example.org", 443);
//   auto service = co_await pelton::resolve(here, "example.org", "https");
//
// The system's own resolver answers (getaddrinfo(3): /etc/hosts, /etc/nsswitch.conf, name servers),
// on a thread for blocking calls; a numeric host with a numeric port needs none.
//
// Thread: the shard's.
#pragma once

#include <pelton/runtime/net/endpoint.hpp>
#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/task/task.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace pelton {

class shard;

// The endpoints of `host`, in the order in which they should be tried (RFC 6724), at least one.
// Host: a name, "192.0.2.1", "2001:db8::1" or "fe80::1%2"; service: a number or a name of
// /etc/services. unresolved() when there is none, with the reason in its message.
//
// Nothing can interrupt a lookup, which takes as long as the name servers do (by default up to 5 s
// for each, twice): a task that is asked to stop meanwhile yields ECANCELED after that.
task<result<std::vector<endpoint>>> resolve(shard& here, std::string host, std::string service);
task<result<std::vector<endpoint>>> resolve(shard& here, std::string host, std::uint16_t port);

}  // namespace pelton
