// Feedback for the fuzzing engine beside its own code coverage: a small table of counters that the
// engine reads.
//
// libFuzzer finds it by the name of its section; AFL++ sees it as so many more edges of the
// program; the plain build ignores it. A counter says that a feature was there, not how often.
#pragma once

#include <cstdint>

namespace reweave::fuzz {

/// A new input begins.
void begin_features();

/// Tells of a feature, by any 64-bit name; different features may share a counter. True: this
/// process has not been told of it before.
bool count_feature(std::uint64_t feature);

/// The engine sees none of them from now on; what is new is told as ever. To measure what they are
/// worth.
void hide_features();

}  // namespace reweave::fuzz
