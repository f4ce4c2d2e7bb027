#include "scheduler/strategy/depth_first.h"

#include <string>

namespace reweave {

void DepthFirst::begin(Prng /*prng*/, std::uint64_t /*execution*/) { trail_.resize(given_); }

std::uint32_t DepthFirst::choose(const Question& question) {
  if (trail_.size() > question.index) {
    const Choice& given = trail_[question.index];
    if (given.answers == question.answers) return given.answer;
    execution_->diverge({execution_->steps(),
                         "question " + std::to_string(question.index) + " to have " +
                             std::to_string(given.answers) + " possible answers as before",
                         std::to_string(question.answers)});
    return 0;
  }
  trail_.push_back({0, question.answers});
  return 0;
}

bool DepthFirst::end(const Execution& /*execution*/) {
  std::uint32_t unusual = 0;
  for (const Choice& choice : trail_) unusual += choice.answer != 0 ? 1 : 0;
  if (unusual == bound_) ++distinct_;
  if (backtrack()) return true;
  exhausted_ = !cut_;
  if (exhausted_ || bound_ == answers_max_) return false;
  ++bound_;
  cut_ = false;
  given_ = 0;
  return true;
}

bool DepthFirst::backtrack() {
  std::uint32_t before = 0;  // Non-ordinary answers before the question looked at.
  for (const Choice& choice : trail_) before += choice.answer != 0 ? 1 : 0;
  for (std::size_t i = trail_.size(); i-- > 0;) {
    Choice& choice = trail_[i];
    if (choice.answer != 0) --before;
    if (choice.answer + 1 == choice.answers) continue;
    if (before == bound_) {
      cut_ = true;
      continue;
    }
    ++choice.answer;
    given_ = i + 1;
    return true;
  }
  return false;
}

}  // namespace reweave
