#include "scheduler/search/explore.h"

#include <string>

#include "scheduler/base/check.h"
#include "scheduler/base/wall_clock.h"

namespace reweave {
namespace {

/// Looks at the wall clock now and then: is time up, does somebody want to hear of progress, does
/// he want us to stop.
class Timer {
 public:
  explicit Timer(const ExploreOptions& options)
      : options_(options), start_(wall_clock_ms()), last_(start_) {}

  /// To be called after every execution. True: stop, for `reason`.
  bool expired(Statistics& statistics, StopReason& reason) {
    if (options_.budget.seconds == 0 && !options_.progress) return false;
    const std::uint64_t now = wall_clock_ms();
    statistics.milliseconds = now - start_;
    if (options_.budget.seconds != 0 && now - start_ >= options_.budget.seconds * 1000) {
      reason = StopReason::kSeconds;
      return true;
    }
    if (!options_.progress || now - last_ < options_.progress_ms) return false;
    last_ = now;
    if (options_.progress(statistics)) return false;
    reason = StopReason::kCancelled;
    return true;
  }

  void finish(Statistics& statistics) const { statistics.milliseconds = wall_clock_ms() - start_; }

 private:
  const ExploreOptions& options_;
  std::uint64_t start_;
  std::uint64_t last_;
};

/// The first finding that counts.
std::optional<Finding> finding_of(const Execution& execution, const ExploreOptions& options) {
  for (const Finding& finding : execution.findings()) {
    if (!options.counts || options.counts(finding)) return finding;
  }
  if (execution.outcome() != Outcome::kDiverged) return std::nullopt;
  const Divergence& divergence = execution.divergence();
  Finding finding;
  finding.kind = FindingKind::kDiverged;
  finding.step = divergence.step;
  finding.signature = "diverged";
  finding.message = "The same answers did not give the same execution: expected " +
                    divergence.expected + ", found " + divergence.found + ".";
  return finding;
}

void count(const Execution& execution, Statistics& statistics) {
  ++statistics.executions;
  statistics.steps += execution.steps();
  statistics.questions += execution.questions();
  ++statistics.outcomes[static_cast<std::size_t>(execution.outcome())];
}

}  // namespace

Exploration explore(Subject& subject, Strategy& strategy, const ExploreOptions& options,
                    SharedTape* tape, Statistics* live) {
  CHECK(options.stride > 0);
  Exploration exploration;
  Statistics& statistics = exploration.statistics;
  const Prng root(options.seed);
  Execution execution(options.limits);
  Timer timer(options);
  for (std::uint64_t i = options.first_execution;; i += options.stride) {
    if (options.budget.executions != 0 && statistics.executions >= options.budget.executions) {
      exploration.reason = StopReason::kExecutions;
      break;
    }
    strategy.begin(root.split(i), i);
    execution.begin(strategy, /*keep_log=*/false, tape);
    subject.run(execution);
    const bool goes_on = strategy.end(execution);
    count(execution, statistics);
    if (live != nullptr) *live = statistics;
    if (std::optional<Finding> finding = finding_of(execution, options)) {
      exploration.reason = StopReason::kFound;
      exploration.found = Found{i, std::move(*finding), execution.steps(), execution.trace_hash(),
                                execution.dense_answers()};
      break;
    }
    if (!goes_on) {
      exploration.reason = StopReason::kExhausted;
      break;
    }
    if (timer.expired(statistics, exploration.reason)) break;
  }
  timer.finish(statistics);
  if (options.progress) (void)options.progress(statistics);
  if (live != nullptr) *live = statistics;
  return exploration;
}

}  // namespace reweave
