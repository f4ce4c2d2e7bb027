// Runs actors on stacks of their own and passes points at next to no cost.
//
// A subject that is code rather than data drives an execution with it: in Subject::run() it calls
// begin(), spawns actors, and run() returns when the execution is over. An actor calls point()
// before each of its steps; whether it goes on or another one does is a `run` question.
//
// Two ways, the same steps, answers and trace hash. Where the chooser has a fast form, a point is
// one call by pointer into a function made for that strategy, and the Execution gets record, counts
// and hash at the end. Every other chooser (a replay, depth first, one of a fuzzer) is asked
// through Execution::ask(), with the pending steps of all ready actors as options.
//
// Guarantee: a run is a function of the actors' code and the answers. Which machine, which compiler
// and which of the two ways makes no difference.
//
// Limits, each an outcome with a name: kActorsMax actors in one execution, kReadyMax ready at once
// (actor-limit), and those of the Execution; a tape holds kWordsMax questions.
//
// One engine belongs to one OS thread. Its state is plain data; it allocates when the question
// limit grows, else never. Some 60 instructions a point, 27 where the strategy has nothing to say.
//
// What an execution needs once is inlined as far as it goes. A switch leaves a call behind that
// never returns, after which processors are slow at returning from others: in an execution of 6
// points, each call around them counts.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "scheduler/engine/engine_state.h"
#include "scheduler/execution.h"
#include "scheduler/machine/machine.h"

namespace reweave {

class Engine {
 public:
  static constexpr std::uint32_t kActorsMax = EngineState::kActorsMax;
  static constexpr std::uint32_t kReadyMax = EngineState::kReadyMax;
  static constexpr std::uint32_t kWordsMax = SharedTape::kWordsMax;

  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---- From home: the stack of the OS thread ----

  /// A new execution, for an `execution` that has begun: no actor is ready yet. The root (actor 0)
  /// exists, but only start_root() gives it something to do. Both arguments live until the next
  /// begin(); `machine` may serve many engines, one after another.
  void begin(Execution& execution, Machine& machine);

  /// The root itself is an actor that runs. At most once, before any spawn(): it is then the first
  /// in the order.
  void start_root(Context::Entry entry, void* argument);

  /// Switches to the first actor and comes back when the execution is over; the Execution then
  /// knows everything. What is still suspended is abandoned. Nobody ready: it returns at once.
  Ended run() {
    Context* next = first();
    while (next != nullptr) {
      state_.switch_to(state_.home, next);
      next = state_.errand == nullptr ? nullptr : after_errand();
    }
    return conclude();
  }

  /// `idle(context)` is called when nobody is ready: it makes somebody ready and returns true, or
  /// returns false, and the run ends as stuck. It runs on the stack of the actor that came last,
  /// blocked or ended, and may ask by pick(). Null: nobody helps. Until the next begin().
  void set_idle(bool (*idle)(void* context), void* context) {
    state_.idle = idle;
    state_.idle_context = context;
  }

  // ---- From home or from an actor ----

  /// A new actor, the next child of `parent`, ready at once and last in the order: it will call
  /// `entry(argument)`, which ends with leave(). Does not switch. At the actor limit an actor that
  /// calls this does not get back, since the run ends; at home it returns 0.
  Actor spawn(Actor parent, Context::Entry entry, void* argument) {
    EngineState& state = state_;
    const Actor actor = state.actors;
    const bool is_told = !state.asks && state.policy->created != nullptr;
    if (is_told || actor >= state.machine->places() || state.ready == kReadyMax ||
        state.where != EngineState::Where::kHome || !state.execution->has_room()) [[unlikely]] {
      return spawn_attentively(parent, entry, argument);
    }
    state.execution->spawn(ActorId{parent});
    ++state.actors;
    give_place(state, actor, entry, argument);
    state.status[actor] = EngineState::Status::kReady;
    state.order[state.ready++] = static_cast<std::uint16_t>(actor);
    return actor;  // run() looks what the order has come to.
  }

  /// `actor` is blocked and can go on from now on. Does not switch.
  void make_ready(Actor actor);
  /// `actor` is ready but not running, and cannot go on after all: whoever wanted what somebody
  /// else has got. It goes on after make_ready() only. Does not switch.
  void unready(Actor actor);

  /// Which of `answers` possibilities, at least 1 and at most 256: any question but `run`. Asked in
  /// the name of the running actor. Does not switch; in an execution that is over it does not
  /// return.
  std::uint32_t pick(QuestionKind kind, std::uint32_t site, std::uint32_t answers);

  /// An event of the running actor, as Execution::event().
  void event(std::uint16_t kind, std::span<const std::int32_t> args);
  /// An oracle's report, as Execution::report(); its step is filled in here. With `stops` an actor
  /// does not get back.
  void report(Finding finding, bool stops);

  /// Does `errand(argument)` on the stack of the OS thread and comes back; what makes threads or
  /// needs much stack. It must not call the engine.
  void at_home(void (*errand)(void* argument), void* argument);

  // ---- From an actor ----

  /// The running actor is about to take a step. May switch.
  void point(Pending pending) { state_.point(state_, pending.word); }

  /// A point at which nobody else could tell the difference, so that nothing is asked: it counts as
  /// a step and, where several could go on, as a question that was answered ordinarily. A chooser
  /// without a fast form is asked all the same.
  void pass(Pending pending) {
    if (state_.asks || state_.tape == state_.stop) return point(pending);
    state_.pending[state_.order[0]] = pending.word;
    *state_.tape++ = static_cast<std::uint32_t>(pending.word >> 32) & ~0xffu;
  }
  /// So many points of the running actor while nobody else could go on, which were counted
  /// elsewhere. Only where fast().
  void count_alone(std::uint64_t points) { state_.alone += points; }

  /// The running actor cannot go on until somebody calls make_ready(); `pending` is what it then
  /// does. Returns when it was chosen. Counts as a step. May switch.
  void block(Pending pending);

  /// The running actor has ended.
  [[noreturn]] void leave();
  /// The execution has ended: all that is suspended is abandoned.
  [[noreturn]] void end();

  // ---- What there is to know, during a run and after it ----

  /// The running actor; the root while the OS thread runs on its own stack.
  Actor current() const { return state_.running(); }
  Pending pending(Actor actor) const { return Pending::of_word(state_.pending[actor]); }
  std::uint32_t actor_count() const { return state_.actors; }
  bool is_ready(Actor actor) const { return state_.status[actor] == EngineState::Status::kReady; }
  bool is_blocked(Actor actor) const {
    return state_.status[actor] == EngineState::Status::kBlocked;
  }
  /// Those that can go on, in order; during a run the running one comes first.
  std::span<const std::uint16_t> ready() const { return {state_.order.data(), state_.ready}; }
  std::uint64_t steps() const { return state_.asks ? state_.execution->steps() : state_.steps(); }
  /// Of the last run: one word for each question, site << 8 | answer.
  std::span<const std::uint32_t> words() const { return {state_.words, state_.questions()}; }
  Ended ended() const { return state_.ended; }
  /// So many questions were asked as there may be: from now on every answer is the ordinary one.
  bool asked_all() const { return state_.questions() >= state_.words_max; }
  /// True: the strategy has a fast form.
  bool fast() const { return !state_.asks; }
  Execution& execution() { return *state_.execution; }

 private:
  static void give_place(EngineState& state, Actor actor, Context::Entry entry, void* argument) {
    Context& place = state.machine->place(actor);
    prepare(place, entry, argument);
    state.context[actor] = &place;
    state.pending[actor] = Pending(Pending::kStart, Access::kNone, 0).word;
    ++state.alive;
  }

  void make_own_words();
  void use_tape(SharedTape& tape);
  Actor spawn_attentively(Actor parent, Context::Entry entry, void* argument);
  Context* first();
  Context* after_errand();
  Ended conclude();

  EngineState state_;
  std::unique_ptr<std::uint32_t[]> own_words_;
  std::uint32_t own_words_max_ = 0;
};

}  // namespace reweave
