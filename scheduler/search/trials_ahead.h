// Many trials in one child, though only the caller knows which one comes next.
//
// Whoever tries candidates in a loop decides by each result what to try next, and each candidate
// may end its process. So the process forks in the middle of the loop: the child goes on with the
// loop as if it were the parent, runs each trial itself and notes the results in shared memory,
// until it dies of one, the memory is full or the loop is over (finish(), where the child leaves).
// Then the parent goes through the same loop with the results that are noted, and forks again where
// they end. The trial that the child died of has its tape and its death as the result.
//
// So there is one fork for each trial that dies, and not for each trial. What the loop does besides
// is done twice; what it shows to people it should show where it is not ahead(). The results are
// those of a child for each trial, as long as one trial does not change what a later one does: a
// defect that damages the memory of the process may be seen late. Cost: 4 MB, and some hundred
// nanoseconds a trial.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "scheduler/search/isolate.h"

namespace reweave {

/// What a candidate did.
struct Trial {
  std::optional<Finding> finding;  // The first one.
  Schedule followed;
  /// It came to its end, and nothing was found. False also where nobody knows: it was cancelled, or
  /// a limit stopped it.
  bool passed = false;
};
/// An execution that ended so, and without a finding, came to its end.
constexpr bool came_to_its_end(Outcome outcome) {
  return outcome == Outcome::kCompleted || outcome == Outcome::kUncaughtError ||
         outcome == Outcome::kQuestionLimit;
}

class TrialsAhead {
 public:
  /// `isolator` must outlive it, and do nothing else meanwhile.
  TrialsAhead(Isolator& isolator, const Limits& limits);
  ~TrialsAhead();
  TrialsAhead(const TrialsAhead&) = delete;
  TrialsAhead& operator=(const TrialsAhead&) = delete;

  /// Runs `subject` leniently along `schedule`. Once the isolator has been told not to keep going,
  /// a trial says nothing.
  Trial run(Subject& subject, const Schedule& schedule);
  /// True in a child.
  bool is_ahead() const { return is_ahead_; }
  /// The loop is over. A child does not return.
  void finish();

 private:
  struct Notes;  // In shared memory.
  Trial run_here(Subject& subject, const Schedule& schedule);

  Isolator& isolator_;
  Execution execution_;
  Notes* notes_;
  std::size_t read_ = 0;  // Bytes of the notes that the parent has gone through.
  bool waits_ = false;    // The parent has forked, and not asked for the death.
  bool is_ahead_ = false;
  bool cancelled_ = false;
};

}  // namespace reweave
