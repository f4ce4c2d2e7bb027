// Few deviations (delay bounding): an ordinary execution but for one to three answers.
//
// Many bugs need only one or two unusual events, and a thousand others around them only hide it.
// Half of the executions place their deviations by index, uniformly over the estimated number of
// questions; the other half by place: a (kind, site) pair uniformly among those seen so far, and a
// small n-th time there, so that a site passed once has the same chance as one in a loop. The first
// execution is wholly ordinary and measures.
//
// With k points a bug that needs one given answer is hit by index with probability 1/k for each
// deviation; by place with 1/(pairs) for a site passed once. An execution depends on what earlier
// ones showed (length, places).
#pragma once

#include <array>
#include <vector>

#include "scheduler/engine/countdown_policy.h"
#include "scheduler/point_counts.h"
#include "scheduler/strategy/point_estimate.h"
#include "scheduler/strategy/strategy.h"

namespace reweave {

class FewDeviations final : public Strategy {
 public:
  static constexpr std::uint32_t kDeviationsMax = 3;

  void begin(Prng prng, std::uint64_t execution) override;
  std::uint32_t choose(const Question& question) override;
  bool end(const Execution& execution) override;
  /// Where the deviations are placed by index. Which answer deviates is drawn apart: an execution
  /// of an engine and one that is asked differ.
  bool fast_form(FastForm& form) override;

 private:
  struct Place {
    QuestionKind kind{};
    SiteId site{};
  };
  struct Deviation {
    Place place;            // By place: where, …
    std::uint32_t nth = 0;  // … and at which time there; by index: of which question.
  };

  bool deviates(const Question& question);

  Prng prng_{0};
  PointEstimate estimate_;
  std::vector<Place> places_;  // Seen in any execution so far, in order of appearance.
  PointCounts known_;          // Of each place in `places_`: 1.
  PointCounts passed_;         // Of each place: how often in this execution.
  std::array<Deviation, kDeviationsMax> deviations_{};
  std::uint32_t count_ = 0;
  bool by_place_ = false;
  Countdown countdown_;
};

}  // namespace reweave
