// What an engine consists of, as plain data, and how a strategy takes part in it.
//
// A strategy with a fast form is a Policy: two functions, instances of the templates in policy.h
// into which its choice is inlined, and a few for rare cases. A point is then one call by pointer,
// and the code under test is compiled once for all strategies.
//
// The tape holds one word for each question: site << 8 | answer. It is the record, and the hash is
// made of it at the end. `stop` is where something else than the common case happens: a limit, the
// strategy's next interest, or, while it equals `tape`, that only one actor can go on.
//
// Who can go on stands in `order`, the running one first, and that is what answers mean:
//
//     answer k     positions 0 and k are exchanged; 0 is the running actor while it can go on
//     becomes ready    is appended
//     blocks, ends     the last one takes its place
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "scheduler/engine/pending.h"
#include "scheduler/execution.h"
#include "scheduler/machine/machine.h"

namespace reweave {

/// Index of an actor in order of creation: the same number as its ActorId. 0 is the root.
using Actor = std::uint32_t;

/// How a run of an engine ended.
enum class Ended : std::uint8_t {
  kCompleted,   // every actor has left
  kStuck,       // some are blocked, nobody is ready, and nobody came to help
  kEnded,       // end() was called
  kStepLimit,   // Limits::steps_max
  kActorLimit,  // Limits::actors_max, or more places or ready actors than an engine has
  kStopped,     // the execution was stopped: a replay diverged, or a finding stopped it
};
const char* ended_name(Ended ended);

struct EngineState;

/// A strategy as the engine uses it. Null where it says so, else all are set. `state.policy_data`
/// is the strategy's own.
struct Policy {
  /// The running actor passes a point.
  void (*point)(EngineState& state, std::uint64_t pending);
  /// The running actor blocks (`step`) or has ended; `word` is the tape word without an answer.
  void (*depart)(EngineState& state, std::uint32_t word, bool step);
  /// Called where the tape is at `stop`, `answers` are at least 2: the answer. Sets
  /// state.interest, if it has one.
  std::uint32_t (*choose)(EngineState& state, std::uint32_t answers);
  /// order[0] takes a step and nothing was asked. May be null.
  void (*alone)(EngineState& state) = nullptr;
  /// `actor` was created, or has become ready again. May be null.
  void (*created)(EngineState& state, Actor actor, Actor parent) = nullptr;
  void (*woken)(EngineState& state, Actor actor) = nullptr;
};

/// What a strategy hands to the engine for one execution.
struct FastForm {
  const Policy* policy = nullptr;
  void* data = nullptr;                 // Lives at least until the execution is over.
  std::uint64_t seed = 0;               // Of EngineState::rng.
  std::uint32_t interest = UINT32_MAX;  // The first question that it wants to look at.
  /// Not null: set at the end to all questions, site << 8 | answer; valid until the next execution.
  std::span<const std::uint32_t>* words = nullptr;
};

struct alignas(64) EngineState {
  static constexpr std::uint32_t kActorsMax = Machine::kPlacesMax;
  static constexpr std::uint32_t kReadyMax = 256;  // An answer is one byte of the tape.

  // What a point touches.
  std::uint32_t* tape = nullptr;  // Where the next word goes.
  std::uint32_t* stop = nullptr;
  std::uint64_t rng = 0;
  std::uint32_t ready = 0;  // How many can go on.
  std::uint32_t actors = 0;
  void (*point)(EngineState& state, std::uint64_t pending) = nullptr;
  SwitchFunction switch_to = nullptr;
  void (*depart)(EngineState& state, std::uint32_t word, bool step) = nullptr;
  const Policy* policy = nullptr;
  void* policy_data = nullptr;
  std::span<const std::uint32_t>* wanted_words = nullptr;  // FastForm::words.

  std::uint32_t* words = nullptr;       // The beginning of the tape.
  std::uint32_t interest = UINT32_MAX;  // Index of the next question that the policy looks at.
  std::uint32_t words_max = 0;          // Most questions.
  std::uint64_t steps_max = 0;          // Execution::step_cap()
  std::uint64_t alone_stop = 0;  // The step limit, as a value of `alone`, while one is ready.
  bool counts_alone = false;     // Points with one ready are only counted.
  bool asks = false;             // Every question goes through the Execution.

  /// On whose stack: that of the OS thread, of order[0], or of an actor that has departed and found
  /// nobody ready.
  enum class Where : std::uint8_t { kHome, kActor, kIdle };

  // What is 0 at the beginning of each execution, side by side: few stores do it.
  std::uint64_t alone = 0;   // Steps without a word on the tape.
  std::uint64_t others = 0;  // Words on the tape that are no steps.
  bool (*idle)(void* context) = nullptr;
  void (*errand)(void* argument) = nullptr;  // What is to be done at home.
  std::uint32_t alive = 0;                   // Actors that were started and have not left.
  bool refused = false;  // Questions were answered ordinarily since words_max was reached.
  bool over = false;     // The run ends at the next point.
  Ended ended = Ended::kCompleted;
  Where where = Where::kHome;

  Actor departed = 0;  // The one of kIdle.
  void* idle_context = nullptr;
  void* errand_argument = nullptr;
  Context* errand_context = nullptr;  // Who wants it.
  Execution* execution = nullptr;
  Chooser* chooser = nullptr;
  Machine* machine = nullptr;
  Context* home = nullptr;

  enum class Status : std::uint8_t { kNone, kReady, kBlocked, kGone };
  alignas(64) std::array<std::uint16_t, kReadyMax> order{};
  std::array<Context*, kActorsMax> context{};
  std::array<std::uint64_t, kActorsMax> pending{};
  std::array<Status, kActorsMax> status{};
  std::array<Option, kReadyMax> options{};   // Filled in only for a chooser that is asked, …
  std::array<Option, kActorsMax> blocked{};  // … and this one for one that wants steps.

  std::uint32_t questions() const { return static_cast<std::uint32_t>(tape - words); }
  std::uint64_t steps() const { return questions() - others + alone; }
  Actor running() const {
    if (where == Where::kActor) return order[0];
    return where == Where::kIdle ? departed : 0;
  }
};

}  // namespace reweave
