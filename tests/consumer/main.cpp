// A program outside Pelton's tree: it sees only what was installed.
#include <pelton/buffers/area_list.hpp>

#include <array>
#include <cstddef>

int main() {
    std::array<std::byte, 100> bytes{};
    pelton::area_list list;
    list.append(pelton::area{bytes.data(), 40});
    list.append(pelton::area{bytes.data() + 40, 60});
    return list.count() == 1 && list.bytes() == bytes.size() ? 0 : 1;
}
