// Why did it fail? The smallest change of answers with which the same execution passes.
//
// An execution is a function of its answers, so what it hung on can be tried: every question that
// was asked before the finding gets each of its other answers, one at a time, with all others as
// they were (followed leniently, for what comes after a change may be asked differently); where no
// single one helps, two at a time. What comes after the finding is left alone: until there the
// execution would be the same.
//
// Order: answers that are not ordinary first, made ordinary; then those, made another one; then
// ordinary answers, by kind: who runs and what is chosen, spills, preemptions and collections,
// failures, which hide a bug rather than explain it. Among equals the last one before the finding,
// which is where it could still have gone well. The first that passes is the result, so nothing
// shorter passes, unless the budget came to its end; that is told.
//
// Deterministic: no clock, no random number. Cost: one execution for each answer tried.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scheduler/schedule.h"
#include "scheduler/search/asked_questions.h"
#include "scheduler/search/isolate.h"
#include "scheduler/search/shrink.h"
#include "scheduler/subject.h"

namespace reweave {

/// Another answer to one question.
struct Flip {
  AskedQuestion question{};
  NamedAnswer to{};  // As AskedQuestion::given.
  bool to_ordinary = true;
};

struct TurningPointOptions {
  std::uint64_t executions_max = 20'000;
  std::size_t flips_max = 2;
  /// Called after each trial with their number, if set.
  std::function<void(std::uint64_t)> progress{};
  /// Asked before each trial, if set. False: stop with what there is.
  std::function<bool()> keep_going{};
};

struct TurningPoint {
  std::vector<Flip> flips{};     // In the order in which they are asked. Empty: nothing helped.
  Schedule passing{};            // As it was followed with them.
  std::uint64_t executions = 0;  // Used.
  bool all_singles = false;      // Every single other answer was tried, or one of them helped.
  bool all_pairs = false;        // And every two; or one or two helped.
  std::size_t singles = 0;       // How many there are.

  /// Where nothing helped: the first single other answer with which something else is found.
  std::vector<Flip> elsewhere{};
  Finding elsewhere_finding{};

  bool found() const { return !flips.empty(); }
  /// The step of the first of them; in all steps before it the passing execution does the same. 0
  /// where nothing helped.
  std::uint64_t first_step() const { return found() ? flips.front().question.step : 0; }
};

/// `schedule` with other answers, for a lenient replay.
Schedule with_flips(const Schedule& schedule, const std::vector<Flip>& flips);

/// `asked` is what asked_questions() says of `subject` and `schedule`, which show `signature`.
TurningPoint find_turning_point(Subject& subject, const Schedule& schedule,
                                const std::vector<AskedQuestion>& asked, std::string_view signature,
                                const TrialRunner& run, const TurningPointOptions& options = {});
/// The same with trials that may crash or hang, as shrink() does it.
TurningPoint find_turning_point(Subject& subject, const Schedule& schedule,
                                const std::vector<AskedQuestion>& asked, std::string_view signature,
                                Isolator& isolator, const Limits& limits,
                                const TurningPointOptions& options = {});

}  // namespace reweave
