#include "scheduler/strategy/surw.h"

#include <array>
#include <iterator>

#include "scheduler/strategy/urw.h"

namespace reweave {

void Surw::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  swarm_.draw(prng_);
  priorities_.begin(prng_.split("priorities"));
  selected_.reset();
  take_object();
  accesses_.expect([this](ActorProfile::Node node) {
    if (!object_) return std::uint64_t{0};
    const auto found = touches_.find({*object_, node});
    return found == touches_.end() ? 0 : found->second.last;
  });
}

// Of those that are fit, in proportion to how often each was touched.
void Surw::take_object() {
  touched_.assign(accesses_.size(), false);
  std::uint32_t actors = 0;
  for (const auto& [key, touches] : touches_) {
    if (touches.last == 0 || touched_[key.second]) continue;
    touched_[key.second] = true;
    ++actors;
  }
  object_.reset();
  std::uint64_t sum = 0;
  for (auto at = touches_.begin(); at != touches_.end();) {
    const ObjectId object = at->first.first;
    std::uint64_t accesses = 0;
    std::uint32_t users = 0;
    bool changed = false;
    for (; at != touches_.end() && at->first.first == object; ++at) {
      accesses += at->second.last;
      users += at->second.last > 0 ? 1 : 0;
      changed = changed || at->second.changed;
    }
    if (users < 2 || users * 2 < actors || !changed || sum + accesses > UINT32_MAX) continue;
    sum += accesses;
    // The n-th replaces what was taken before with probability accesses/sum: each in proportion.
    if (prng_.below(static_cast<std::uint32_t>(sum)) < accesses) object_ = object;
  }
}

void Surw::attach(Execution& execution) {
  execution_ = &execution;
  accesses_.begin(execution);
  actors_ = 1;
}

std::uint32_t Surw::choose(const Question& question) {
  if (question.kind == QuestionKind::kPick || question.kind == QuestionKind::kFire)
    return prng_.below(question.answers);
  if (question.kind != QuestionKind::kRun) return swarm_.answer(question, prng_);

  if (object_) hand_on_to_children();
  if (object_ && !selected_) {
    // Those that wait have accesses before them, too.
    candidates_.assign(question.options.begin(), question.options.end());
    candidates_.insert(candidates_.end(), question.blocked.begin(), question.blocked.end());
    select(candidates_);
  }
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < question.options.size(); ++i) {
    const Option& option = question.options[i];
    if (at_access(option) && selected_ && option.actor != *selected_) continue;
    if (!best || priorities_.of(option.actor) > priorities_.of(question.options[*best].actor))
      best = i;
  }
  if (!best) {
    select(question.options);
    for (std::uint32_t i = 0; i < question.options.size(); ++i) {
      if (question.options[i].actor == selected_) best = i;
    }
  }
  take(question.options[*best]);
  return *best;
}

void Surw::select(std::span<const Option> among) {
  weights_.clear();
  for (const Option& option : among) weights_.push_back(accesses_.weight(option.actor));
  selected_ = among[draw_by_weight(prng_, weights_)].actor;
}

// Whoever was selected may have created an actor since, and given it some of the accesses that it
// was selected for.
void Surw::hand_on_to_children() {
  for (; actors_ < execution_->actor_count(); ++actors_) {
    const ActorId child{actors_};
    if (!selected_ || execution_->actor_origin(child).parent != *selected_) continue;
    const std::array<std::uint64_t, 2> weights = {accesses_.weight(*selected_),
                                                  accesses_.weight(child)};
    if (weights[1] > 0 && draw_by_weight(prng_, weights) == 1) selected_ = child;
  }
}

void Surw::watch(const Question& question, std::uint32_t answer) {
  if (question.kind == QuestionKind::kRun && !question.options.empty())
    take(question.options[answer]);
}

void Surw::take(const Option& option) {
  priorities_.forget(option.actor);
  const PendingStep& step = option.next;
  if (step.access != Access::kNone && step.known()) {
    Touches& touches = touches_[{step.object, accesses_.node(option.actor)}];
    ++touches.now;
    touches.changes = touches.changes || changes(step.access);
  }
  if (!at_access(option)) return;
  accesses_.count(option.actor);
  selected_.reset();
}

bool Surw::end(const Execution& /*execution*/) {
  // What was not touched is as what never was; a long hunt would keep ever more of it.
  for (auto at = touches_.begin(); at != touches_.end();) {
    Touches& touches = at->second;
    touches.last = std::exchange(touches.now, 0);
    touches.changed = std::exchange(touches.changes, false);
    at = touches.last == 0 ? touches_.erase(at) : std::next(at);
  }
  return true;
}

}  // namespace reweave
