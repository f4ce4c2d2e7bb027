#include "scheduler/strategy/urw.h"

namespace reweave {

std::uint32_t draw_by_weight(Prng& prng, std::span<const std::uint64_t> weights) {
  std::uint64_t sum = 0;
  for (const std::uint64_t weight : weights) sum += weight;
  const auto count = static_cast<std::uint32_t>(weights.size());
  if (sum == 0 || sum > UINT32_MAX) return prng.below(count);
  std::uint64_t left = prng.below(static_cast<std::uint32_t>(sum));
  std::uint32_t chosen = 0;
  while (left >= weights[chosen]) left -= weights[chosen++];
  return chosen;
}

void Urw::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  swarm_.draw(prng_);
  weighs_preempt_ = prng_.below(2) == 0;
}

void Urw::attach(Execution& execution) {
  of_threads_.begin(execution);
  of_tasks_.begin(execution);
}

std::uint32_t Urw::choose(const Question& question) {
  switch (question.kind) {
    case QuestionKind::kFire:
    case QuestionKind::kPick:
      return prng_.below(question.answers);
    case QuestionKind::kSpill:
    case QuestionKind::kCollect:
    case QuestionKind::kFail:
      return swarm_.answer(question, prng_);
    case QuestionKind::kPreempt:
      of_tasks_.count(question.actor);
      if (!weighs_preempt_ || question.options.empty()) return swarm_.answer(question, prng_);
      break;
    case QuestionKind::kRun:
      break;
  }
  ActorProfile& counted = profile(question.kind);
  weights_.clear();
  for (const Option& option : question.options) weights_.push_back(counted.weight(option.actor));
  const std::uint32_t answer = draw_by_weight(prng_, weights_);
  if (question.kind == QuestionKind::kRun) counted.count(question.options[answer].actor);
  return answer;
}

void Urw::watch(const Question& question, std::uint32_t answer) {
  if (question.kind == QuestionKind::kPreempt) of_tasks_.count(question.actor);
  if (question.kind == QuestionKind::kRun && !question.options.empty())
    of_threads_.count(question.options[answer].actor);
}

bool Urw::end(const Execution& execution) {
  of_engine_.end(execution);
  of_threads_.end();
  of_tasks_.end();
  return true;
}

}  // namespace reweave
