#include "scheduler/strategy/portfolio.h"

namespace reweave {

void Portfolio::begin(Prng prng, std::uint64_t execution) {
  const std::array<Strategy*, 5> turns = {&few_deviations_, &random_walk_, &pct_, &random_walk_,
                                          &depth_first_};
  current_ = turns[execution % turns.size()];
  if (current_ == &depth_first_ && depth_first_done_) current_ = &few_deviations_;
  current_->begin(prng, execution);
}

bool Portfolio::end(const Execution& execution) {
  const bool goes_on = current_->end(execution);
  if (!goes_on && current_ == &depth_first_) depth_first_done_ = true;
  // Only when everything there is has been tried is there nothing left for the others either.
  return !depth_first_.exhausted();
}

}  // namespace reweave
