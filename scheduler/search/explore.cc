#include "scheduler/search/explore.h"

#include <string>

#include "scheduler/base/check.h"
#include "scheduler/base/distinct.h"
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
    if (options_.keep_going && !options_.keep_going()) {
      reason = StopReason::kCancelled;
      return true;
    }
    const std::uint64_t budget = options_.budget.all_milliseconds();
    if (budget == 0 && !options_.progress) return false;
    const std::uint64_t now = wall_clock_ms();
    statistics.milliseconds = now - start_;
    if (budget != 0 && now - start_ >= budget) {
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
  finding.oracle = "scheduler";
  finding.message = "The same answers did not give the same execution: expected " +
                    divergence.expected + ", found " + divergence.found + ".";
  return finding;
}

void count(const Execution& execution, DistinctHashes& seen, Statistics& statistics) {
  ++statistics.executions;
  (void)seen.add(execution.trace_hash());
  statistics.distinct = seen.count();
  statistics.distinct_is_exact = seen.is_exact();
  statistics.steps += execution.steps();
  statistics.questions += execution.questions();
  ++statistics.outcomes[static_cast<std::size_t>(execution.outcome())];
}

/// Of this shard: the number that comes after `execution`, when the strategy wants to go on with
/// `next`.
std::uint64_t next_of_shard(std::uint64_t execution, std::uint64_t next,
                            const ExploreOptions& options) {
  const std::uint64_t block = execution / options.block;
  return next / options.block == block ? next : (block + options.stride) * options.block;
}

}  // namespace

void add(const Statistics& part, Statistics& sum) {
  sum.executions += part.executions;
  sum.steps += part.steps;
  sum.questions += part.questions;
  // What two of them have both seen counts twice.
  sum.distinct_is_exact =
      sum.distinct_is_exact && part.distinct_is_exact && (sum.distinct == 0 || part.distinct == 0);
  sum.distinct += part.distinct;
  for (std::size_t i = 0; i < sum.outcomes.size(); ++i) sum.outcomes[i] += part.outcomes[i];
}

Exploration explore(Subject& subject, Strategy& strategy, const ExploreOptions& options,
                    SharedTape* tape, Statistics* live) {
  CHECK(options.stride > 0 && options.block > 0);
  Exploration exploration;
  Statistics& statistics = exploration.statistics;
  const Prng root(options.seed);
  Execution execution(options.limits);
  Timer timer(options);
  DistinctHashes seen;
  for (std::uint64_t i = options.first_execution;;
       i = next_of_shard(i, strategy.next(i), options)) {
    if (options.budget.executions != 0 && statistics.executions >= options.budget.executions) {
      exploration.reason = StopReason::kExecutions;
      break;
    }
    if (tape != nullptr && i >= tape->stop_before.load(std::memory_order_relaxed)) {
      exploration.reason = StopReason::kExecutions;
      break;
    }
    if (tape != nullptr) tape->number.store(i, std::memory_order_relaxed);
    strategy.begin(root.split(i), i);
    execution.begin(strategy, /*keep_log=*/false, tape);
    subject.run(execution);
    const bool goes_on = strategy.end(execution);
    count(execution, seen, statistics);
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
    if (timer.expired(statistics, exploration.reason)) {
      if (exploration.reason == StopReason::kCancelled) exploration.next = i + 1;
      break;
    }
  }
  timer.finish(statistics);
  if (options.progress) (void)options.progress(statistics);
  if (live != nullptr) *live = statistics;
  return exploration;
}

}  // namespace reweave
