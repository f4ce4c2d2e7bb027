// Ordinary: answers everything with 0. What happens when nobody interferes; one execution says it
// all.
#pragma once

#include "scheduler/strategy/strategy.h"

namespace reweave {

class Ordinary final : public Strategy {
 public:
  void begin(Prng, std::uint64_t) override {}
  std::uint32_t choose(const Question&) override { return 0; }
  bool end(const Execution&) override { return false; }
};

}  // namespace reweave
