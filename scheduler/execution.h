// One run of a subject: asks its questions, records the answers, counts steps, hashes what happened, collects findings.
//
// The trace hash is made of every event, every answer and every finding, as integers in the order in which they
// happened; two executions with one hash did the same. Nothing that differs between builds may be given to it: no
// address, no byte count, no time.
//
// Two modes, same steps and same hash: the fast one appends the non-ordinary answers densely (question index, answer);
// the named one also counts every point passed, so that answers can be kept under names that survive edits of the
// subject. The fast mode allocates nothing once its buffers have grown.
//
// One execution object is reused for many runs; it belongs to one OS thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scheduler/finding.h"
#include "scheduler/question.h"

namespace reweave {

/// Ceilings of one execution; reaching one is an outcome with a name, never undefined behaviour.
struct Limits {
  std::uint64_t steps_max = 20'000;
  std::uint32_t questions_max = 100'000;
  std::uint32_t actors_max = 10'000;
};

enum class Outcome : std::uint8_t {
  kCompleted,      // the subject ended by itself
  kFinding,        // an oracle stopped it
  kStepLimit,      // steps_max was reached: reported as a livelock finding
  kQuestionLimit,  // questions_max was reached: the rest was answered ordinarily
  kDiverged,       // strict replay met an answer that does not fit
};
const char* outcome_name(Outcome outcome);

/// One line of the event log, as integers; the subject knows how to print it.
struct Event {
  std::uint64_t step = 0;
  ActorId actor{};
  std::uint16_t kind = 0;
  std::uint8_t count = 0;
  std::array<std::int32_t, 6> args{};
};

/// A non-ordinary answer in the dense record: the `index`-th question was answered with `answer`.
struct DenseAnswer {
  std::uint32_t index = 0;
  std::uint32_t answer = 0;
};

/// A non-ordinary answer under its name, as the named mode collects it.
struct NamedRecord {
  ActorId actor{};
  QuestionKind kind{};
  SiteId site{};
  std::uint32_t nth = 0;
  std::uint32_t answer = 0;
  ActorId chosen{};        // For `run`: the actor chosen.
  std::uint64_t step = 0;  // The step at which it was given.
};

/// Where a strict replay stopped fitting.
struct Divergence {
  std::uint64_t step = 0;
  std::string expected;
  std::string found;
};

/// What a worker process leaves behind when it dies: the answers so far, in memory shared with its parent.
/// Written by Execution as answers are given; see isolate.h.
struct SharedTape {
  static constexpr std::uint32_t kCapacity = 4096;
  std::uint64_t execution = 0;             // Which execution of the hunt this is.
  std::uint64_t step = 0;                  // The last step begun.
  std::uint32_t count = 0;                 // Valid entries of `answers`.
  std::array<DenseAnswer, kCapacity> answers{};
};

class Execution {
 public:
  explicit Execution(Limits limits = {});

  // ---- For whoever drives: before and after a run ----

  /// Starts afresh: no actors but the root, step 0. `chooser` must live until the run is over. `keep_log`: events are
  /// kept as well as hashed. `tape`: may be null; else answers are mirrored into it as they are given.
  void begin(Chooser& chooser, bool keep_log = false, SharedTape* tape = nullptr);

  Outcome outcome() const { return outcome_; }
  std::uint64_t steps() const { return step_; }
  std::uint64_t points() const { return points_; }        // Points passed, asked or not (named mode), else questions.
  std::uint32_t questions() const { return questions_; }  // Questions asked.
  std::uint64_t trace_hash() const { return hash_; }
  const std::vector<Finding>& findings() const { return findings_; }
  const std::vector<DenseAnswer>& dense_answers() const { return dense_; }
  const std::vector<NamedRecord>& named_answers() const { return named_; }  // Empty in fast mode.
  const std::vector<Event>& log() const { return log_; }                    // Empty unless kept.
  const Divergence& divergence() const { return divergence_; }
  const Limits& limits() const { return limits_; }
  Limits& limits() { return limits_; }

  /// The path of an actor, for example "0.2.1".
  std::string actor_path(ActorId actor) const;
  std::uint32_t actor_count() const { return static_cast<std::uint32_t>(actors_.size()); }

  /// Called at the beginning of every step with its number, when set; a debugger's breakpoint goes here.
  using StepHook = void (*)(void* context, std::uint64_t step);
  void set_step_hook(StepHook hook, void* context);

  // ---- For the subject, during a run; none of these switches tasks ----

  /// A point where a question may be asked. `answers` is how many answers are possible here, at least 1; with 1 nothing
  /// is asked, but the point counts. Returns an answer below `answers`.
  std::uint32_t ask(QuestionKind kind, ActorId actor, SiteId site, std::uint32_t answers,
                    std::span<const Option> options = {}) {
    if (named_mode_) [[unlikely]] return ask_named(kind, actor, site, answers, options);
    if (answers < 2) return 0;
    return ask_chooser(kind, actor, site, answers, options, 0);
  }

  /// A new actor, the next child of `parent`.
  ActorId spawn(ActorId parent);

  /// Counts a step. False: the limit is reached or the execution has been stopped; the subject has to end now.
  [[nodiscard]] bool step(ActorId actor, SiteId site);

  /// One event, hashed and, if wanted, kept. At most 6 arguments.
  void event(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args) {
    hash_ = mix(hash_, (static_cast<std::uint64_t>(kind) << 32) | static_cast<std::uint32_t>(actor));
    for (const std::int32_t arg : args) hash_ = mix(hash_, static_cast<std::uint32_t>(arg));
    if (keep_log_) [[unlikely]] keep_event(actor, kind, args);
  }

  /// An oracle's report. The first one gives the execution its signature. `stops`: the execution cannot go on (a finding
  /// about memory); the subject ends it at once.
  void report(Finding finding, bool stops);

  /// Strict replay only: ends the execution as diverged.
  void diverge(Divergence divergence);

  /// True once the execution must end: stopped by a finding, a limit or a divergence.
  bool stopped() const { return stopped_; }

 private:
  struct Actor {
    ActorId parent{};
    std::uint32_t ordinal = 0;   // n-th child of its parent, from 1; 0 for the root.
    std::uint32_t children = 0;
  };

  static std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9fb21c651e98df25u;
    return hash ^ (hash >> 32);
  }
  std::uint32_t ask_named(QuestionKind kind, ActorId actor, SiteId site, std::uint32_t answers,
                          std::span<const Option> options);
  std::uint32_t ask_chooser(QuestionKind kind, ActorId actor, SiteId site, std::uint32_t answers,
                            std::span<const Option> options, std::uint32_t nth);
  void keep_event(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args);

  Limits limits_;
  Chooser* chooser_ = nullptr;
  SharedTape* tape_ = nullptr;
  bool named_mode_ = false;
  bool keep_log_ = false;
  bool stopped_ = false;
  Outcome outcome_ = Outcome::kCompleted;
  std::uint64_t step_ = 0;
  std::uint64_t points_ = 0;
  std::uint32_t questions_ = 0;
  std::uint64_t hash_ = 0;
  StepHook step_hook_ = nullptr;
  void* step_hook_context_ = nullptr;
  std::vector<Actor> actors_;
  std::vector<DenseAnswer> dense_;
  std::vector<NamedRecord> named_;
  std::vector<Event> log_;
  std::vector<Finding> findings_;
  Divergence divergence_;
  struct Counters;           // How often each (actor, kind, site) was passed, named mode only.
  Counters* counters_ = nullptr;

 public:
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
};

}  // namespace reweave
