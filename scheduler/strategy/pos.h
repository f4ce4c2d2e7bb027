// POS: every pending step has a random priority, drawn again when it is overtaken by a step that it
// depends on.
//
// After Yuan, Yang, Gu, "Partial Order Aware Concurrency Sampling", CAV 2018. The step with the
// highest priority among those that can be taken goes on. The actor's next step draws a priority of
// its own, and so does every pending step that conflicts with the one taken: who lost a race once
// may win the next one. Steps that touch different things keep theirs, so that what is chosen at
// random is the order of what conflicts and not the order of everything.
//
//     A: write x, write y   B: write x     A goes first in 1 of 2; then B draws again, and in 1
//                                          of 2 A goes on.
//     A: write x, write y   B: write z     A goes first in 1 of 2; B keeps what it drew, and since
//                                          it has lost already, in 2 of 3 A goes on.
//
// Where we differ:
// * Yes/no kinds are no steps of actors: they are answered by a swarm's rates, as in the random
//   walk (swarm.h). `preempt` is one of them unless its options say who would go on instead; then,
//   in one execution of two, it is answered by the priorities of the two steps. The queue decides
//   who the other one is, so that this is POS between the first two and not among all.
// * `pick` and `fire` are uniform.
//
// An execution is a function of its Prng alone. Cost: a draw for each step and a comparison for
// each option and each blocked actor.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/engine/pos_policy.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/swarm.h"

namespace reweave {

/// A priority for the pending step of each actor, drawn when it is looked at first.
class StepPriorities {
 public:
  /// No step has one. `prng` is the stream that they are drawn from.
  void begin(Prng prng) {
    prng_ = prng;
    drawn_.clear();
  }
  std::uint64_t of(ActorId actor) {
    const auto index = static_cast<std::size_t>(actor);
    if (index >= drawn_.size()) drawn_.resize(index + 1, 0);
    if (drawn_[index] == 0) drawn_[index] = prng_.next() | 1;
    return drawn_[index];
  }
  /// The actor's step has been taken, or its priority is not to count any more.
  void forget(ActorId actor) {
    const auto index = static_cast<std::size_t>(actor);
    if (index < drawn_.size()) drawn_[index] = 0;
  }

 private:
  Prng prng_{0};
  std::vector<std::uint64_t> drawn_;  // By actor; 0: not drawn.
};

class Pos final : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override;
  std::uint32_t choose(const Question& question) override;
  bool wants_steps() const override { return true; }
  /// Of a generator of its own: an execution of an engine and one that is asked differ.
  bool fast_form(FastForm& form) override {
    use_pos(form, of_engine_, prng_.split("run").next());
    return true;
  }
  void pass(const Question& question) override;

 private:
  StepPriorities& priorities(QuestionKind kind) {
    return kind == QuestionKind::kRun ? of_threads_ : of_tasks_;
  }
  static void take(StepPriorities& priorities, const Question& question, std::uint32_t answer);

  Prng prng_{0};
  Swarm swarm_;
  bool orders_preempt_ = false;  // In this execution `preempt` is answered by priorities.
  StepPriorities of_threads_;    // For `run`.
  StepPriorities of_tasks_;      // For `preempt`: an actor may stand for both.
  PosPriorities of_engine_;
};

}  // namespace reweave
