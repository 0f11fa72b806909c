// Which features to pretend the kernel lacks: the language of PELTON_MASK.
#pragma once

#include <pelton/runtime/outcome/result.hpp>
#include <pelton/runtime/ring/feature.hpp>

#include <string>
#include <string_view>

namespace pelton {

// A list such as "readv_fixed,send". The name "linux_6.1" stands for every feature newer than that
// release, as the table has it, so that one mask makes an old kernel of a new one.
//
// An unknown name is an error, since a test that masks nothing by a misspelling would prove
// nothing. `unknown` then names it.
result<feature_set> parse_mask(std::string_view text, std::string& unknown);

}  // namespace pelton
