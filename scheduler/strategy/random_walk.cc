#include "scheduler/strategy/random_walk.h"

namespace reweave {

void RandomWalk::begin(Prng prng, std::uint64_t /*execution*/) {
  constexpr std::array<std::uint8_t, 4> kRates = {0, 1, 8, 64};
  prng_ = prng;
  for (std::uint8_t& rate : of_256_) rate = kRates[prng_.below(kRates.size())];
}

std::uint32_t RandomWalk::choose(const Question& question) {
  switch (question.kind) {
    case QuestionKind::kRun:
    case QuestionKind::kFire:
    case QuestionKind::kPick:
      return prng_.below(question.answers);
    case QuestionKind::kPreempt:
    case QuestionKind::kSpill:
    case QuestionKind::kCollect:
    case QuestionKind::kFail:
      break;
  }
  const std::uint8_t rate = of_256_[static_cast<std::size_t>(question.kind)];
  if (rate == 0 || prng_.below(256) >= rate) return 0;
  return 1 + prng_.below(question.answers - 1);
}

}  // namespace reweave
