// Asio's echo server on io_uring: a program of its own, since Asio's types change with the choice.
//
// Arguments: the number of a listening socket that it inherits, and the bytes of a request.
#include <pelton/bench/echo/asio_echo.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "pelton-bench starts this program for its echo measurement\n");
        return 2;
    }
    try {
        pelton::bench::echo::run_asio(std::atoi(argv[1]), std::strtoul(argv[2], nullptr, 10));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "asio on io_uring: %s\n", failure.what());
    }
    return 1;
}
