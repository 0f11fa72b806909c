#include <pelton/bench/echo/server.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

namespace pelton::bench::echo {

void serve_pelton(const serving& s) {
    serve_raw(s);
}

}  // namespace pelton::bench::echo
