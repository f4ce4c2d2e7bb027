#include "scheduler/strategy/random_walk.h"

#include "scheduler/engine/policy.h"

namespace reweave {
namespace {

constexpr std::uint64_t kRunStream = 1;

}  // namespace

void RandomWalk::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  drawn_ = false;
}

void RandomWalk::draw_rates() {
  drawn_ = true;
  swarm_.draw(prng_);
}

std::uint32_t RandomWalk::choose(const Question& question) {
  if (!drawn_) [[unlikely]]
    draw_rates();
  if (!is_rare(question.kind)) return prng_.below(question.answers);
  return swarm_.answer(question, prng_);
}

bool RandomWalk::fast_form(FastForm& form) {
  form.policy = &kUniformPolicy;
  form.seed = prng_.split(kRunStream).next();
  return true;
}

}  // namespace reweave
