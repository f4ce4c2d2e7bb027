// One run of a subject: asks its questions, records the answers, counts steps, hashes what
// happened, collects findings.
//
// The trace hash is made of every event, every answer and every finding, as integers in the order
// in which they happened; two executions with one hash did the same. Nothing that differs between
// builds may be given to it: no address, no byte count, no time. An answer counts with its kind,
// actor and site; a finding with its kind and step.
//
// Two modes, same steps and same hash: the fast one appends the non-ordinary answers densely
// (question index, answer); the named one also counts every point passed, so that answers can be
// kept under names that survive edits of the subject. The fast mode allocates nothing once its
// buffers have grown. What actors are about to do is asked of the subject only if the chooser wants
// to know (wants_steps()); in both modes, and without a cost for those that do not.
//
// One execution object is reused for many runs; it belongs to one OS thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scheduler/base/hash.h"
#include "scheduler/base/reweave_check.h"
#include "scheduler/finding.h"
#include "scheduler/point_counts.h"
#include "scheduler/question.h"
#include "scheduler/shared_tape.h"

namespace reweave {

/// Ceilings of one execution; reaching one is an outcome with a name, never undefined behaviour.
struct Limits {
#define LIMIT(type, field, word, initial, low, high, written, help) type field = initial;
#include "scheduler/limits.def"
#undef LIMIT
  std::uint32_t findings_max = 100;  // Later ones are hashed and counted but not kept.
};

/// How an execution ended. Where several hold, the last of them in this list is the outcome.
enum class Outcome : std::uint8_t {
  kCompleted,      // the subject ended by itself and no oracle spoke
  kUncaughtError,  // the same, but its own error ended it: see end_by_error()
  kQuestionLimit,  // questions_max was reached: the rest was answered ordinarily
  kFinding,        // an oracle spoke; the subject went on to its end or was stopped, see report()
  kActorLimit,     // actors_max was reached: stopped
  kMemoryLimit,    // memory_mib_max was reached: stopped
  kStepLimit,      // steps_max was reached: stopped, and mostly reported as a livelock finding
  kDiverged,       // a replay met an answer that does not fit: stopped
};
inline constexpr int kOutcomeCount = 8;
/// "completed", "question-limit", …. Never null.
const char* outcome_name(Outcome outcome);

/// Of an event whose place nobody told.
inline constexpr SiteId kNowhere{UINT32_MAX};

/// One line of the event log, as integers; the subject knows how to print it.
struct Event {
  std::uint64_t step = 0;
  ActorId actor{};
  std::uint16_t kind = 0;
  std::uint8_t count = 0;
  std::array<std::int32_t, 6> args{};
  SiteId site = kNowhere;
};

/// What is shown in a trace between two events, and is no part of the trace hash.
struct Note {
  std::size_t place = 0;  // How many events of the log come before it.
  Event event{};
};

/// Where a strict replay stopped fitting.
struct Divergence {
  std::uint64_t step = 0;
  std::string expected;
  std::string found;
};

/// An answer, with the place where it was given.
struct GivenAnswer {
  std::uint64_t step = 0;
  QuestionKind kind{};
  ActorId actor{};
  SiteId site{};
  std::uint32_t answer = 0;
  // How many such points of this actor, kind and site were passed before in this step: a callback
  // may do again what it interrupts.
  std::uint32_t nth = 0;
};

class Execution {
 public:
  explicit Execution(Limits limits = {});
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  // ---- For the caller that drives the execution: before and after a run ----

  /// Starts afresh: no actors but the root, step 0, the limits as they are now. `chooser` must live
  /// until the run is over; its wants_names() chooses the mode. `keep_log`: events are kept as well
  /// as hashed. `tape`: may be null; else answers and the first finding are mirrored into it as
  /// they are given, and in named mode the actors too.
  void begin(Chooser& chooser, bool keep_log = false, SharedTape* tape = nullptr);

  /// For a subject, at the end of its run: everything afresh, for the same run once more under
  /// `chooser`, which gives the answers of dense_answers() again and must live until this run is
  /// over. Whoever drives sees one execution, the second; the tape counts one. Fast mode only.
  void begin_again(Chooser& chooser);

  /// True: answers are kept under their names, and every point is counted.
  bool is_named() const { return named_mode_; }
  Outcome outcome() const { return outcome_; }
  std::uint64_t steps() const { return step_; }
  std::uint64_t points() const { return points_; }  // Points passed, asked or not; named mode only.
  std::uint32_t questions() const { return questions_; }  // Questions asked.
  std::uint64_t trace_hash() const { return hash_; }
  const std::vector<Finding>& findings() const { return findings_; }
  const std::vector<DenseAnswer>& dense_answers() const {
    if (!words_.empty()) dense_ = answers_of_words(std::exchange(words_, {}));
    return dense_;
  }
  const std::vector<NamedRecord>& named_answers() const { return named_; }  // Empty in fast mode.
  const std::vector<Event>& log() const { return log_; }                    // Empty unless kept.
  const std::vector<Note>& notes() const { return notes_; }  // Empty unless begun with a log.
  const std::vector<GivenAnswer>& given_answers() const { return given_; }  // See keep_record().
  const Divergence& divergence() const { return divergence_; }
  const Limits& limits() const { return limits_; }
  Limits& limits() { return limits_; }

  /// The path of an actor, for example "0.2.1". `actor` was returned by spawn() in this execution,
  /// or is the root.
  std::string actor_path(ActorId actor) const;
  /// The same as actor_path(actor) == path; allocates nothing, so that it may be called during a
  /// run.
  bool actor_is(ActorId actor, std::string_view path) const;
  std::uint32_t actor_count() const { return actor_count_; }
  /// Whose child an actor is, and which one. `actor` as for actor_path().
  ActorOrigin actor_origin(ActorId actor) const {
    REWEAVE_CHECK(static_cast<std::size_t>(actor) < actor_count_);
    return actors_[static_cast<std::size_t>(actor)].origin;
  }

  /// Called at the beginning of every step with its number, when set; a debugger's breakpoint goes
  /// here. Survives begin(). Null removes it.
  using StepHook = void (*)(void* context, std::uint64_t step);
  void set_step_hook(StepHook hook, void* context);

  // ---- For the subject, during a run; none of these switches tasks ----

  /// A point where a question may be asked. `answers` is how many answers are possible here, at
  /// least 1; with 1 nothing is asked, but the point counts. Returns an answer below `answers`.
  [[gnu::always_inline]] std::uint32_t ask(QuestionKind kind, ActorId actor, SiteId site,
                                           std::uint32_t answers,
                                           std::span<const Option> options = {}) {
    if (attentive_) [[unlikely]]
      return ask_attentively(kind, actor, site, answers, options);
    if (answers < 2) return 0;
    return ask_chooser(kind, actor, site, answers, options, 0);
  }

  /// True: the subject is to fill in the pending steps of options, and to call show_blocked(). The
  /// same during a whole execution; there is no need to look where only one answer is possible and
  /// making the options costs more than the question.
  bool wants_steps() const { return wants_steps_; }
  /// Who cannot go on, for the next question only: the span must be valid until it was asked.
  void show_blocked(std::span<const Option> blocked) { question_.blocked = blocked; }

  /// A new actor, the next child of `parent`. Beyond the limit it is still made, so that the
  /// subject can end in order, but the execution is stopped.
  ActorId spawn(ActorId parent) {
    if (!has_room()) [[unlikely]]
      return spawn_attentively(parent);
    const auto index = static_cast<std::size_t>(parent);
    REWEAVE_CHECK(index < actor_count_);
    actors_[actor_count_] = {.origin = {parent, ++actors_[index].children}};
    return static_cast<ActorId>(actor_count_++);
  }

  /// Counts a step. False: the limit is reached or the execution has been stopped; the subject has
  /// to end now.
  [[nodiscard]] bool step(ActorId /*actor*/, SiteId /*site*/) {
    if (step_ >= step_cap_) [[unlikely]]
      return refuse_step();
    ++step_;
    if (watched_) [[unlikely]]
      show_step();
    return true;
  }

  /// One event, hashed and, if wanted, kept. At most 6 arguments. `kind` and `args` mean what the
  /// subject says; `site` is shown in a trace, and not hashed.
  void event(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args,
             SiteId site = kNowhere) {
    hash_ = mix_hash(hash_,
                     (static_cast<std::uint64_t>(kind) << 32) | static_cast<std::uint32_t>(actor));
    for (const std::int32_t arg : args) hash_ = mix_hash(hash_, static_cast<std::uint32_t>(arg));
    if (keep_log_) [[unlikely]]
      keep_event(actor, kind, args, site);
  }

  /// What a reader of a trace wants to know, and what was no event when the first traces were
  /// hashed: kept with the log, not hashed, and seen by no oracle.
  void note(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args, SiteId site) {
    if (keep_notes_) [[unlikely]]
      keep_note(actor, kind, args, site);
  }
  /// The subject has ended by an error of its own that nobody handled. Not hashed: the events say
  /// it.
  void end_by_error() { raise(Outcome::kUncaughtError); }
  /// The subject uses more memory than memory_mib_max allows, as it counts it itself; it has to end
  /// at the next step.
  void stop_at_memory_limit() { stop(Outcome::kMemoryLimit); }

  /// From here on, events and answers are kept: those to `run` and `fire`, of which not every one
  /// has a step to be known by, and the others that are not ordinary. For an oracle that looks at
  /// the whole; until begin().
  void keep_record() { keep_log_ = keep_answers_ = attentive_ = keeps_ = true; }

  /// While muted, reports of oracles are dropped, and so is the livelock's; one that stops the
  /// execution still does. For trying out what a single oracle sees. Until begin().
  void mute(bool muted) { muted_ = muted; }

  /// An oracle's report; its step is what the oracle says. The first one gives the execution its
  /// signature. `stops`: the execution cannot go on (a finding about memory); the subject ends it
  /// at once.
  void report(Finding finding, bool stops);

  /// Replay only: ends the execution as diverged. The first divergence counts. May also be called
  /// after the run, when the end shows that an answer was never asked for.
  void diverge(Divergence divergence);

  // ---- For an engine (scheduler/engine/engine.h), which passes points on its own account ----

  Chooser& chooser() const { return *chooser_; }
  SharedTape* tape() const { return tape_; }
  bool has_step_hook() const { return step_hook_ != nullptr; }

  /// As ask(), but the answer is not hashed: hash_answers() does it for all of them.
  std::uint32_t ask_unhashed(QuestionKind kind, ActorId actor, SiteId site, std::uint32_t answers,
                             std::span<const Option> options = {}) {
    const std::uint64_t hash = hash_;
    const std::uint32_t answer = ask(kind, actor, site, answers, options);
    hash_ = hash;
    return answer;
  }
  /// Where it is, the next spawn() does nothing but note the actor.
  bool has_room() const { return actor_count_ < actors_until_; }
  void hash_answers(std::uint64_t hash) { hash_ = mix_hash(hash_, hash); }

  /// How many steps were taken, where step() is not called for each; at most step_cap().
  void set_steps(std::uint64_t steps) { step_ = steps; }
  /// For this execution, step() lets `steps` through instead of steps_max: the subject weighs its
  /// steps, and ends the execution itself at steps_max of its own.
  void set_step_cap(std::uint64_t steps) { step_cap_ = steps; }
  std::uint64_t step_cap() const { return step_cap_; }
  /// For this execution, the limit of questions is at most `max`.
  void lower_questions_max(std::uint32_t max) {
    if (question_cap_ > max) question_cap_ = max;
  }
  /// The subject ends at steps_max, and knows that it does not go round in circles: no finding.
  void stop_at_step_limit() { stop(Outcome::kStepLimit); }
  /// Too many actors, by a limit of the engine's own.
  void stop_at_actor_limit() { stop(Outcome::kActorLimit); }
  /// All questions, where ask() was not called for each: site << 8 | answer. Lives until the next
  /// begin(). `refused`: there were more, beyond the limit.
  void adopt_words(std::span<const std::uint32_t> words, bool refused) {
    words_ = words;
    questions_ = static_cast<std::uint32_t>(words.size());
    if (refused) raise(Outcome::kQuestionLimit);
  }

  /// True once the execution must end: stopped by a finding, a limit or a divergence. From then on
  /// every question gets the ordinary answer without being asked.
  bool stopped() const { return stopped_; }

 private:
  std::uint32_t ask_attentively(QuestionKind kind, ActorId actor, SiteId site,
                                std::uint32_t answers, std::span<const Option> options);
  std::uint32_t ask_noted(QuestionKind kind, ActorId actor, SiteId site, std::uint32_t answers,
                          std::span<const Option> options);
  void show_pass(QuestionKind kind, ActorId actor, SiteId site, std::uint32_t nth,
                 std::span<const Option> options);
  /// Inlined by force: the compiler finds it too large, but the call would cost as much as the
  /// rest.
  [[gnu::always_inline]] std::uint32_t ask_chooser(QuestionKind kind, ActorId actor, SiteId site,
                                                   std::uint32_t answers,
                                                   std::span<const Option> options,
                                                   std::uint32_t nth) {
    if (questions_ >= question_cap_) [[unlikely]]
      return refuse_question();
    question_.kind = kind;
    question_.actor = actor;
    question_.site = site;
    question_.answers = answers;
    question_.index = questions_;
    question_.nth = nth;
    question_.options = options;
    REWEAVE_DCHECK(kind != QuestionKind::kRun || options.size() == answers);
    ++questions_;
    if (tape_ != nullptr) tape_->questions = questions_;
    const std::uint32_t answer = chooser_->choose(question_);
    REWEAVE_CHECK_MSG(answer < answers, "the chooser gave an answer that is not possible");
    if (stopped_) [[unlikely]]
      return 0;  // The chooser ended the run as diverged.
    hash_ = mix_hash(hash_,
                     (static_cast<std::uint64_t>(site) << 32) | static_cast<std::uint32_t>(actor));
    hash_ = mix_hash(hash_, (static_cast<std::uint64_t>(kind) << 32) | answer);
    if (answer != 0) [[unlikely]] {
      record(question_, answer);
    } else if (keep_answers_ && (kind == QuestionKind::kRun || kind == QuestionKind::kFire)) {
      keep_answer(question_, answer);
    }
    return answer;
  }
  void reset();
  void ask_what_is_wanted(Chooser& chooser);
  void forget_what_was_kept();
  void forget_divergence();
  std::uint32_t refuse_question();
  void record(const Question& question, std::uint32_t answer);
  void keep_answer(const Question& question, std::uint32_t answer);
  void count_pass(QuestionKind kind, ActorId actor, SiteId site);
  Event event_of(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args,
                 SiteId site) const;
  void keep_event(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args,
                  SiteId site);
  void keep_note(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args,
                 SiteId site);
  bool refuse_step();
  void show_step();
  ActorId spawn_attentively(ActorId parent);
  void show_spawn(ActorOrigin origin);
  void look_for_room();
  void add_finding(Finding finding);
  void stop(Outcome outcome);
  void raise(Outcome outcome) { outcome_ = outcome > outcome_ ? outcome : outcome_; }

  Limits limits_;
  Chooser* chooser_ = nullptr;
  SharedTape* tape_ = nullptr;
  bool named_mode_ = false;
  bool wants_steps_ = false;
  bool attentive_ = false;  // One of both: every point passed is looked at.
  bool keep_log_ = false;
  bool keep_notes_ = false;
  bool keep_answers_ = false;
  bool keeps_ = false;  // Something is kept beside the dense record.
  bool muted_ = false;
  bool stopped_ = false;
  bool watched_ = false;  // There is a tape or a step hook.
  Outcome outcome_ = Outcome::kCompleted;
  std::uint64_t step_ = 0;
  std::uint64_t step_cap_ = 0;  // limits_.steps_max; 0 once stopped.
  std::uint32_t questions_ = 0;
  std::uint32_t question_cap_ = 0;  // limits_.questions_max; 0 once stopped.
  std::uint64_t points_ = 0;
  std::uint64_t hash_ = 0;
  Question question_;  // The one being asked: here, not on the stack that the subject may slice.
  StepHook step_hook_ = nullptr;
  void* step_hook_context_ = nullptr;
  struct alignas(16) Spawned {
    ActorOrigin origin;
    std::uint32_t children = 0;  // How many it has made.
  };
  std::vector<Spawned> actors_;  // By actor; what lies behind actor_count_ is of executions before.
  std::uint32_t actor_count_ = 0;
  // With fewer there is room for one more, no limit is reached, and nobody is to know of it.
  std::uint32_t actors_until_ = 0;
  mutable std::vector<DenseAnswer> dense_;
  mutable std::span<const std::uint32_t> words_;  // Of an engine, until somebody wants them dense.
  std::vector<NamedRecord> named_;
  std::vector<Event> log_;
  std::vector<Note> notes_;
  std::vector<GivenAnswer> given_;
  struct Pass {
    QuestionKind kind{};
    ActorId actor{};
    SiteId site{};
    bool operator==(const Pass&) const = default;
  };
  std::vector<Pass> passes_;  // Points passed in step passes_step_, while answers are kept.
  std::uint64_t passes_step_ = 0;
  std::vector<Finding> findings_;
  Divergence divergence_;
  PointCounts counts_;  // Named mode only.
};

}  // namespace reweave
