#include "scheduler/search/explore.h"

#include <algorithm>
#include <string>

#include "scheduler/base/distinct.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/base/wall_clock.h"
#include "scheduler/search/determinism.h"

namespace reweave {
namespace {

/// Looks at the wall clock now and then: is time up, does somebody want to hear of progress, does
/// he want us to stop.
class Timer {
 public:
  explicit Timer(const ExploreOptions& options)
      : options_(options),
        budget_ms_(options.budget.all_milliseconds()),
        start_(wall_clock_ms()),
        last_(start_) {}

  /// To be called after every execution. True: stop, for `reason`.
  bool expired(Statistics& statistics, StopReason& reason) {
    if (options_.keep_going && !options_.keep_going()) {
      reason = StopReason::kCancelled;
      return true;
    }
    if (budget_ms_ == 0 && !options_.progress) return false;
    const std::uint64_t now = wall_clock_ms();
    statistics.milliseconds = now - start_;
    if (budget_ms_ != 0 && now - start_ >= budget_ms_) {
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
  std::uint64_t budget_ms_;  // 0: none.
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

/// The same; but if the execution is to be repeated, that it is not deterministic comes first.
[[gnu::noinline]] std::optional<Found> look_for_finding(Subject& subject,
                                                        const Execution& execution,
                                                        std::uint64_t number, bool repeats,
                                                        const ExploreOptions& options) {
  std::optional<Finding> finding = repeats ? check_determinism(subject, execution) : std::nullopt;
  if (!finding) finding = finding_of(execution, options);
  if (!finding) return std::nullopt;
  return Found{number, std::move(*finding), execution.steps(), execution.trace_hash(),
               execution.dense_answers()};
}

void count(const Execution& execution, DistinctHashes& seen, Statistics& statistics) {
  ++statistics.executions;
  (void)seen.add(execution.trace_hash());
  statistics.steps += execution.steps();
  statistics.questions += execution.questions();
  ++statistics.outcomes[static_cast<std::size_t>(execution.outcome())];
}

/// What need not be kept up to date while nobody looks.
void sum_up(const DistinctHashes& seen, const Strategy& strategy, Statistics& statistics) {
  statistics.distinct = seen.count();
  statistics.distinct_is_exact = seen.is_exact();
  statistics.bounds_done = strategy.bounds_done();
}

/// Of this shard: the number that comes after `execution`, when the strategy wants to go on with
/// `next`.
std::uint64_t next_of_shard(std::uint64_t execution, std::uint64_t next,
                            const ExploreOptions& options) {
  if (options.stride == 1 && next == execution + 1) return next;  // Divisions are slow.
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
  sum.cut_off += part.cut_off;
  sum.bounds_done = std::max(sum.bounds_done, part.bounds_done);
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
  const bool is_plain = strategy.is_plain();
  const bool is_watched = live != nullptr || options.progress;
  for (std::uint64_t i = options.first_execution;;
       i = next_of_shard(i, is_plain ? i + 1 : strategy.next(i), options)) {
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
    const bool goes_on = is_plain || strategy.end(execution);
    count(execution, seen, statistics);
    if (is_watched) sum_up(seen, strategy, statistics);
    if (live != nullptr) *live = statistics;
    const bool repeats =
        options.check_every != 0 && statistics.executions % options.check_every == 0;
    if (repeats || !execution.findings().empty() || execution.outcome() == Outcome::kDiverged)
        [[unlikely]] {
      exploration.found = look_for_finding(subject, execution, i, repeats, options);
      if (exploration.found) {
        exploration.reason = StopReason::kFound;
        break;
      }
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
  sum_up(seen, strategy, statistics);
  timer.finish(statistics);
  if (options.progress) (void)options.progress(statistics);
  if (live != nullptr) *live = statistics;
  return exploration;
}

}  // namespace reweave
