#include <pelton/bench/harness/memory.hpp>
#include <pelton/runtime/outcome/failed_call.hpp>

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace pelton::bench {
namespace {

constexpr std::size_t huge_page = 2U << 20;

}  // namespace

page_memory::page_memory(std::size_t bytes, bool huge)
    : mapping_bytes_((bytes + huge_page - 1) / huge_page * huge_page + huge_page), bytes_(bytes) {
    mapping_ =
        mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) throw_failed_call(errno, "mmap of benchmark memory");
    const auto address = reinterpret_cast<std::uintptr_t>(mapping_);
    start_ = static_cast<std::byte*>(mapping_) + (huge_page - address % huge_page) % huge_page;
    madvise(mapping_, mapping_bytes_, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    std::memset(start_, 0, bytes_);
}

page_memory::~page_memory() {
    munmap(mapping_, mapping_bytes_);
}

}  // namespace pelton::bench
