// Shrinks a finding: fewer answers, then a smaller subject, that still show the same finding.
//
// One order decides what is simpler (shortlex, as in Hypothesis): fewer answers; with as many, a
// smaller subject; with both the same, a smaller sum of answers and counts. A candidate is the
// subject, or one of its reductions, with a schedule that is followed leniently; it is accepted
// only if the first finding of that execution has the same signature and what was really followed
// is simpler than what we have. What was followed then becomes the schedule: recorded anew at each
// step.
//
// Passes, repeated until all of them fail:
//
//   * Delete answers: all, then halves, quarters … single ones (delta debugging after Zeller and
//     Hildebrandt, TSE 2002).
//   * Apply the subject's reductions from the boldest; where the schedule is short, also with one
//     of its answers less. Where answers are lost by it, once more with the ordinals of actors
//     lowered, because "0.3" is "0.2" when the spawn of "0.2" is deleted.
//   * Lower numbers: answers to 1, counts ("the n-th time") to 0, so that the next round can
//     shorten loops.
//
// So the result is 1-minimal: no single answer can be deleted and no single reduction be made.
// Where candidates run in children and few answers are left, no two of them can be replaced by one
// other either, as far as `replace_executions_max` went (replace_answers.h).
// Deterministic: no clock, no random number.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "scheduler/base/expected.h"
#include "scheduler/schedule.h"
#include "scheduler/search/isolate.h"
#include "scheduler/search/trials_ahead.h"
#include "scheduler/subject.h"

namespace reweave {

/// Runs a candidate leniently. It is called many times and must give the same for the same.
using TrialRunner = std::function<Trial(Subject&, const Schedule&)>;

/// Runs candidates in this process.
TrialRunner trial_runner(const Limits& limits);
/// Runs each candidate in a child of `isolator`, which must outlive the runner: for crashes and
/// hangs.
TrialRunner trial_runner(Isolator& isolator, const Limits& limits);

struct ShrinkOptions {
  std::uint64_t executions_max = 100'000;
  /// The subject stays as it is; only answers are deleted, replaced and lowered.
  bool schedule_only = false;
  /// So many in a row, where candidates run in children, to replace two answers by one; 0: none.
  std::uint64_t replace_executions_max = 5'000;

  /// Called after each accepted step, if set: answers, size and executions so far.
  std::function<void(std::size_t, std::size_t, std::uint64_t)> progress{};

  /// Asked before each candidate, if set. False: stop with what there is, as at the end of the
  /// budget.
  std::function<bool()> keep_going{};
};

struct Shrunk {
  std::unique_ptr<Subject> subject;  // Null: the one that was given is the smallest.
  Schedule schedule;
  Finding finding;               // As the result shows it.
  std::uint64_t executions = 0;  // Used.
  bool minimal = false;          // 1-minimal; false if the budget came to its end first.
};

/// `signature` is that of the finding to keep; `schedule` shows it on `subject`, else an error says
/// what it shows instead. `subject` does not change.
Expected<Shrunk> shrink(Subject& subject, const Schedule& schedule, std::string_view signature,
                        const TrialRunner& run, const ShrinkOptions& options = {});

/// The same with candidates that may crash or hang: in children of `isolator`, one after the other
/// in one of them until it dies (trials_ahead.h); and two answers are replaced by one. One that
/// takes more than 64 times as many steps as there are up to the finding, and more than 10,000, is
/// given up.
Expected<Shrunk> shrink(Subject& subject, const Schedule& schedule, std::string_view signature,
                        Isolator& isolator, const Limits& limits,
                        const ShrinkOptions& options = {});

}  // namespace reweave
