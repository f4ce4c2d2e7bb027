#include "scheduler/engine/engine.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "scheduler/base/hash.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/engine/policy.h"

namespace reweave {
namespace {

using Status = EngineState::Status;
using Where = EngineState::Where;

/// A point while nobody else is ready: nothing is asked, and the step counts.
void point_alone(EngineState& state, std::uint64_t pending) {
  state.pending[state.order[0]] = pending;
  if (state.alone == state.alone_stop) [[unlikely]]
    return pass_point_slowly(state, pending);
  ++state.alone;
}

/// Where the common case ends next. Early is harmless: the slow functions look again.
void look_again(EngineState& state) {
  if (state.asks) return;
  const auto signed_of = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  const std::int64_t asked = state.tape - state.words;
  // The word at this index would be the step beyond the last, if each from now on had one.
  const std::int64_t steps_max = signed_of(state.steps_max + state.others);
  if (state.ready > 1 && !state.over) [[likely]] {
    const std::int64_t wanted = std::min(state.words_max, state.interest);
    state.point = state.policy->point;
    state.stop =
        state.words + std::max(asked, std::min(wanted, steps_max - signed_of(state.alone)));
    return;
  }
  state.stop = state.tape;
  if (state.ready == 1 && state.counts_alone && !state.over) {
    state.point = &point_alone;
    state.alone_stop =
        static_cast<std::uint64_t>(std::max(signed_of(state.alone), steps_max - asked));
  } else {
    state.point = state.policy->point;
  }
}

/// Leaves the running actor's stack for good.
[[noreturn]] void go_home(EngineState& state, Ended ended) {
  Context* const mine = state.context[state.running()];
  state.ended = ended;
  state.over = true;
  state.where = Where::kHome;
  state.switch_to(mine, state.home);
  CHECK_MSG(false, "an abandoned actor was entered again");
  __builtin_unreachable();
}

Ended reason_to_stop(const EngineState& state) {
  switch (state.execution->outcome()) {
    case Outcome::kStepLimit:
      return Ended::kStepLimit;
    case Outcome::kActorLimit:
      return Ended::kActorLimit;
    case Outcome::kCompleted:
    case Outcome::kUncaughtError:
    case Outcome::kMemoryLimit:
    case Outcome::kQuestionLimit:
    case Outcome::kFinding:
    case Outcome::kDiverged:
      break;
  }
  return Ended::kStopped;
}

/// The running actor begins a step; does not return at the limit.
void begin_step(EngineState& state, Actor actor, std::uint32_t word) {
  if (state.over) go_home(state, reason_to_stop(state));
  if (state.asks) {
    if (!state.execution->step(ActorId{actor}, SiteId{word >> 8})) {
      go_home(state, reason_to_stop(state));
    }
  } else if (state.steps() >= state.steps_max) {
    state.execution->set_steps(state.steps_max);
    (void)state.execution->step(ActorId{actor}, SiteId{word >> 8});  // Says so.
    go_home(state, Ended::kStepLimit);
  }
}

void show_blocked(EngineState& state) {
  std::uint32_t count = 0;
  for (Actor actor = 0; actor < state.actors; ++actor) {
    if (state.status[actor] != Status::kBlocked) continue;
    state.blocked[count++] = {ActorId{actor}, Pending::of_word(state.pending[actor]).step()};
  }
  state.execution->show_blocked({state.blocked.data(), count});
}

/// ask_run() where somebody else than the policy is to hear of it, or nobody is asked.
std::uint32_t ask_run_slowly(EngineState& state, Actor actor, std::uint32_t word, bool step) {
  if (state.asks) {
    for (std::uint32_t i = 0; i < state.ready; ++i) {
      const Actor other = state.order[i];
      state.options[i] = {ActorId{other}, Pending::of_word(state.pending[other]).step()};
    }
    if (state.execution->wants_steps()) show_blocked(state);
    const std::uint32_t before = state.execution->questions();
    const std::uint32_t answer =
        state.execution->ask_unhashed(QuestionKind::kRun, ActorId{actor}, SiteId{word >> 8},
                                      state.ready, {state.options.data(), state.ready});
    if (state.execution->stopped()) {
      if (state.where == Where::kHome) {
        state.over = true;
        return 0;
      }
      go_home(state, reason_to_stop(state));
    }
    if (state.execution->questions() != before) *state.tape++ = word | answer;
    return answer;
  }
  state.refused |= state.ready > 1;
  state.alone += step ? 1 : 0;
  if (state.execution->tape() != nullptr) {
    state.execution->tape()->step.store(state.alone - state.others, std::memory_order_relaxed);
  }
  if (state.policy->alone != nullptr) state.policy->alone(state);
  return 0;
}

/// The question who of state.order goes on; at least one is ready. `step`: it is a step, too, that
/// begin_step() let through.
[[gnu::always_inline]] inline std::uint32_t ask_run(EngineState& state, Actor actor,
                                                    std::uint32_t word, bool step) {
  if (state.asks || state.ready < 2 || state.questions() >= state.words_max) [[unlikely]]
    return ask_run_slowly(state, actor, word, step);
  const std::uint32_t answer = state.policy->choose(state, state.ready);
  *state.tape++ = word | answer;
  state.others += step ? 0 : 1;
  return answer;
}

/// Makes `answer` the running one.
void exchange(EngineState& state, std::uint32_t answer) {
  std::swap(state.order[0], state.order[answer]);
}

/// Two lanes of two words each, so that the multiplications overlap.
std::uint64_t hash_of(std::span<const std::uint32_t> words) {
  std::uint64_t a = 0x2d358dccaa6c78a5u, b = 0x8bb84b93962eacc9u;
  const std::uint32_t* word = words.data();
  std::size_t left = words.size();
  const auto pair = [&](std::size_t at) {
    return std::uint64_t{word[at]} | std::uint64_t{word[at + 1]} << 32;
  };
  for (; left >= 4; left -= 4, word += 4) {
    a = mix_hash(a, pair(0));
    b = mix_hash(b, pair(2));
  }
  if (left >= 1) a = mix_hash(a, word[0]);
  if (left >= 2) a = mix_hash(a, word[1]);
  if (left == 3) a = mix_hash(a, word[2]);
  return mix_hash(a, b ^ words.size());
}

void point_asked(EngineState& state, std::uint64_t pending) {
  state.pending[state.order[0]] = pending;
  pass_point_slowly(state, pending);
}

}  // namespace

void pass_point_slowly(EngineState& state, std::uint64_t pending) {
  const Actor current = state.order[0];
  const std::uint32_t word = tape_word(pending);
  begin_step(state, current, word);
  const std::uint32_t answer = ask_run(state, current, word, /*step=*/true);
  look_again(state);
  if (answer == 0) return;
  exchange(state, answer);
  state.switch_to(state.context[current], state.context[state.order[0]]);
}

void depart_slowly(EngineState& state, std::uint32_t word, bool step) {
  const Actor current = state.order[0];
  if (state.over) go_home(state, reason_to_stop(state));
  if (step) begin_step(state, current, word);
  state.order[0] = state.order[--state.ready];
  if (state.ready == 0) {
    state.where = Where::kIdle;
    state.departed = current;
    if (state.alive == 0) go_home(state, state.over ? reason_to_stop(state) : Ended::kCompleted);
    // Whoever helps, or ends it, is to see the step: where it is asked, begin_step() counted it.
    const std::uint32_t uncounted = step && !state.asks ? 1 : 0;
    state.alone += uncounted;
    const bool helped = state.idle != nullptr && state.idle(state.idle_context);
    if (helped) state.alone -= uncounted;  // It is counted below.
    if (state.over) go_home(state, reason_to_stop(state));
    if (!helped) go_home(state, Ended::kStuck);
    CHECK_MSG(state.ready != 0, "idle() promised somebody who can go on");
    state.where = Where::kActor;
  }
  if (state.ready == 1 && state.counts_alone) {
    state.alone += step ? 1 : 0;
    look_again(state);
    const Actor last = state.order[0];
    if (last != current) state.switch_to(state.context[current], state.context[last]);
    return;
  }
  // Whoever asks has departed, but it is on its stack that this runs.
  state.where = Where::kIdle;
  state.departed = current;
  const std::uint32_t answer = ask_run(state, current, word, step);
  state.where = Where::kActor;
  exchange(state, answer);
  look_again(state);
  const Actor next = state.order[0];
  if (next != current) state.switch_to(state.context[current], state.context[next]);
}

const char* ended_name(Ended ended) {
  constexpr std::array<const char*, 6> kNames = {"completed",  "stuck",       "ended",
                                                 "step-limit", "actor-limit", "stopped"};
  return kNames[static_cast<std::size_t>(ended)];
}

// Behind the limit of questions there is room for one word more.
void Engine::make_own_words() {
  own_words_ = std::make_unique_for_overwrite<std::uint32_t[]>(state_.words_max + 1u);
  own_words_max_ = state_.words_max;
}

void Engine::use_tape(SharedTape& tape) {
  std::uint32_t* const words = tape.words.data();
  // Behind the last word there has to be a 0 at any time.
  const std::size_t used = words == state_.words ? state_.questions() : tape.word_count();
  std::memset(words, 0, used * sizeof *words);
  tape.fast = 1;
  state_.words = words;
}

void Engine::begin(Execution& execution, Machine& machine) {
  EngineState& state = state_;
  expected_state.store(&state, std::memory_order_relaxed);
  machine.begin();
  FastForm form;
  state.asks = execution.has_step_hook() || !execution.chooser().fast_form(form);
  state.words_max = std::min(execution.limits().questions_max, kWordsMax);
  execution.lower_questions_max(state.words_max);
  if (state.asks || execution.tape() == nullptr) {
    if (own_words_max_ < state.words_max || own_words_ == nullptr) [[unlikely]]
      make_own_words();
    state.words = own_words_.get();
  } else {
    use_tape(*execution.tape());
  }
  state.tape = state.words;
  state.steps_max = execution.step_cap();
  state.ready = 0;
  state.actors = 1;
  state.policy = state.asks ? nullptr : form.policy;
  state.policy_data = form.data;
  state.wanted_words = state.asks ? nullptr : form.words;
  state.rng = form.seed;
  state.interest = form.interest;
  state.point = state.asks ? &point_asked : form.policy->point;
  state.depart = state.asks ? &depart_slowly : form.policy->depart;
  state.switch_to = machine.switch_function();
  // Otherwise the strategy or a watching process wants to hear of every step.
  state.counts_alone = !state.asks && form.policy->alone == nullptr && execution.tape() == nullptr;
  state.alone = state.others = 0;
  state.idle = nullptr;
  state.errand = nullptr;
  state.alive = 0;
  state.refused = state.over = false;
  state.ended = Ended::kCompleted;
  state.where = Where::kHome;
  state.execution = &execution;
  state.chooser = &execution.chooser();
  state.machine = &machine;
  state.home = &machine.home();
  state.context[0] = state.home;
  state.pending[0] = Pending(Pending::kStart, Access::kNone, 0).word;
  state.status[0] = Status::kNone;
  state.order[0] = 0;
  state.stop = state.tape;
}

namespace {

void grow_places(void* argument) {
  Machine& machine = *static_cast<Machine*>(argument);
  machine.grow(std::min(machine.places() * 2 + 4, Machine::kPlacesMax));
}

/// `actor` becomes the last of the order, and the run will end if it is one too many.
void append(EngineState& state, Actor actor) {
  state.status[actor] = Status::kReady;
  if (state.ready == EngineState::kReadyMax) {
    state.execution->stop_at_actor_limit();
    state.over = true;
  } else {
    state.order[state.ready++] = static_cast<std::uint16_t>(actor);
  }
}

}  // namespace

void Engine::start_root(Context::Entry entry, void* argument) {
  CHECK(state_.status[0] == Status::kNone);
  CHECK(state_.where == Where::kHome);
  if (state_.machine->places() == 0) grow_places(state_.machine);
  give_place(state_, 0, entry, argument);
  append(state_, 0);
  if (!state_.asks && state_.policy->created != nullptr) state_.policy->created(state_, 0, 0);
}

Actor Engine::spawn_attentively(Actor parent, Context::Entry entry, void* argument) {
  EngineState& state = state_;
  const Actor actor = state.actors;
  if (actor == kActorsMax) state.execution->stop_at_actor_limit();
  if (actor < kActorsMax) state.execution->spawn(ActorId{parent});
  if (state.execution->stopped()) {
    state.over = true;
    if (state.where != Where::kHome) go_home(state, reason_to_stop(state));
    return 0;
  }
  if (actor >= state.machine->places()) at_home(&grow_places, state.machine);
  ++state.actors;
  give_place(state, actor, entry, argument);
  append(state, actor);
  if (!state.asks && state.policy->created != nullptr) state.policy->created(state, actor, parent);
  if (state.where != Where::kHome) look_again(state);
  return actor;
}

void Engine::make_ready(Actor actor) {
  CHECK(state_.status[actor] == Status::kBlocked);
  append(state_, actor);
  if (!state_.asks && state_.policy->woken != nullptr) state_.policy->woken(state_, actor);
  look_again(state_);
}

void Engine::unready(Actor actor) {
  EngineState& state = state_;
  CHECK(state.status[actor] == Status::kReady);
  const std::uint32_t first = state.where == Where::kActor ? 1 : 0;
  std::uint32_t at = first;
  while (at < state.ready && state.order[at] != actor) ++at;
  CHECK_MSG(at < state.ready, "the running actor blocks by block()");
  state.order[at] = state.order[--state.ready];
  state.status[actor] = Status::kBlocked;
  look_again(state);
}

std::uint32_t Engine::pick(QuestionKind kind, std::uint32_t site, std::uint32_t answers) {
  EngineState& state = state_;
  CHECK(answers >= 1);
  CHECK(answers <= 256);
  CHECK(kind != QuestionKind::kRun);
  if (state.over && state.where != Where::kHome) go_home(state, reason_to_stop(state));
  const ActorId actor{state.running()};
  std::uint32_t answer = 0;
  if (state.asks) {
    const std::uint32_t before = state.execution->questions();
    answer = state.execution->ask_unhashed(kind, actor, SiteId{site}, answers);
    if (state.execution->stopped()) {
      state.over = true;
      if (state.where != Where::kHome) go_home(state, reason_to_stop(state));
      return 0;
    }
    if (state.execution->questions() != before) *state.tape++ = site << 8 | answer;
    return answer;
  }
  if (answers == 1) return 0;
  if (state.questions() >= state.words_max) {
    state.refused = true;
    return 0;
  }
  Question question;
  question.kind = kind;
  question.actor = actor;
  question.site = SiteId{site};
  question.answers = answers;
  question.index = state.questions();
  answer = state.chooser->choose(question);
  CHECK_MSG(answer < answers, "the chooser gave an answer that is not possible");
  *state.tape++ = site << 8 | answer;
  ++state.others;
  look_again(state);
  return answer;
}

void Engine::event(std::uint16_t kind, std::span<const std::int32_t> args) {
  if (!state_.asks) state_.execution->set_steps(state_.steps());
  state_.execution->event(ActorId{current()}, kind, args);
}

void Engine::report(Finding finding, bool stops) {
  EngineState& state = state_;
  if (!state.asks) state.execution->set_steps(state.steps());
  finding.step = steps();
  state.execution->report(std::move(finding), stops);
  if (!stops) return;
  state.over = true;
  if (state.where != Where::kHome) go_home(state, reason_to_stop(state));
}

void Engine::at_home(void (*errand)(void* argument), void* argument) {
  EngineState& state = state_;
  if (state.where == Where::kHome) return errand(argument);
  const Where where = std::exchange(state.where, Where::kHome);
  Context* const mine = state.context[where == Where::kIdle ? state.departed : state.order[0]];
  state.errand = errand;
  state.errand_argument = argument;
  state.errand_context = mine;
  state.switch_to(mine, state.home);
  state.where = where;
}

// Whom to begin with; null: nobody.
Context* Engine::first() {
  EngineState& state = state_;
  if (state.ready != 0 && !state.over) {
    if (state.ready > 1) {
      exchange(state, ask_run(state, 0, Pending::kStart << 8, /*step=*/false));
    } else if (!state.asks && state.policy->alone != nullptr) {
      state.policy->alone(state);
    }
    look_again(state);
  }
  if (state.over) [[unlikely]]
    state.ended = reason_to_stop(state);
  if (state.ready == 0 || state.over) return nullptr;
  state.where = Where::kActor;
  return state.context[state.order[0]];
}

// Back at home, for an errand: whom to go on with.
Context* Engine::after_errand() {
  std::exchange(state_.errand, nullptr)(state_.errand_argument);
  return state_.errand_context;
}

Ended Engine::conclude() {
  EngineState& state = state_;
  state.where = Where::kHome;
  Execution& execution = *state.execution;
  const std::span<const std::uint32_t> all = words();
  if (!state.asks) {
    execution.set_steps(std::min(state.steps(), state.steps_max));
    execution.adopt_words(all, state.refused);
    if (state.wanted_words != nullptr) *state.wanted_words = all;
  }
  execution.hash_answers(hash_of(all));
  return state.ended;
}

void Engine::block(Pending pending) {
  const Actor actor = state_.order[0];
  state_.pending[actor] = pending.word;
  state_.status[actor] = Status::kBlocked;
  state_.depart(state_, tape_word(pending.word), /*step=*/true);
}

void Engine::leave() {
  const Actor actor = state_.order[0];
  state_.status[actor] = Status::kGone;
  --state_.alive;
  state_.depart(state_, tape_word(state_.pending[actor]), /*step=*/false);
  CHECK_MSG(false, "an actor that has left was entered again");
  __builtin_unreachable();
}

void Engine::end() { go_home(state_, Ended::kEnded); }

}  // namespace reweave
