// One client's connection: requests in, answers out, one after the other.
//
// Every wait for the client has a deadline, so that one that vanished, or sends or takes a byte a
// second, ends by itself and holds nothing for long.
#pragma once

#include <pelton/examples/http_files/request.hpp>
#include <pelton/examples/http_files/response.hpp>
#include <pelton/examples/http_files/site.hpp>
#include <pelton/runtime/net/tcp_stream.hpp>
#include <pelton/runtime/shard/shard.hpp>
#include <pelton/runtime/task/task.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

namespace http_files {

struct patience {
    std::chrono::seconds head{15};   // for a whole head, idle time before it included
    std::chrono::seconds piece{30};  // for the client to take one piece of a file
    std::chrono::seconds goodbye{2};
};

class connection {
public:
    connection(pelton::shard& here, const site& files, patience limits, pelton::tcp_stream client);

    // Until the client or an answer ends it.
    pelton::task<> serve();

private:
    pelton::task<pelton::result<void>> read_head(request_parser& into);
    pelton::task<pelton::result<void>> send(const request& asked, response& what);
    pelton::task<pelton::result<void>> send_file(std::string head, response& what);
    pelton::task<> say_goodbye();

    pelton::shard& here_;
    const site& files_;
    patience limits_;
    pelton::tcp_stream client_;
    std::vector<std::byte> buffer_;  // for heads: an idle connection lends no pages
    std::span<std::byte> arrived_;   // in it, what no request has used yet
};

}  // namespace http_files
