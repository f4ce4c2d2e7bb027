#include "scheduler/execution.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "scheduler/base/internal_check.h"

namespace reweave {
namespace {

constexpr std::size_t kActorsAtFirst = 16;
constexpr std::uint64_t kHashSeed = 0x2d358dccaa6c78a5u;

constexpr std::array<const char*, kOutcomeCount> kOutcomeNames = {
    "completed",   "uncaught-error", "question-limit", "finding",
    "actor-limit", "memory-limit",   "step-limit",     "diverged"};

}  // namespace

const char* outcome_name(Outcome outcome) {
  const auto index = static_cast<std::size_t>(outcome);
  CHECK(index < kOutcomeNames.size());
  return kOutcomeNames[index];
}

Execution::Execution(Limits limits) : limits_(limits), actors_(kActorsAtFirst) {}

void Execution::begin(Chooser& chooser, bool keep_log, SharedTape* tape) {
  keep_log_ = keep_notes_ = keep_log;
  tape_ = tape;
  watched_ = tape != nullptr || step_hook_ != nullptr;
  chooser_ = &chooser;
  const bool is_plain = chooser.is_plain();
  named_mode_ = wants_steps_ = attentive_ = false;
  if (!is_plain) ask_what_is_wanted(chooser);
  reset();
  if (tape_ != nullptr) tape_->executions.fetch_add(1, std::memory_order_relaxed);
  if (!is_plain) chooser.attach(*this);
}

void Execution::begin_again(Chooser& chooser) {
  CHECK(!named_mode_ && !chooser.wants_names());
  chooser_ = &chooser;
  ask_what_is_wanted(chooser);
  reset();
  chooser.attach(*this);
}

void Execution::ask_what_is_wanted(Chooser& chooser) {
  named_mode_ = chooser.wants_names();
  wants_steps_ = chooser.wants_steps();
  attentive_ = named_mode_ || wants_steps_;
}

[[gnu::always_inline]] inline void Execution::reset() {
  question_.blocked = {};
  if (keeps_) [[unlikely]]
    forget_what_was_kept();
  keeps_ = named_mode_ || keep_log_;
  keep_answers_ = muted_ = false;
  stopped_ = false;
  if (outcome_ == Outcome::kDiverged) [[unlikely]]
    forget_divergence();
  outcome_ = Outcome::kCompleted;
  step_ = 0;
  step_cap_ = limits_.steps_max;
  questions_ = 0;
  question_cap_ = limits_.questions_max;
  points_ = 0;
  hash_ = kHashSeed;
  actors_[0] = {};
  actor_count_ = 1;
  look_for_room();
  dense_.clear();
  words_ = {};
  findings_.clear();
  if (named_mode_) counts_.clear();
  if (tape_ == nullptr) return;
  tape_->clear();
  if (named_mode_) tape_->actors[tape_->actor_count++] = ActorOrigin{};
}

[[gnu::noinline]] void Execution::forget_divergence() { divergence_ = {}; }

[[gnu::noinline]] void Execution::forget_what_was_kept() {
  named_.clear();
  log_.clear();
  notes_.clear();
  given_.clear();
  passes_.clear();
}

std::string Execution::actor_path(ActorId actor) const {
  auto index = static_cast<std::size_t>(actor);
  CHECK(index < actor_count_);
  std::string path;
  while (index != 0) {
    path.insert(0, "." + std::to_string(actors_[index].origin.ordinal));
    index = static_cast<std::size_t>(actors_[index].origin.parent);
  }
  return "0" + path;
}

bool Execution::actor_is(ActorId actor, std::string_view path) const {
  auto index = static_cast<std::size_t>(actor);
  CHECK(index < actor_count_);
  while (index != 0) {  // From the last ordinal to the first.
    std::uint32_t ordinal = actors_[index].origin.ordinal;
    for (; ordinal != 0; ordinal /= 10) {
      if (path.empty() || path.back() != static_cast<char>('0' + ordinal % 10)) return false;
      path.remove_suffix(1);
    }
    if (path.empty() || path.back() != '.') return false;
    path.remove_suffix(1);
    index = static_cast<std::size_t>(actors_[index].origin.parent);
  }
  return path == "0";
}

void Execution::set_step_hook(StepHook hook, void* context) {
  step_hook_ = hook;
  step_hook_context_ = context;
  watched_ = tape_ != nullptr || step_hook_ != nullptr;
}

[[gnu::always_inline]] inline void Execution::count_pass(QuestionKind kind, ActorId actor,
                                                         SiteId site) {
  if (passes_step_ != step_) passes_.clear();
  passes_step_ = step_;
  passes_.push_back({kind, actor, site});
}

std::uint32_t Execution::ask_attentively(QuestionKind kind, ActorId actor, SiteId site,
                                         std::uint32_t answers, std::span<const Option> options) {
  if (named_mode_ || wants_steps_) return ask_noted(kind, actor, site, answers, options);
  // Answers are kept, no more: most points only count.
  count_pass(kind, actor, site);
  return answers < 2 ? 0 : ask_chooser(kind, actor, site, answers, options, 0);
}

std::uint32_t Execution::ask_noted(QuestionKind kind, ActorId actor, SiteId site,
                                   std::uint32_t answers, std::span<const Option> options) {
  std::uint32_t nth = 0;
  if (named_mode_) {
    ++points_;
    nth = counts_.pass(kind, actor, site);
  }
  if (keep_answers_) count_pass(kind, actor, site);
  std::uint32_t answer = 0;
  if (answers >= 2) {
    answer = ask_chooser(kind, actor, site, answers, options, nth);
  } else if (wants_steps_ && !stopped_) {
    show_pass(kind, actor, site, nth, options);
  }
  question_.blocked = {};
  return answer;
}

// Behind count_pass(), which counted this one.
void Execution::keep_answer(const Question& question, std::uint32_t answer) {
  const Pass pass{question.kind, question.actor, question.site};
  const auto passed = std::count(passes_.begin(), passes_.end(), pass);
  given_.push_back({.step = step_,
                    .kind = question.kind,
                    .actor = question.actor,
                    .site = question.site,
                    .answer = answer,
                    .nth = static_cast<std::uint32_t>(passed - 1)});
}

void Execution::show_pass(QuestionKind kind, ActorId actor, SiteId site, std::uint32_t nth,
                          std::span<const Option> options) {
  question_.kind = kind;
  question_.actor = actor;
  question_.site = site;
  question_.answers = 1;
  question_.index = questions_;
  question_.nth = nth;
  question_.options = options;
  chooser_->pass(question_);
}

std::uint32_t Execution::refuse_question() {
  if (!stopped_) raise(Outcome::kQuestionLimit);
  return 0;
}

void Execution::record(const Question& question, std::uint32_t answer) {
  const DenseAnswer dense{question.index, answer};
  dense_.push_back(dense);
  if (tape_ != nullptr) {
    if (tape_->answer_count < SharedTape::kAnswersMax) {
      tape_->answers[tape_->answer_count++] = dense;
    } else {
      tape_->overflowed = 1;
    }
  }
  if (keep_answers_) keep_answer(question, answer);
  if (!named_mode_) return;
  NamedRecord named;
  named.actor = question.actor;
  named.kind = question.kind;
  named.site = question.site;
  named.nth = question.nth;
  named.answer = answer;
  if (question.kind == QuestionKind::kRun) {
    CHECK_MSG(answer < question.options.size(), "a run question must list its actors");
    named.chosen = question.options[answer].actor;
  }
  named.step = step_;
  named_.push_back(named);
  if (tape_ == nullptr) return;
  if (tape_->named_count < SharedTape::kAnswersMax) tape_->named[tape_->named_count++] = named;
}

void Execution::look_for_room() {
  const auto room = static_cast<std::uint32_t>(actors_.size());
  const bool shows = named_mode_ && tape_ != nullptr;
  actors_until_ = shows || stopped_ ? 0 : std::min(room, limits_.actors_max);
}

ActorId Execution::spawn_attentively(ActorId parent) {
  const auto index = static_cast<std::size_t>(parent);
  CHECK(index < actor_count_);
  if (actor_count_ >= limits_.actors_max) stop(Outcome::kActorLimit);
  if (actor_count_ == actors_.size()) {
    actors_.resize(actors_.size() * 2);
    look_for_room();
  }
  const ActorOrigin origin{parent, ++actors_[index].children};
  actors_[actor_count_] = {.origin = origin};
  if (named_mode_ && tape_ != nullptr) show_spawn(origin);
  return static_cast<ActorId>(actor_count_++);
}

void Execution::show_spawn(ActorOrigin origin) {
  if (tape_->actor_count < SharedTape::kActorsMax) {
    tape_->actors[tape_->actor_count++] = origin;
  } else {
    tape_->overflowed = 1;
  }
}

bool Execution::refuse_step() {
  if (stopped_) return false;
  Finding finding;
  finding.kind = FindingKind::kLivelock;
  finding.step = step_;
  finding.signature = "livelock";
  finding.oracle = "scheduler";
  finding.message = "The execution did not end within " + std::to_string(limits_.steps_max) +
                    " steps. Either it never will, or the limit is too low for this subject.";
  if (!muted_) add_finding(std::move(finding));
  stop(Outcome::kStepLimit);
  return false;
}

void Execution::show_step() {
  if (tape_ != nullptr) tape_->step.store(step_, std::memory_order_relaxed);
  if (step_hook_ != nullptr) step_hook_(step_hook_context_, step_);
}

Event Execution::event_of(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args,
                          SiteId site) const {
  Event event;
  CHECK(args.size() <= event.args.size());
  event.step = step_;
  event.actor = actor;
  event.kind = kind;
  event.count = static_cast<std::uint8_t>(args.size());
  std::copy(args.begin(), args.end(), event.args.begin());
  event.site = site;
  return event;
}

void Execution::keep_event(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args,
                           SiteId site) {
  log_.push_back(event_of(actor, kind, args, site));
}

void Execution::keep_note(ActorId actor, std::uint16_t kind, std::span<const std::int32_t> args,
                          SiteId site) {
  notes_.push_back({log_.size(), event_of(actor, kind, args, site)});
}

void Execution::report(Finding finding, bool stops) {
  if (finding.oracle.empty()) finding.oracle = "subject";
  if (!muted_) add_finding(std::move(finding));
  if (stops) stop(muted_ ? Outcome::kCompleted : Outcome::kFinding);
}

void Execution::add_finding(Finding finding) {
  hash_ = mix_hash(hash_, 0xf1d00000000000u | static_cast<std::uint64_t>(finding.kind));
  hash_ = mix_hash(hash_, finding.step);
  raise(Outcome::kFinding);
  if (tape_ != nullptr && !tape_->has_finding) tape_->set_finding(finding);
  if (findings_.size() < limits_.findings_max) findings_.push_back(std::move(finding));
}

void Execution::diverge(Divergence divergence) {
  if (outcome_ == Outcome::kDiverged) return;
  divergence_ = std::move(divergence);
  stop(Outcome::kDiverged);
}

void Execution::stop(Outcome outcome) {
  raise(outcome);
  stopped_ = true;
  step_cap_ = 0;
  question_cap_ = 0;
  actors_until_ = 0;
}

}  // namespace reweave
