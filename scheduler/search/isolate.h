// The same in a child process: a subject may crash, hang or exit, and the hunt goes on to tell of
// it.
//
// The child mirrors its answers into shared memory as it gives them (shared_tape.h). The parent
// waits; a child that died becomes a `crash` finding, one that began no step for some time is ended
// and becomes a `hang` finding, both with the answers that led there. The signature of a crash is
// the signal, the exit code or the sanitizer's word for the error, never an address. What the child
// wrote to standard error (a sanitizer's report) is kept with the finding.
//
// A child is forked and leaves by _exit: nothing is flushed twice, no destructor of the parent runs
// twice, and leaks of the child are not reported at its exit. Only processes forked here are ever
// ended. Call it while the process has one OS thread. Cost: a fork and an exit for each call (about
// 0.3 ms, under ASan 5 ms); nothing for each execution of an exploration.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scheduler/schedule.h"
#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"

namespace reweave {

struct IsolateOptions {
  /// Without a new step for this long the child hangs.
  std::uint64_t hang_ms = 10'000;
  /// How much of the end of the child's standard error is kept.
  std::size_t stderr_bytes_max = 32u << 10;
};

/// One execution in a child.
struct IsolatedRun {
  bool died = false;  // The child crashed, hung or left: then there is no outcome and no hash.
  Outcome outcome{};
  std::uint64_t steps = 0;
  std::uint64_t questions = 0;
  std::uint64_t trace_hash = 0;
  std::optional<Finding> finding;  // The first one; a crash after an oracle's report is not it.
  Schedule schedule;               // The answers really given, as far as it came.
  bool complete = true;            // False: more answers than a tape holds.
  Divergence divergence;           // Of outcome kDiverged; texts may be cut off.
  std::string standard_error;      // The tail of what the child wrote there.
};

class Isolator {
 public:
  /// Maps about 6 MB of shared memory, once. Aborts when the system refuses.
  explicit Isolator(IsolateOptions options = {});
  ~Isolator();
  Isolator(const Isolator&) = delete;
  Isolator& operator=(const Isolator&) = delete;

  /// As explore() does, in one child; `progress` is called in the parent. The subject and the
  /// strategy of the parent do not change, so that the strategy cannot go on from where the child
  /// came to.
  Exploration explore(Subject& subject, Strategy& strategy, const ExploreOptions& options);

  /// As replay() does.
  IsolatedRun replay(Subject& subject, const Schedule& schedule, ReplayMode mode,
                     const Limits& limits = {});

  /// As record() does: the names of a dense record, also of an execution that dies.
  IsolatedRun record(Subject& subject, std::span<const DenseAnswer> answers,
                     const Limits& limits = {});

 private:
  struct Board;   // What is shared with the child.
  struct Ending;  // How a child ended.
  template <typename Work>
  Ending run_child(const Work& work, const std::function<bool()>& keep_waiting);
  template <typename Work>
  IsolatedRun run_one(Subject& subject, const Work& work);

  IsolateOptions options_;
  Board* board_;
};

/// What a sanitizer or a failed CHECK says is wrong, in its own words without numbers:
/// "heap-use-after-free", "CHECK failed"; empty if `standard_error` holds no report.
std::string error_kind(std::string_view standard_error);

}  // namespace reweave
