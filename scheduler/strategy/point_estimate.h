// How many questions an execution will ask, estimated from the last ones: the most that any of the
// last eight asked.
//
// Strategies that place a few deviations anywhere in an execution need its length. The longest of
// the recent ones is taken because a deviation too late is merely lost while a length too short
// hides the end; only recent ones, so that a single runaway execution does not thin out the rest of
// the hunt.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "scheduler/execution.h"

namespace reweave {

class PointEstimate {
 public:
  /// False before the first execution: then nobody knows.
  bool known() const { return seen_ > 0; }

  /// At least 1.
  std::uint32_t points() const {
    return std::max(1u, *std::max_element(recent_.begin(), recent_.end()));
  }

  void observe(const Execution& execution) {
    recent_[seen_++ % recent_.size()] = execution.questions();
  }

 private:
  std::array<std::uint32_t, 8> recent_{};
  std::uint64_t seen_ = 0;
};

}  // namespace reweave
