#include "scheduler/strategy/exhausting.h"

namespace reweave {

void Exhausting::begin(Prng prng, std::uint64_t execution) {
  current_ = depth_first_left_ > 0 ? &depth_first_ : other_.get();
  current_->begin(prng, execution);
}

bool Exhausting::end(const Execution& execution) {
  const bool goes_on = current_->end(execution);
  const bool repeats = seen_.add(execution.trace_hash()) == DistinctHashes::Sight::kSeen;
  if (current_ == &depth_first_) {
    --depth_first_left_;
    return goes_on;
  }
  repeated_ += repeats ? 1 : 0;
  if (++in_window_ < kWindow) return goes_on;
  if (repeated_ * 2 > kWindow) depth_first_left_ = kDepthFirst;
  in_window_ = repeated_ = 0;
  return goes_on;
}

}  // namespace reweave
