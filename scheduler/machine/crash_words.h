// What a sanitizer or a failed CHECK wrote when it ended a process, for signatures.
//
// Guarantee: no address and no number is left, so that the same error has the same words in each
// process and build. Cost: a pass over the text.
#pragma once

#include <string>
#include <string_view>

namespace reweave {

/// What is wrong, in its own words: "heap-use-after-free", "CHECK failed"; empty if
/// `standard_error` holds no report.
std::string error_kind(std::string_view standard_error);

}  // namespace reweave
