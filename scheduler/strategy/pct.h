// PCT: random priorities, and a few random points at which something unusual happens.
//
// After Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic
// Guarantees of Finding Bugs", ASPLOS 2010. Every actor has a random priority and the ready actor
// with the highest one runs; at d-1 change points, drawn uniformly over the execution, the actor
// that would run falls below all others. With n actors and k points a bug of depth d is found with
// probability at least 1/(n k^(d-1)) in each execution.
//
//     points   0 1 2 3 4 5 6 7 8      d = 3, change points 3 and 6
//     runs     A A A B B B A A A      B outranks all but A; A falls at 3, B falls at 6 below A
//
// Where we differ:
//
//   * Points are all questions, the yes/no kinds included: a change point on one of those gives its
//     extraordinary answer instead of changing a priority. So k counts all questions, and the bound
//     holds for bugs whose d-1 events are of any kind.
//   * k is the most questions that one of the last eight executions asked (PointEstimate). A longer
//     execution has no change points in the rest. The first execution, when k is unknown, has none
//     at all: it measures. The bound holds as far as k is right.
//   * `pick` and `fire` are data, not priorities: uniform, change point or not.
//   * An actor that was chosen 1000 times in a row over other ready ones falls, too: otherwise a
//     loop that waits for another actor would never end.
#pragma once

#include <vector>

#include "scheduler/strategy/point_estimate.h"
#include "scheduler/strategy/strategy.h"

namespace reweave {

class Pct final : public Strategy {
 public:
  static constexpr std::uint32_t kDepthMax = 64;

  /// `depth` is d, from 1 to kDepthMax.
  explicit Pct(std::uint32_t depth = 3);

  void begin(Prng prng, std::uint64_t execution) override;
  std::uint32_t choose(const Question& question) override;
  bool end(const Execution& execution) override;

 private:
  std::uint64_t& priority(ActorId actor);
  std::uint32_t highest(const Question& question);
  std::uint32_t choose_actor(const Question& question, bool change);

  std::uint32_t depth_;
  Prng prng_{0};
  std::uint64_t priority_seed_ = 0;
  PointEstimate estimate_;
  std::vector<std::uint32_t> changes_;  // Indices of questions, sorted; may repeat.
  std::size_t next_change_ = 0;
  /// The priority that the last fallen actor got; falls by one each time.
  std::uint64_t fallen_ = 0;
  /// By actor; 0: not drawn yet. Never fallen: above 2^63. Fallen: below.
  std::vector<std::uint64_t> priorities_;
  ActorId last_{};
  std::uint32_t in_a_row_ = 0;  // How often `last_` was chosen over others without a break.
};

}  // namespace reweave
