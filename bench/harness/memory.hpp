// Page memory for rivals that run without Pelton: mapped, on huge pages when asked, touched.
#pragma once

#include <cstddef>
#include <span>

namespace pelton::bench {

class page_memory {
public:
    // Throws std::system_error when the mapping is refused.
    page_memory(std::size_t bytes, bool huge);
    page_memory(const page_memory&) = delete;
    page_memory& operator=(const page_memory&) = delete;
    ~page_memory();

    std::span<std::byte> bytes() const { return {start_, bytes_}; }

private:
    void* mapping_;
    std::size_t mapping_bytes_;
    std::byte* start_;  // aligned to a huge page inside the mapping
    std::size_t bytes_;
};

}  // namespace pelton::bench
