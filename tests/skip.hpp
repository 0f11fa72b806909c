// How a test case says that this machine cannot run it.
//
//     if (!here.has(feature::readv_fixed)) {
//         pelton_test::skip("the kernel has no READV_FIXED");
//         return;
//     }
//
// It does not return for its caller, who does. The reason is printed where it is said and again in
// the summary at the end; ctest shows the test as skipped, not as passed.
#pragma once

#include <string_view>

namespace pelton_test {

void skip(std::string_view reason);

}  // namespace pelton_test
