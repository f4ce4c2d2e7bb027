#include "scheduler/strategy/dense_replay.h"

#include <string>

namespace reweave {

void DenseReplay::attach(Execution& execution) {
  execution_ = &execution;
  next_ = 0;
}

std::uint32_t DenseReplay::choose(const Question& question) {
  if (next_ == answers_.size() || question.index < answers_[next_].index) return 0;
  const DenseAnswer given = answers_[next_++];
  if (given.index == question.index && given.answer < question.answers) return given.answer;
  execution_->diverge({execution_->steps(),
                       "question " + std::to_string(given.index) + " to have an answer " +
                           std::to_string(given.answer),
                       "question " + std::to_string(question.index) + " with " +
                           std::to_string(question.answers) + " possible answers"});
  return 0;
}

}  // namespace reweave
