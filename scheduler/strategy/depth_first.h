// Depth first: tries everything, in order of what it costs: nothing, then one, then two …
//
// Three measures of what an answer costs:
//
//     answers      1 for each answer that is not ordinary, whatever its kind
//     preemptions  1 where an actor that could go on has to stand back; who comes after one that
//                  waits or has ended is free (Musuvathi, Qadeer, "Iterative Context Bounding for
//                  Systematic Testing of Multithreaded Programs", PLDI 2007)
//     delays       the actors take turns in the order in which they were created, each goes on
//                  until it waits or ends; 1 for each that is passed over (Emmi, Qadeer, Rakamaric,
//                  "Delay-Bounded Scheduling", POPL 2011)
//
// For other questions than `run` all three count an answer that is not ordinary. So the first
// counterexample has the fewest that any has. With n actors and k steps there are about (nk)^b
// executions with b preemptions, times the orders of those that wait, and k^b with b delays.
//
// Within a bound b: the trail of the last execution is walked back to the last question with an
// answer left that keeps the costs within b; the answers before it are given again, that one is
// replaced by the next dearer one, the rest costs nothing. When no such question is left and some
// answer was skipped because of b, the search starts again with b+1; if none was skipped,
// everything has been tried: end() says false.
//
// Executions that cost less than b come up again under b, as the inner nodes of the tree;
// distinct() does not count them twice. No pruning of equivalent interleavings. It remembers one
// trail: 12 bytes for each question of an execution.
#pragma once

#include <vector>

#include "scheduler/strategy/strategy.h"

namespace reweave {

class DepthFirst final : public Strategy {
 public:
  enum class Cost : std::uint8_t { kAnswers, kPreemptions, kDelays };

  /// Stops after the bound `bound_max`.
  explicit DepthFirst(std::uint32_t bound_max = UINT32_MAX, Cost cost = Cost::kAnswers)
      : bound_max_(bound_max), cost_(cost) {}

  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override { execution_ = &execution; }
  std::uint32_t choose(const Question& question) override;
  bool end(const Execution& execution) override;
  std::uint32_t bounds_done() const override { return bounds_done_; }

  /// How many different executions were run.
  std::uint64_t distinct() const { return distinct_; }
  /// The bound in work: the highest cost of an execution.
  std::uint32_t bound() const { return bound_; }
  /// True: there is no execution that was not tried (the bound `bound_max` cut off nothing).
  bool exhausted() const { return exhausted_; }

 private:
  struct Choice {
    std::uint32_t rank = 0;  // Of the answer, the cheapest being 0.
    std::uint32_t answers = 0;
    enum class Price : std::uint8_t { kFree, kOne, kRank } price = Price::kOne;

    std::uint32_t cost() const {
      if (rank == 0 || price == Price::kFree) return 0;
      return price == Price::kOne ? 1 : rank;
    }
  };

  Choice::Price price_of(const Question& question) const;
  std::uint32_t answer_of(const Question& question, const Choice& choice);
  bool backtrack();

  std::uint32_t bound_max_;
  Cost cost_;
  std::uint32_t bound_ = 0;
  std::uint32_t bounds_done_ = 0;
  bool cut_ = false;  // Under this bound an answer was skipped because of it.
  bool exhausted_ = false;
  std::uint64_t distinct_ = 0;
  // The questions of this execution: first those given again, then the rest.
  std::vector<Choice> trail_;
  std::size_t given_ = 0;  // How many of them are given again.
  std::vector<std::uint32_t> turns_;
  Execution* execution_ = nullptr;
};

}  // namespace reweave
