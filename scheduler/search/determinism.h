// Does the same thing happen again? An execution is repeated with the answers that it was given.
//
// Reweave stands on that: an execution is a function of its answers. A subject that looks at what
// nobody answers (the time stamp counter, a clock read by a system call of its own, an address,
// memory that was never written) breaks it, and then a repro is worth nothing. So a hunt may repeat
// each n-th execution and compare trace hash, outcome and findings; a difference is a finding of
// kind `diverged` with a signature of its own, which says at which step they part.
//
// To see where, the questions of several repetitions, and the points at which nothing could be
// asked, are written down and compared; a subject that
// differs rarely may do the same in all of them, and then that is said. Passing proves nothing of
// the executions that were not repeated. Cost: one execution more for each that is checked, in the
// asked mode of an engine, which is slower.
#pragma once

#include <optional>
#include <string_view>

#include "scheduler/execution.h"
#include "scheduler/finding.h"
#include "scheduler/subject.h"

namespace reweave {

inline constexpr std::string_view kNondeterministic = "nondeterministic";
inline bool is_nondeterminism(const Finding& finding) {
  return finding.kind == FindingKind::kDiverged && finding.signature == kNondeterministic;
}

/// Repeats the last run of `execution`, which was one of `subject`; `execution` itself stays as it
/// is. Nothing: it did the same.
std::optional<Finding> check_determinism(Subject& subject, const Execution& execution);

}  // namespace reweave
