// The directory that is served, and the answer to a request for something in it.
//
// Whatever a client writes and whatever lies below the directory: nothing outside of it is opened.
// ".." is resolved in the text; symbolic links are followed as long as they stay below.
#pragma once

#include <pelton/examples/http_files/request.hpp>
#include <pelton/examples/http_files/response.hpp>
#include <pelton/runtime/fs/directory.hpp>
#include <pelton/runtime/fs/file.hpp>
#include <pelton/runtime/fs/metadata.hpp>
#include <pelton/runtime/task/task.hpp>

#include <string>

namespace http_files {

class site {
public:
    explicit site(pelton::directory root) noexcept : root_(std::move(root)) {}

    // Both must outlive the await.
    pelton::task<response> answer(const request& asked) const;

private:
    pelton::task<pelton::result<pelton::file>> open(std::string below) const;

    pelton::directory root_;
};

}  // namespace http_files
