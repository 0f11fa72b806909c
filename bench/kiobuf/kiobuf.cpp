#include <pelton/bench/harness/data_file.hpp>
#include <pelton/bench/harness/report.hpp>
#include <pelton/bench/kiobuf/contiguous.hpp>
#include <pelton/bench/kiobuf/descriptors.hpp>
#include <pelton/bench/kiobuf/first_byte.hpp>
#include <pelton/bench/kiobuf/kiobuf.hpp>
#include <pelton/bench/kiobuf/ladder.hpp>
#include <pelton/bench/kiobuf/vectors.hpp>

#include <cstring>

namespace pelton::bench {
namespace {

constexpr std::size_t memory_bytes = std::size_t{32} << 20;
constexpr std::uint64_t file_bytes = std::uint64_t{64} << 20;

}  // namespace

int run_kiobuf(const settings& s) {
    kiobuf::check_counters();
    report out("kiobuf", s);
    out.note(
        "Predicted: no win over K3 on one contiguous buffer; a win over K4 that grows with the\n"
        "fragments; first bytes earlier than K0 to K3, not earlier than K4 in parts.\n"
        "K0 -> K3 is chunks, heads and pins. Only K3 or K4 -> areas is layering.");
    const data_file data(s.directory, "kiobuf.data", file_bytes);
    options with;
    with.page_bytes = memory_bytes * 2;
    return run(with, [&](shard& here) -> task<result<void>> {
        auto pages = co_await here.pages().take(memory_bytes / arena::page_bytes());
        if (!pages) co_return std::unexpected(pages.error());
        const std::span<std::byte> memory = pages->bytes();
        std::memset(memory.data(), 0, memory.size());
        kiobuf::measure_descriptors(s, out, memory);
        co_await kiobuf::measure_contiguous(here, s, out, data, memory);
        co_await kiobuf::measure_vectors(here, s, out, data, memory);
        co_await kiobuf::measure_first_byte(here, s, out, data, memory);
        co_return result<void>{};
    });
}

}  // namespace pelton::bench
