#include "scheduler/strategy/random_walk.h"

#include "scheduler/engine/policy.h"

namespace reweave {

void RandomWalk::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  swarm_.draw(prng_);
}

std::uint32_t RandomWalk::choose(const Question& question) {
  if (!is_rare(question.kind)) return prng_.below(question.answers);
  return swarm_.answer(question, prng_);
}

bool RandomWalk::fast_form(FastForm& form) {
  form.policy = &kUniformPolicy;
  form.seed = prng_.split("run").next();
  return true;
}

}  // namespace reweave
