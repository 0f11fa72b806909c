#include <pelton/bench/kiobuf/kio.hpp>
#include <pelton/runtime/outcome/fatal.hpp>

#include <cstdlib>
#include <cstring>

namespace pelton::bench::kiobuf {

template <class Kio>
void initialise(Kio& kio) {
    std::memset(static_cast<void*>(&kio), 0, sizeof(kio));
    kio.maplist = kio.map_array;
    kio.array_len = Kio::static_pages;
}

template <class Kio>
void expand(Kio& kio, std::size_t pages) {
    if (pages <= static_cast<std::size_t>(kio.array_len)) return;
    auto** list = static_cast<void**>(std::malloc(pages * sizeof(void*)));
    check(list != nullptr, "no memory for a kiobuf's page list");
    std::memcpy(list, kio.maplist, static_cast<std::size_t>(kio.nr_pages) * sizeof(void*));
    release(kio);
    kio.maplist = list;
    kio.array_len = static_cast<std::int32_t>(pages);
}

template <class Kio>
void map_user_kiobuf(Kio& kio, std::byte* start, std::size_t bytes, counters& count) {
    const auto first = reinterpret_cast<std::uintptr_t>(start);
    const std::size_t offset = first % page_bytes;
    const std::size_t pages = (offset + bytes + page_bytes - 1) / page_bytes;
    expand(kio, pages);
    kio.offset = static_cast<std::int32_t>(offset);
    kio.length = static_cast<std::int32_t>(bytes);
    kio.err = 0;
    std::byte* page = start - offset;
    for (std::size_t i = 0; i < pages; ++i, page += page_bytes) {
        kio.maplist[i] = page;
    }
    kio.nr_pages = static_cast<std::int32_t>(pages);
    count.pins += pages;
}

template <class Kio>
void release(Kio& kio) {
    if (kio.maplist != kio.map_array) std::free(kio.maplist);
    kio.maplist = kio.map_array;
}

template void initialise(kio_240&);
template void initialise(kio_2416&);
template void expand(kio_240&, std::size_t);
template void expand(kio_2416&, std::size_t);
template void map_user_kiobuf(kio_240&, std::byte*, std::size_t, counters&);
template void map_user_kiobuf(kio_2416&, std::byte*, std::size_t, counters&);
template void release(kio_240&);
template void release(kio_2416&);

}  // namespace pelton::bench::kiobuf
