// Portfolio: several strategies in turn, by the number of the execution; the default of a hunt.
//
// No strategy is best for every bug, and which bug there is is not known beforehand. Of five
// executions two go to the random walk, which alone reaches bugs of great depth, and one each to
// few deviations, PCT and depth first (at most two non-ordinary answers), which reach shallow ones
// sooner. The first one is ordinary. The worst case is five times the cost of the best of them.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/strategy/depth_first.h"
#include "scheduler/strategy/few_deviations.h"
#include "scheduler/strategy/pct.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/strategy.h"

namespace reweave {

class Portfolio final : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override { current_->attach(execution); }
  std::uint32_t choose(const Question& question) override { return current_->choose(question); }
  bool fast_form(FastForm& form) override { return current_->fast_form(form); }
  bool end(const Execution& execution) override;

 private:
  FewDeviations few_deviations_;
  RandomWalk random_walk_;
  Pct pct_{3};
  DepthFirst depth_first_{2};
  bool depth_first_done_ = false;
  Strategy* current_ = &few_deviations_;
};

}  // namespace reweave
