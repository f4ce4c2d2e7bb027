// The seam of the whole system: everything that could go either way is a question, and a Chooser
// answers it.
//
// An execution is a pure function of its subject, its settings and the answers to its questions.
// Answer 0 is always the *ordinary* one: what would happen if nobody interfered. A schedule is
// therefore just the answers that are not 0.
//
// Cost: a question is one virtual call and no allocation. Where only one answer is possible nothing
// is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "scheduler/dependence.h"

namespace reweave {

/// What a question decides. The order is part of the text format's tests; new kinds go to the end.
enum class QuestionKind : std::uint8_t {
  kRun,      // which ready actor takes the next step; 0 = the current one, else the next in turn
  kPreempt,  // is the running tasklet switched away although it did not ask; 0 = no
  kSpill,    // is the C stack moved to the heap here; 0 = what its depth says, 1 = the opposite
  kCollect,  // does the cycle collector run here; 0 = no
  kFail,     // does this allocation fail; 0 = no
  kFire,     // which due timer or completion comes next; 0 = the earliest, then the oldest
  kPick,     // a choice of data that the subject asks for; 0 = the first
};
inline constexpr int kQuestionKindCount = 7;

/// Is it a yes/no question to which the ordinary answer is right nearly always? Walks answer these
/// by rates, and the others uniformly; else an execution would do nothing but interfere.
constexpr bool is_rare(QuestionKind kind) {
  return kind == QuestionKind::kPreempt || kind == QuestionKind::kSpill ||
         kind == QuestionKind::kCollect || kind == QuestionKind::kFail;
}

/// "run", "preempt", …: the words used in schedules. Never null.
const char* question_kind_name(QuestionKind kind);
/// The kind of that word, if there is one.
std::optional<QuestionKind> find_question_kind(std::string_view word);

/// Who asks. An index into the execution's table of actors, in order of creation; 0 is the root,
/// whose path is "0".
enum class ActorId : std::uint32_t {};

/// One possible answer to a question about who goes on.
struct Option {
  ActorId actor{};
  PendingStep next{};  // Filled only for a chooser that wants steps.
};

struct Question {
  QuestionKind kind{};
  ActorId actor{};
  SiteId site{};
  std::uint32_t answers = 0;  // At least 2; possible answers are 0 … answers-1.
  std::uint32_t index = 0;    // How many questions this execution asked before this one.
  std::uint32_t nth = 0;      // n-th time at (actor, kind, site), from 0; only if names are wanted.
  /// One for each answer, in answer order: always for `run`; for a chooser that wants steps also
  /// for `preempt`, where the subject knows who would go on instead. Valid during the call only.
  std::span<const Option> options;
  /// For a chooser that wants steps, at a `run` question: who cannot go on now, and what each of
  /// them would do if it could. Valid during the call only.
  std::span<const Option> blocked;
};

class Execution;
struct FastForm;

/// Answers questions. Called on whatever stack the subject runs on: it must not throw, must not
/// keep the question, and should need little stack.
class Chooser {
 public:
  virtual ~Chooser() = default;

  /// An answer below `question.answers`; anything else aborts the process.
  virtual std::uint32_t choose(const Question& question) = 0;

  /// Called by Execution::begin(), before the first question. `execution` lives at least until the
  /// run is over; a replay keeps it to resolve the paths of actors and to end the run as diverged.
  virtual void attach(Execution& /*execution*/) {}

  /// True: `nth` is counted for it, at the price of one table look-up at every point passed.
  virtual bool wants_names() const { return false; }

  /// True: an engine (scheduler/engine/) need not ask `run` questions in this execution, it can
  /// choose by `form`, which is filled in. Called after attach(). Other kinds are asked all the
  /// same.
  virtual bool fast_form(FastForm& /*form*/) { return false; }

  /// True: options say what their actors would do next, `blocked` is filled, and pass() is called.
  virtual bool wants_steps() const { return false; }

  /// True: it wants neither names nor steps, and attach() does nothing, nor do end() and next() of
  /// a strategy, so that none of them is called. In an execution of a few steps those calls are
  /// half of what surrounds it.
  virtual bool is_plain() const { return false; }

  /// A point was passed where only one answer was possible, so that nothing is asked; the answer is
  /// 0. Called only if wants_steps(); the same rules as for choose().
  virtual void pass(const Question& /*question*/) {}
};

}  // namespace reweave
