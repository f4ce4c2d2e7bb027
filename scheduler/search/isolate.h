// Exploring, recording and trying in a child process: the subject may crash, hang or exit, and the
// hunt survives to report it.
//
// The child mirrors its answers into shared memory as it gives them (shared_tape.h). The parent
// waits; a child that died becomes a `crash` finding, one that began no step for some time is ended
// and becomes a `hang` finding, both with the answers that led there. The signature of a crash is
// the signal, the exit code or the sanitizer's word for the error, never an address. What the child
// wrote to standard error (a sanitizer's report) is kept with the finding.
//
// A child is forked and leaves by _exit: nothing is flushed twice, no destructor of the parent runs
// twice, and leaks of the child are not reported at its exit. Only processes forked here are ever
// ended. A child that dies of SIGKILL was killed by somebody else, or by the system for want of
// memory, and one that says that there is no memory for what the subject runs in could not go on:
// that is told, and is no crash of the subject. Nor is it one where a signal that asks to end has
// reached it with this process: it was cancelled. One that leaves with kStartAnew at the beginning
// of an execution has no right process for it any more: exploring goes on there, in a new child.
// Time in which this process itself did not run (it was stopped, or the machine slept) makes no
// hang. An execution that goes on for kLongerMs after the end of the time is ended, and counted
// (Statistics::cut_off). What the system refuses is thrown as a std::system_error.
// Call it while the process has one OS thread. Cost: a fork and an exit for each call (about
// 0.3 ms, under ASan 5 ms); nothing for each execution of an exploration.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "scheduler/schedule.h"
#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"

namespace reweave {

/// The exit code by which a child asks for a new one, which begins the execution that it was about
/// to begin. Of what a strategy has learned in the old one nothing is left.
inline constexpr int kStartAnew = 118;

/// An exploration that was given so much time takes at most this much more, however long an
/// execution is.
inline constexpr std::uint64_t kLongerMs = 2'000;

struct IsolateOptions {
  /// Without a new step for this long the child hangs.
  std::uint64_t hang_ms = 10'000;
  /// How much of the end of the child's standard error is kept.
  std::size_t stderr_bytes_max = 32u << 10;
};

/// One execution in a child.
struct IsolatedRun {
  bool died = false;       // The child crashed, hung or left: then there is no outcome and no hash.
  bool killed = false;     // It is not to blame for its death: see Found::killed.
  bool cancelled = false;  // It was ended because nobody wanted to wait: says nothing else.
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
  /// Maps about 10 MB of shared memory, once; what is never used of it is never touched.
  explicit Isolator(IsolateOptions options = {});
  ~Isolator();
  Isolator(const Isolator&) = delete;
  Isolator& operator=(const Isolator&) = delete;

  /// Asked every few milliseconds while a child runs, if set; false: end it at once. In explore()
  /// only if its options have none of their own.
  void set_keep_going(std::function<bool()> keep_going) { keep_going_ = std::move(keep_going); }

  /// As explore() does, in one child; `progress` is called in the parent. The subject and the
  /// strategy of the parent do not change, so that the strategy cannot go on from where the child
  /// came to.
  Exploration explore(Subject& subject, Strategy& strategy, const ExploreOptions& options);

  /// Goes on in a child: true there, at once, with everything as it is here; it has to end with
  /// leave_child(), and nothing that it changes is seen here but what it writes into shared memory.
  /// False here, when the child has ended, which take_death() has to be asked about then. For
  /// trials_ahead.h.
  [[nodiscard]] bool go_ahead();
  [[noreturn]] void leave_child();
  /// The execution of `subject` in which that child died; none: it left in order.
  std::optional<IsolatedRun> take_death(Subject& subject);
  /// The same where no schedule is wanted, for work that is more than one subject.
  struct Death {
    Finding finding;
    bool killed = false;  // As in IsolatedRun.
    bool cancelled = false;
  };
  std::optional<Death> take_death();
  /// Instead of take_death(), where nobody wants to know. Ends a child that still runs.
  void end_child();
  /// For an execution in that child.
  SharedTape& tape();

  /// As replay() does.
  IsolatedRun replay(Subject& subject, const Schedule& schedule, ReplayMode mode,
                     const Limits& limits = {});

  /// As record() does: the names of a dense record, also of an execution that dies.
  IsolatedRun record(Subject& subject, std::span<const DenseAnswer> answers,
                     const Limits& limits = {});

 private:
  struct Board;   // What is shared with the child.
  struct Child;   // The one that runs.
  struct Ending;  // How a child ended.
  friend Exploration explore_in_children(Subject&, std::span<Strategy* const>,
                                         const ExploreOptions&, const IsolateOptions&);

  static Exploration explore_in(std::span<Isolator* const> children, Subject& subject,
                                std::span<Strategy* const> strategies,
                                const ExploreOptions& options);
  void start_exploring(Subject& subject, Strategy& strategy, const ExploreOptions& options);
  void explore_in_another(Subject& subject, Strategy& strategy, ExploreOptions& share);
  Exploration take_exploration();
  void tell_cut_off(Exploration& exploration) const;
  bool fork_child();
  template <typename Work>
  void start_child(const Work& work);
  bool look_at_child(int ms, const std::function<bool()>& keep_waiting);
  bool was_told_to_end(const std::function<bool()>& keep_waiting) const;
  void end_child_process();
  template <typename Work>
  Ending run_child(const Work& work, const std::function<bool()>& keep_waiting);
  template <typename Work>
  IsolatedRun run_one(Subject& subject, const Work& work);
  IsolatedRun run_of(Subject& subject, Ending ending);

  IsolateOptions options_;
  std::function<bool()> keep_going_;
  Board* board_;
  std::unique_ptr<Child> child_;  // Null: none runs.
};

/// As Isolator::explore(), in as many children at once as there are strategies, none of which knows
/// of the others: the k-th takes every n-th block of executions (ExploreOptions::block). What is
/// found is the execution with the lowest number of all that any of them finds within its share of
/// the budget, whoever is the fastest; the statistics count what was run besides.
Exploration explore_in_children(Subject& subject, std::span<Strategy* const> strategies,
                                const ExploreOptions& options, const IsolateOptions& isolate = {});

}  // namespace reweave
