// Random walk: `run`, `pick` and `fire` are answered uniformly; each yes/no kind draws a rate for
// each execution.
//
// The rates are never, 1/256, 1/32 and 1/4. Always the same rate would either drown a run in spills
// and collections or never combine two of them; drawn anew and for each kind apart, every mixture
// comes up soon ("swarm testing", Groce, Zhang, Eide, Chen, Regehr, ISSTA 2012). There is no useful
// bound: an interleaving has the probability of the product of its choices, so that long actors are
// starved of early turns. It is the cheapest and the yardstick for the others. An execution is a
// function of its Prng alone.
#pragma once

#include <array>

#include "scheduler/strategy/strategy.h"

namespace reweave {

class RandomWalk final : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override;
  std::uint32_t choose(const Question& question) override;

 private:
  Prng prng_{0};
  std::array<std::uint8_t, kQuestionKindCount>
      of_256_{};  // For each yes/no kind: yes how often in 256.
};

}  // namespace reweave
