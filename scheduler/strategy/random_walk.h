// Random walk: `run`, `pick` and `fire` are answered uniformly; yes/no kinds by rates drawn for
// each execution (swarm.h).
//
// There is no useful bound: an interleaving has the probability of the product of its choices, so
// that long actors are starved of early turns. It is the cheapest strategy and the yardstick for
// the others. An execution is a function of its Prng alone.
#pragma once

#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/swarm.h"

namespace reweave {

class RandomWalk final : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override;
  std::uint32_t choose(const Question& question) override;
  bool is_plain() const override { return true; }
  /// Of a generator of its own: an execution of an engine and one that is asked differ.
  bool fast_form(FastForm& form) override;

 private:
  void draw_rates();

  Prng prng_{0};
  bool drawn_ = false;  // The rates are drawn by the first question: an engine asks few.
  Swarm swarm_;
};

}  // namespace reweave
