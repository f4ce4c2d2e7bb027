// Mix: strategies for threads in turn, by the number of the execution; the default of a hunt in a
// program.
//
// In a program every access that threads share is a question, and the orders of a few of them make
// the bug. SURW reaches most bugs in the fewest executions and so has 9 turns of 16; what it is
// weak at is left to URW (2 turns) and to POS, the random walk, PCT with d = 2 and 3 and few
// deviations (1 each). The worst case is 16 times the cost of the best of them.
//
//     execution  0 | 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 | 17 …
//     turn       P | S S U S S P S S U  S  S  R  S  2  3  F | S  …
//
// Whose turn it is depends on the number of the execution alone, so that shards, and processes that
// take every n-th, give a number to the same member. What a member has learnt depends on the
// executions of its shard. The first one of a shard is watched by all that learn, whoever answers:
// none of them spends an execution of its own on measuring. Cost: that of the member.
#pragma once

#include <cstdint>

#include "scheduler/strategy/few_deviations.h"
#include "scheduler/strategy/pct.h"
#include "scheduler/strategy/pos.h"
#include "scheduler/strategy/random_walk.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/surw.h"
#include "scheduler/strategy/urw.h"

namespace reweave {

class Mix final : public Strategy {
 public:
  enum class Member : std::uint8_t { kSurw, kUrw, kPos, kRandomWalk, kPct2, kPct3, kFewDeviations };
  static constexpr std::uint64_t kPeriod = 16;
  /// Whose turn it is.
  static Member member_of(std::uint64_t execution);

  void begin(Prng prng, std::uint64_t execution) override;
  void attach(Execution& execution) override;
  std::uint32_t choose(const Question& question) override;
  bool wants_steps() const override { return watched_ || current_->wants_steps(); }
  bool fast_form(FastForm& form) override { return !watched_ && current_->fast_form(form); }
  void pass(const Question& question) override;
  bool end(const Execution& execution) override;

 private:
  Strategy& member(Member member);
  void watch(const Question& question, std::uint32_t answer);

  Surw surw_;
  Urw urw_;
  Pos pos_;
  RandomWalk random_walk_;
  Pct pct_2_{2};
  Pct pct_3_{3};
  FewDeviations few_deviations_;
  Strategy* current_ = &pos_;
  bool began_ = false;
  bool watched_ = false;  // This execution, the first one, is watched by those that learn.
};

}  // namespace reweave
