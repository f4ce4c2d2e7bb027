// URW: a random walk in which every interleaving has the same chance, where the walk can know what
// is still to come.
//
// After Zhao, Wolff, Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025.
// An actor goes on with a probability in proportion to the steps that it has still to take, with
// those of the actors that it has still to create. If n actors have k1 … kn steps left and none of
// them ever waits, each of the (k1 + … + kn)! / (k1! … kn!) interleavings is as likely as any
// other; a walk that gives every ready actor the same chance gives a long one no early turns.
//
// How many steps are left is what the last execution counted (actor_profile.h). So the first
// execution is a plain random walk, and where the number of steps depends on the order, or an actor
// waits, uniformity is only approximate. An execution depends on what the one before it counted.
//
// Yes/no kinds, `pick` and `fire` as in POS (pos.h): rates of a swarm, and `preempt` in one
// execution of two by weight, where its options say who would go on instead. Cost: a look-up for
// each option.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/engine/urw_policy.h"
#include "scheduler/strategy/actor_profile.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/swarm.h"

namespace reweave {

/// One of the options, with a probability in proportion to `weights`; uniform if all are 0. Both
/// spans have the same length, at least 1.
std::uint32_t draw_by_weight(Prng& prng, std::span<const std::uint64_t> weights);

class Urw final : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override;
  std::uint32_t choose(const Question& question) override;
  bool wants_steps() const override { return true; }
  /// Of a generator and a profile of its own: an execution of an engine and one that is asked
  /// differ.
  bool fast_form(FastForm& form) override {
    of_engine_.use(form, prng_.split("run").next());
    return true;
  }
  void pass(const Question& question) override { watch(question, 0); }
  /// Learns from an execution that another strategy answers, between attach() and end(): the answer
  /// to a question, or 0 at a point that was passed.
  void watch(const Question& question, std::uint32_t answer);
  bool end(const Execution& execution) override;

 private:
  ActorProfile& profile(QuestionKind kind) {
    return kind == QuestionKind::kRun ? of_threads_ : of_tasks_;
  }

  Prng prng_{0};
  Swarm swarm_;
  bool weighs_preempt_ = false;  // In this execution `preempt` is answered by weight.
  ActorProfile of_threads_;      // Of `run` points.
  ActorProfile of_tasks_;        // Of `preempt` points: an actor may stand for both.
  UrwWeights of_engine_;
  std::vector<std::uint64_t> weights_;
};

}  // namespace reweave
