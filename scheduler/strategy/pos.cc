#include "scheduler/strategy/pos.h"

namespace reweave {

void Pos::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  swarm_.draw(prng_);
  orders_preempt_ = prng_.below(2) == 0;
  of_threads_.begin(prng_.split("threads"));
  of_tasks_.begin(prng_.split("tasks"));
}

std::uint32_t Pos::choose(const Question& question) {
  switch (question.kind) {
    case QuestionKind::kFire:
    case QuestionKind::kPick:
      return prng_.below(question.answers);
    case QuestionKind::kPreempt:
      if (!orders_preempt_ || question.options.empty()) return swarm_.answer(question, prng_);
      break;
    case QuestionKind::kSpill:
    case QuestionKind::kCollect:
    case QuestionKind::kFail:
      return swarm_.answer(question, prng_);
    case QuestionKind::kRun:
      break;
  }
  StepPriorities& drawn = priorities(question.kind);
  std::uint32_t best = 0;
  for (std::uint32_t i = 1; i < question.options.size(); ++i) {
    if (drawn.of(question.options[i].actor) > drawn.of(question.options[best].actor)) best = i;
  }
  take(drawn, question, best);
  return best;
}

void Pos::pass(const Question& question) {
  if (question.kind == QuestionKind::kPreempt) of_tasks_.forget(question.actor);
  if (question.kind == QuestionKind::kRun && !question.options.empty())
    take(of_threads_, question, 0);
}

// The step of an option is taken: its actor's next one draws anew, and so do all that conflict.
void Pos::take(StepPriorities& priorities, const Question& question, std::uint32_t answer) {
  const Option& taken = question.options[answer];
  priorities.forget(taken.actor);
  for (const std::span<const Option> others : {question.options, question.blocked}) {
    for (const Option& other : others) {
      if (conflicts(taken.next, other.next)) priorities.forget(other.actor);
    }
  }
}

}  // namespace reweave
