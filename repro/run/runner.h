// Runs what a `.weave` file describes, and says what it gave.
//
// The first run is always in a child, because the subject may really crash or hang; only what came
// back whole from there is run in this process, to get all of its findings, results and events.
// Both runs must have one trace hash: a difference is a finding of its own (`diverged`).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "repro/file/weave_file.h"
#include "scheduler/execution.h"
#include "scheduler/search/explore.h"
#include "scheduler/search/isolate.h"
#include "scheduler/search/recording.h"
#include "scheduler/subject.h"

namespace reweave::repro {

/// What is said of RunResult::killed.
inline constexpr std::string_view kKilledWords =
    "the process of this execution was ended twice, not by itself: somebody killed it, or there "
    "was not enough memory";

/// "at step 7: expected X; found Y": completes "it diverged".
std::string divergence_words(const Divergence& divergence);

/// What one execution gave.
struct RunResult {
  bool died = false;          // It took its process with it.
  bool killed = false;        // Its process was ended, twice, not by itself: there is no verdict.
  bool cancelled = false;     // It was ended because nobody wanted to wait: there is no verdict.
  std::string disturbance{};  // What was so the first time alone, a sentence; or "".
  Outcome outcome{};
  Divergence divergence;            // If it diverged.
  std::string parting{};            // If it did something else when it was repeated: where.
  std::vector<Finding> findings{};  // In order, with their messages.
  Verdict verdict{};                // The same as a file states it.
  Schedule followed{};              // The answers that were really given.
  std::uint64_t steps = 0;
  std::vector<std::string> log{};  // One line for each event, if wanted.
  std::string standard_error{};    // What a child that died wrote.
};

/// Clears the findings if the file says that they do not count (WeaveFile::livelock_counts): what
/// comes behind the livelock is left out, too, as the targets do it (fuzz/harness.cc).
void leave_out_livelock(const WeaveFile& file, std::vector<Finding>& findings);

/// Executions of this file differ: where, in one sentence.
std::string where_they_part(const WeaveFile& file);

class Runner {
 public:
  explicit Runner(IsolateOptions options = {}) : isolator_(options) {}

  /// One execution along the file's schedule; without one, the ordinary execution. Once more if
  /// somebody else ends its process, or it crashes or hangs and the file's verdict says neither:
  /// the second one counts then.
  RunResult run(const WeaveFile& file, ReplayMode mode, bool keep_log = false);

  struct Repeated {
    std::uint64_t same = 0, done = 0;
  };
  /// `times` more executions of what gave `run`, as long as `keep_going`, if set, wants; how many
  /// did the same: one trace hash, or for what died one first finding.
  Repeated count_same(const WeaveFile& file, ReplayMode mode, const RunResult& run,
                      std::uint64_t times, const std::function<bool()>& keep_going = {});

  Isolator& isolator() { return isolator_; }

 private:
  Isolator isolator_;
};

/// The schedule that a search found, under names; `died`: it ended its process. An error says why
/// it has none.
Expected<Schedule> schedule_of_found(const WeaveFile& file, const Found& found, Runner& runner);

inline constexpr std::size_t kLogLinesMax = 1'000'000;
/// The lines of an event log: step, actor, what happened, at which site; notes among them. Of more
/// events than `lines_max`, an even number, those in the middle are left out, which a line says.
std::vector<std::string> describe_log(const Subject& subject, const Execution& execution,
                                      std::size_t lines_max = kLogLinesMax);

}  // namespace reweave::repro
