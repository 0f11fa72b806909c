#include <pelton/bench/echo/server.hpp>
#include <pelton/bench/harness/process.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#if __has_include(<asio.hpp>)
#include <pelton/bench/echo/asio_echo.hpp>

namespace pelton::bench::echo {

bool asio_is_built_in() {
    return true;
}

void serve_asio(const serving& s) {
    run_asio(listen_somewhere(s), s.request_bytes);
}

}  // namespace pelton::bench::echo
#else
namespace pelton::bench::echo {

bool asio_is_built_in() {
    return false;
}
void serve_asio(const serving&) {
    fatal("this program was built without Asio");
}

}  // namespace pelton::bench::echo
#endif

namespace pelton::bench::echo {
namespace {

// Built beside this program.
std::string asio_on_io_uring() {
    return own_path() + "-asio-on-io-uring";
}

}  // namespace

bool asio_on_io_uring_is_built() {
    return access(asio_on_io_uring().c_str(), X_OK) == 0;
}

void serve_asio_on_io_uring(const serving& s) {
    const int listener = listen_somewhere(s);
    fcntl(listener, F_SETFD, 0);
    const std::string program = asio_on_io_uring();
    execl(program.c_str(), program.c_str(), std::to_string(listener).c_str(),
          std::to_string(s.request_bytes).c_str(), nullptr);
    throw_failed_call(errno, "start of " + program);
}

}  // namespace pelton::bench::echo
