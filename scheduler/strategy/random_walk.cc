#include "scheduler/strategy/random_walk.h"

#include "scheduler/engine/policy.h"

namespace reweave {

void RandomWalk::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  swarm_.scope = static_cast<SwarmScope>(prng_.below(kSwarmScopeCount));
  swarm_.seed = prng_.next();
  for (std::uint8_t& rate : swarm_.rates) rate = static_cast<std::uint8_t>(prng_.below(4));
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
  return swarm_.answer(question, prng_);
}

bool RandomWalk::fast_form(FastForm& form) {
  form.policy = &kUniformPolicy;
  form.seed = prng_.split("run").next();
  return true;
}

}  // namespace reweave
