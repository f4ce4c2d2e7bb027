#include "scheduler/strategy/pct.h"

#include <algorithm>

#include "scheduler/base/internal_check.h"

namespace reweave {
namespace {

constexpr std::uint64_t kNeverFallen = std::uint64_t{1} << 63;
constexpr std::uint32_t kInARowMax = 1000;

}  // namespace

Pct::Pct(std::uint32_t depth) : depth_(depth) {
  CHECK(depth >= 1);
  CHECK(depth <= kDepthMax);
}

void Pct::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  priority_seed_ = prng_.next();
  fallen_ = kNeverFallen;
  priorities_.clear();
  in_a_row_ = 0;
  last_ = {};
  changes_.clear();
  next_change_ = 0;
  if (!estimate_.known()) return;
  for (std::uint32_t i = 1; i < depth_; ++i) changes_.push_back(prng_.below(estimate_.points()));
  std::sort(changes_.begin(), changes_.end());
}

bool Pct::end(const Execution& execution) {
  estimate_.observe(execution);
  return true;
}

std::uint32_t Pct::choose(const Question& question) {
  bool change = false;
  while (next_change_ < changes_.size() && changes_[next_change_] <= question.index) {
    change = true;
    ++next_change_;
  }
  if (question.kind == QuestionKind::kRun) return choose_actor(question, change);
  if (!is_rare(question.kind)) return prng_.below(question.answers);
  return change ? 1 + prng_.below(question.answers - 1) : 0;
}

std::uint64_t& Pct::priority(ActorId actor) {
  const auto index = static_cast<std::size_t>(actor);
  if (index >= priorities_.size()) priorities_.resize(index + 1, 0);
  // Drawn from seed and actor, so that it does not depend on who was looked at first.
  if (priorities_[index] == 0)
    priorities_[index] = Prng(priority_seed_).split(index).next() | kNeverFallen;
  return priorities_[index];
}

std::uint32_t Pct::highest(const Question& question) {
  std::uint32_t best = 0;
  for (std::uint32_t i = 1; i < question.options.size(); ++i) {
    if (priority(question.options[i].actor) > priority(question.options[best].actor)) best = i;
  }
  return best;
}

std::uint32_t Pct::choose_actor(const Question& question, bool change) {
  std::uint32_t best = highest(question);
  if (change || in_a_row_ >= kInARowMax) {
    priority(question.options[best].actor) = --fallen_;
    in_a_row_ = 0;
    best = highest(question);
  }
  const ActorId actor = question.options[best].actor;
  in_a_row_ = actor == last_ ? in_a_row_ + 1 : 0;
  last_ = actor;
  return best;
}

}  // namespace reweave
