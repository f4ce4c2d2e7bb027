// Fuzz input: answers as a plan says. See plan.h for what a plan is.
//
// An item that fits a question answers it; otherwise the plan's swarm decides, drawn from its
// own seed, whether it is answered extraordinarily; otherwise ordinarily. An execution is a
// function of the plan alone. Cost: a comparison for each item at each question, and no memory.
#pragma once

#include <array>

#include "scheduler/strategy/plan.h"
#include "scheduler/strategy/strategy.h"

namespace reweave {

class FuzzInput final : public Strategy {
 public:
  /// `plan` must outlive this; it may be changed between executions.
  explicit FuzzInput(const Plan& plan) : plan_(plan) {}

  void begin(Prng, std::uint64_t) override {}
  void attach(Execution& execution) override;
  std::uint32_t choose(const Question& question) override;
  bool end(const Execution&) override { return false; }

 private:
  const Plan& plan_;
  Prng prng_{0};
  Swarm swarm_;
  std::array<std::uint32_t, Plan::kItemsMax>
      passed_{};  // Of each item by site: how often its site was asked.
};

}  // namespace reweave
