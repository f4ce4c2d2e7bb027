// Many executions of one subject: asks a strategy until something is found, the budget is used up
// or nothing is left.
//
// Execution i of seed s gets the i-th stream of s, so that with a strategy without memory it is a
// function of (s, i) alone, and shards share the work by taking every n-th. It calls back and
// prints nothing. It counts the different executions by their trace hashes (distinct.h). In this
// process: a subject that crashes takes the process with it; isolate.h does
// the same in a child. Cost: about 100 ns for each execution beside the execution itself; nothing
// is allocated after warm-up.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "scheduler/execution.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/subject.h"

namespace reweave {

/// When to stop; 0 means no limit. Results are repeatable only where executions end the search, not
/// seconds.
struct Budget {
  std::uint64_t executions = 0;
  std::uint64_t seconds = 0;
  std::uint64_t milliseconds = 0;  // Besides the seconds.

  std::uint64_t all_milliseconds() const { return seconds * 1000 + milliseconds; }
};

/// Those of an execution that a limit stopped.
inline constexpr std::array kStoppedOutcomes = {Outcome::kStepLimit, Outcome::kActorLimit,
                                                Outcome::kMemoryLimit};

struct Statistics {
  std::uint64_t executions = 0;  // Ended.
  std::uint64_t steps = 0;
  std::uint64_t questions = 0;
  std::uint64_t distinct = 0;     // Executions with a trace hash that no earlier one had.
  bool distinct_is_exact = true;  // False: estimated (distinct.h).
  std::array<std::uint64_t, kOutcomeCount> outcomes{};  // How many executions ended so.
  std::uint64_t milliseconds = 0;                       // Of the wall clock; for people only.
  std::uint32_t bounds_done = 0;  // Strategy::bounds_done(), of the one that tries everything.

  /// Those that went on long after the end of the time and were ended (isolate.h). They are in none
  /// of the numbers above but the questions.
  std::uint64_t cut_off = 0;

  std::uint64_t count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  /// Executions that a limit stopped: what they would have done then was not seen.
  std::uint64_t stopped() const {
    std::uint64_t sum = cut_off;
    for (const Outcome outcome : kStoppedOutcomes) sum += count(outcome);
    return sum;
  }

  // Where one of these is true, that nothing was found says little.
  /// No execution asked a question, so that none could go another way: nothing was explored.
  bool nothing_asked() const { return executions > 0 && questions == 0; }
  /// No execution was seen to its end.
  bool all_stopped() const { return stopped() > 0 && stopped() == executions + cut_off; }
};
/// Adds what another search of the same subject did, all but its time.
void add(const Statistics& part, Statistics& sum);

struct ExploreOptions {
  Budget budget{};
  std::uint64_t seed = 0;
  Limits limits{};
  std::uint64_t first_execution = 0;  // Shard k of n: k, …
  std::uint64_t stride = 1;           // … and n.
  /// Shards share the executions by blocks of so many: for strategies that remember what they saw
  /// within a block. `first_execution` of a shard k: k * block, or later in that block.
  std::uint64_t block = 1;
  /// Each execution of so many is repeated with its answers (determinism.h); 0: none.
  std::uint64_t check_every = 0;

  /// Which findings count, if set; it is asked after an execution with findings, for one after the
  /// other. An execution of which none counts is like one without.
  std::function<bool(const Finding&)> counts{};

  /// Called about every `progress_ms` and at the end, if set. False: stop.
  std::function<bool(const Statistics&)> progress{};
  std::uint64_t progress_ms = 250;

  /// Asked again and again, every few milliseconds where children explore, if set. False: stop at
  /// once.
  std::function<bool()> keep_going{};
};

/// For ExploreOptions::counts where programs are generated: one that reaches the limit of steps may
/// be a program that never ends, which is nobody's error.
inline bool counts_unless_livelock(const Finding& finding) {
  return finding.kind != FindingKind::kLivelock;
}

enum class StopReason : std::uint8_t { kFound, kExecutions, kSeconds, kExhausted, kCancelled };

/// The execution that an oracle spoke in.
struct Found {
  std::uint64_t execution = 0;  // Its number.
  Finding finding;              // The first one.
  std::uint64_t steps = 0;
  std::uint64_t trace_hash = 0;
  std::vector<DenseAnswer> answers;
  /// It ended its process: replay it only in a child (isolate.h). Then there is no trace hash.
  bool died = false;
  bool complete =
      true;  // False: it gave more answers than the tape of the child holds; it cannot be replayed.
  /// It died of SIGKILL, which is never its own, or said that there is no memory: somebody else, or
  /// the system, ended the child.
  bool killed = false;
};

struct Exploration {
  Statistics statistics;
  StopReason reason = StopReason::kExecutions;
  std::optional<Found> found;
  /// Of a search that was cancelled: the first execution that has not ended.
  std::uint64_t next = UINT64_MAX;
};

/// Runs `subject` under `strategy`, which continues where it is. An execution that diverges (the
/// subject contradicts a replayed prefix) is a finding of kind diverged. `tape` and `live` may be
/// null; else they are kept up to date for a process that watches.
Exploration explore(Subject& subject, Strategy& strategy, const ExploreOptions& options,
                    SharedTape* tape = nullptr, Statistics* live = nullptr);

}  // namespace reweave
