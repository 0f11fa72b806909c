// copy_file_range(2), where it beats reading and writing: on tmpfs it copies once instead of twice,
// and on network file systems the server copies.
#pragma once

#include <pelton/examples/pelcp/content.hpp>

#include <optional>

namespace pelcp {

// Nothing, with nothing written, where it does not pay or is refused. `into` is an empty regular
// file.
std::optional<content_outcome> copy_in_kernel(workshop& shop, int from,
                                              const pelton::metadata& about, int into);

}  // namespace pelcp
