// Depth first: tries everything, in order of the number of answers that are not ordinary: none,
// then one, then two …
//
// Iterative bounding after Musuvathi, Qadeer, "Iterative Context Bounding for Systematic Testing of
// Multithreaded Programs", PLDI 2007, with every non-ordinary answer counted, whatever its kind:
// where option 0 of `run` is the current actor this is a bound on preemptions, where it is the next
// in turn a bound on delays (Emmi, Qadeer, Rakamaric, POPL 2011). So the first counterexample has
// the fewest answers that any has.
//
// Within a bound b: the trail of the last execution is walked back to the last question with an
// answer left that keeps the number of non-ordinary ones within b; the answers before it are given
// again, that one is raised by one, the rest is ordinary. When no such question is left and some
// answer was skipped because of b, the search starts again with b+1; if none was skipped,
// everything has been tried: end() says false.
//
// Executions with fewer than b answers come up again under b, as the inner nodes of the tree;
// distinct() does not count them twice. No pruning of equivalent interleavings. It remembers one
// trail: 8 bytes for each question of an execution.
#pragma once

#include <vector>

#include "scheduler/strategy/strategy.h"

namespace reweave {

class DepthFirst final : public Strategy {
 public:
  /// Stops after the bound `answers_max`.
  explicit DepthFirst(std::uint32_t answers_max = UINT32_MAX) : answers_max_(answers_max) {}

  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override { execution_ = &execution; }
  std::uint32_t choose(const Question& question) override;
  bool end(const Execution& execution) override;

  /// How many different executions were run.
  std::uint64_t distinct() const { return distinct_; }
  /// The bound in work: the most non-ordinary answers in an execution.
  std::uint32_t bound() const { return bound_; }
  /// True: there is no execution that was not tried (the bound `answers_max` cut off nothing).
  bool exhausted() const { return exhausted_; }

 private:
  struct Choice {
    std::uint32_t answer = 0;
    std::uint32_t answers = 0;
  };

  bool backtrack();

  std::uint32_t answers_max_;
  std::uint32_t bound_ = 0;
  bool cut_ = false;  // Under this bound an answer was skipped because of it.
  bool exhausted_ = false;
  std::uint64_t distinct_ = 0;
  std::vector<Choice>
      trail_;  // The questions of this execution: first those given again, then the rest.
  std::size_t given_ = 0;  // How many of them are given again.
  Execution* execution_ = nullptr;
};

}  // namespace reweave
