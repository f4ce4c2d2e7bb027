// How long an execution of a program may be, and whether one that reaches its end only is long or
// goes round in circles.
//
// Idea: a step counts as one where somebody could have chosen, and as 1/64 while one thread alone
// can go on: such a step decides nothing and costs 2 ns, and a program that computes for long
// before it starts a thread is not endless. What the last 20,000 steps touch is written down; an
// execution that touched few places then would do so for ever. A program that touches few places
// for so long and ends all the same is told to be endless: `steps-max` has to be more.
//
// Guarantee: a function of the steps and of what they touch, the same in a hunt and in a replay.
// Costs nothing but near the end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace reweave::program {

class StepBudget {
 public:
  /// An execution of at most `steps_max` steps, at least 1, begins; several threads can go on.
  void begin(std::uint64_t steps_max) {
    given_ = steps_max;
    // A little less than the engine has, so that whoever runs at the end is named.
    steps_max_ = steps_max - std::min<std::uint64_t>(steps_max - 1, kStepsKept);
    cap_ = steps_max * kLoneSteps;
    weighed_ = weighed_to_ = 0;
    places_.clear();
  }
  /// More steps than it can ever be, for the engine.
  std::uint64_t cap() const { return cap_; }
  std::uint64_t steps_max() const { return steps_max_; }
  /// As begin() was given it.
  std::uint64_t given() const { return given_; }

  /// All steps up to `steps` are weighed as what they were, `alone` or not, and so is what comes.
  void weigh(std::uint64_t steps, bool alone) {
    const std::uint64_t weight = alone ? kLoneSteps : 1;
    weighed_ += (steps - weighed_to_) / weight;
    weighed_to_ = steps;
    last_ = steps + (steps_max_ - std::min(steps_max_, weighed_)) * weight;
  }
  /// The step at which it is over, if nothing changes.
  std::uint64_t last() const { return last_; }
  /// So few steps are left that each has to be told by touch().
  bool is_near_end(std::uint64_t steps) const { return steps + kLoopSteps >= last_; }
  std::uint64_t near_end() const { return last_ - std::min(last_, kLoopSteps); }
  /// A step touches `place`, a number for what it does it to.
  void touch(std::uint32_t place) {
    if (places_.size() > kLoopPlaces) return;
    const auto at = std::lower_bound(places_.begin(), places_.end(), place);
    if (at == places_.end() || *at != place) places_.insert(at, place);
  }
  /// At the end: it went round in circles.
  bool is_loop() const { return places_.size() <= kLoopPlaces; }

 private:
  static constexpr std::uint64_t kStepsKept = 8, kLoneSteps = 64, kLoopSteps = 20'000;
  static constexpr std::uint32_t kLoopPlaces = 256;

  std::uint64_t given_ = 0, steps_max_ = 0, cap_ = 0;
  std::uint64_t weighed_ = 0;     // Steps as they count for steps_max_, up to …
  std::uint64_t weighed_to_ = 0;  // … this step.
  std::uint64_t last_ = 0;
  std::vector<std::uint32_t> places_;  // In order.
};

}  // namespace reweave::program
