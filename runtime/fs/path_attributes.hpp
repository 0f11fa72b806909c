// Extended attributes, xattr(7), of what a path leads to; file has those of an open one.
#pragma once

#include <pelton/runtime/fs/file_options.hpp>
#include <pelton/runtime/op/attribute_requests.hpp>
#include <pelton/runtime/op/call_operation.hpp>
#include <pelton/runtime/shard/shard.hpp>

#include <cstddef>
#include <span>

namespace pelton {

// `path` and `key` must outlive the await. Symbolic links are followed.

// The value's bytes, or with no room in `into` how many it has; ENODATA: there is none of it.
inline call_operation<get_attribute_request> path_attribute(shard& here, file_name path,
                                                            file_name key,
                                                            std::span<std::byte> into,
                                                            via chosen = via::usual) noexcept {
    return {here, targets_in_use(), chosen, attribute_owner(path), key, into};
}

inline call_operation<set_attribute_request> set_path_attribute(
    shard& here, file_name path, file_name key, std::span<const std::byte> value,
    attribute_change how = attribute_change::any, via chosen = via::usual) noexcept {
    return {here,  targets_in_use(),     chosen, attribute_owner(path), key,
            value, static_cast<int>(how)};
}

inline call_operation<remove_attribute_request> remove_path_attribute(shard& here, file_name path,
                                                                      file_name key) noexcept {
    return {here, targets_in_use(), via::thread, attribute_owner(path), key};
}

// Names that each end with a zero byte; with no room in `into`, how many bytes they have.
inline call_operation<list_attributes_request> list_path_attributes(shard& here, file_name path,
                                                                    std::span<char> into) noexcept {
    return {here, targets_in_use(), via::thread, attribute_owner(path), into};
}

}  // namespace pelton
