// Site order: each place in the code has a priority, drawn for each execution; the actor goes on
// whose step is at the place with the highest one.
//
// Threads that do the same work come to the same places, however many they are. What makes a bug is
// often an order of places ("nobody sets b before somebody has looked at it") and not of threads,
// and the chance to draw an order of k places is 1/k! with two threads and with two hundred; a walk
// over threads finds it the later the more there are. The idea is the one of abstract events in
// Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox Fuzzing for Concurrency Testing", ASPLOS 2024,
// without anything learnt.
//
//     a writer:  x = 1; y = 1     a reader:  if (x) assert(y)
//     fails if "y = 1" comes below "if (x)" and below "assert(y)": 1 of 3, with any number of them
//
// Of each execution is drawn, besides, whether steps that nobody else could see (the creation of an
// actor, its first step) come first, so that all are there (3 of 4); whether what is given back is
// given back at once (3 of 4); and whether a place counts for all its objects (3 of 4) or for each
// of them apart. Actors at the same place go on by chance.
//
// Only `run` is answered so, and `preempt` in one execution of two, where its options say who would
// go on instead; the others as in POS (pos.h). An execution is a function of its Prng alone; it
// gives only orders that are orders of places, so that there are bugs that it never finds. Cost:
// two multiplications for each option.
#pragma once

#include <cstdint>

#include "scheduler/base/hash.h"
#include "scheduler/engine/engine_state.h"
#include "scheduler/strategy/strategy.h"
#include "scheduler/strategy/swarm.h"

namespace reweave {

/// The priorities of places in one execution.
class SitePriorities {
 public:
  void draw(Prng& prng);
  /// Of a step: UINT64_MAX for one that comes first, else a smaller number.
  std::uint64_t of(const PendingStep& step) const {
    if (step.access == Access::kNone ? unseen_first_ : step.access == Access::kRelease && gives_)
      return UINT64_MAX;
    const std::uint64_t object = by_object_ ? static_cast<std::uint64_t>(step.object) << 32 : 0;
    const std::uint64_t place = object | static_cast<std::uint64_t>(step.site);
    return mix_hash(mix_hash(seed_, place), place) >> 1;  // Twice: places are close numbers.
  }

 private:
  std::uint64_t seed_ = 0;
  bool unseen_first_ = false;
  bool gives_ = false;
  bool by_object_ = false;
};

class SiteOrder final : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override;
  std::uint32_t choose(const Question& question) override;
  bool wants_steps() const override { return true; }
  /// Ties are drawn apart: an execution of an engine and one that is asked differ.
  bool fast_form(FastForm& form) override;

 private:
  Prng prng_{0};
  Swarm swarm_;
  bool orders_preempt_ = false;  // In this execution `preempt` is answered by priorities.
  SitePriorities priorities_;
};

}  // namespace reweave
