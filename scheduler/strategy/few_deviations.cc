#include "scheduler/strategy/few_deviations.h"

#include <algorithm>

namespace reweave {

void FewDeviations::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  passed_.clear();
  count_ = 0;
  by_place_ = true;  // While measuring, places are learnt.
  if (!estimate_.known() || places_.empty()) return;
  by_place_ = prng_.below(2) == 0;
  count_ = 1 + prng_.below(kDeviationsMax);
  for (std::uint32_t i = 0; i < count_; ++i) {
    Deviation& deviation = deviations_[i];
    if (by_place_) {
      deviation.place = places_[prng_.below(static_cast<std::uint32_t>(places_.size()))];
      deviation.nth = prng_.below(1u << prng_.below(7));  // Mostly early, up to 63.
    } else {
      deviation.nth = prng_.below(estimate_.points());
    }
  }
}

std::uint32_t FewDeviations::choose(const Question& question) {
  if (!deviates(question)) return 0;
  return 1 + prng_.below(question.answers - 1);
}

bool FewDeviations::deviates(const Question& question) {
  if (!by_place_) {
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (deviations_[i].nth == question.index) return true;
    }
    return false;
  }
  const std::uint32_t nth = passed_.pass(question.kind, ActorId{}, question.site);
  if (nth == 0 && known_.pass(question.kind, ActorId{}, question.site) == 0) {
    places_.push_back({question.kind, question.site});
  }
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Deviation& deviation = deviations_[i];
    if (deviation.nth == nth && deviation.place.kind == question.kind &&
        deviation.place.site == question.site) {
      return true;
    }
  }
  return false;
}

bool FewDeviations::fast_form(FastForm& form) {
  if (by_place_) return false;
  constexpr std::uint64_t kRunStream = 1;
  for (std::uint32_t i = 0; i < count_; ++i) countdown_.at[i] = deviations_[i].nth;
  std::sort(countdown_.at.begin(), countdown_.at.begin() + count_);
  countdown_.count = count_;
  use_countdown(form, countdown_, prng_.split(kRunStream).next());
  return true;
}

bool FewDeviations::end(const Execution& execution) {
  estimate_.observe(execution);
  return true;
}

}  // namespace reweave
