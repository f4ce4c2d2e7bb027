#include "scheduler/strategy/depth_first.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace reweave {

void DepthFirst::begin(Prng /*prng*/, std::uint64_t /*execution*/) { trail_.resize(given_); }

DepthFirst::Choice::Price DepthFirst::price_of(const Question& question) const {
  using enum Choice::Price;
  if (question.kind != QuestionKind::kRun || cost_ == Cost::kAnswers) return kOne;
  if (cost_ == Cost::kDelays) return kRank;
  const bool goes_on = std::any_of(question.options.begin(), question.options.end(),
                                   [&](const Option& o) { return o.actor == question.actor; });
  return goes_on ? kOne : kFree;
}

/// The cheapest answers first.
std::uint32_t DepthFirst::answer_of(const Question& question, const Choice& choice) {
  if (question.kind != QuestionKind::kRun || cost_ == Cost::kAnswers) return choice.rank;
  // From the current actor on, in order of creation; those before it come last.
  turns_.resize(question.answers);
  std::iota(turns_.begin(), turns_.end(), 0u);
  const auto distance = [&](std::uint32_t answer) {
    return static_cast<std::uint32_t>(question.options[answer].actor) -
           static_cast<std::uint32_t>(question.actor);
  };
  std::sort(turns_.begin(), turns_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return distance(a) < distance(b); });
  return turns_[choice.rank];
}

std::uint32_t DepthFirst::choose(const Question& question) {
  if (trail_.size() > question.index) {
    const Choice& given = trail_[question.index];
    if (given.answers == question.answers) return answer_of(question, given);
    execution_->diverge({execution_->steps(),
                         "question " + std::to_string(question.index) + " to have " +
                             std::to_string(given.answers) + " possible answers as before",
                         std::to_string(question.answers)});
    return 0;
  }
  trail_.push_back({0, question.answers, price_of(question)});
  return answer_of(question, trail_.back());
}

bool DepthFirst::end(const Execution& /*execution*/) {
  std::uint32_t cost = 0;
  for (const Choice& choice : trail_) cost += choice.cost();
  if (cost == bound_) ++distinct_;
  if (backtrack()) return true;
  exhausted_ = !cut_;
  bounds_done_ = bound_ + 1;
  if (exhausted_ || bound_ == bound_max_) return false;
  ++bound_;
  cut_ = false;
  given_ = 0;
  return true;
}

bool DepthFirst::backtrack() {
  std::uint32_t before = 0;  // What the questions before the one looked at cost.
  for (const Choice& choice : trail_) before += choice.cost();
  for (std::size_t i = trail_.size(); i-- > 0;) {
    Choice& choice = trail_[i];
    before -= choice.cost();
    if (choice.rank + 1 == choice.answers) continue;
    Choice next = choice;
    ++next.rank;
    if (before + next.cost() > bound_) {
      cut_ = true;
      continue;
    }
    choice = next;
    given_ = i + 1;
    return true;
  }
  return false;
}

}  // namespace reweave
