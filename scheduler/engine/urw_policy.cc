#include "scheduler/engine/urw_policy.h"

#include <utility>

#include "scheduler/engine/policy.h"

namespace reweave {

struct UrwPolicy {
  using Weight = UrwWeights::Weight;
  static constexpr std::uint32_t kNobody = UrwWeights::kNobody;

  static UrwWeights& self(EngineState& state) {
    return *static_cast<UrwWeights*>(state.policy_data);
  }

  static std::uint32_t weight(const Weight& weight) {
    return weight.left > weight.least ? weight.left : weight.least;
  }
  static void take(Weight& weight) {
    ++weight.chosen;
    weight.left -= weight.left != 0 ? 1 : 0;
  }

  static std::uint32_t choose(EngineState& state, std::uint32_t answers) {
    Weight* const weights = self(state).weights_.data();
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < answers; ++i) sum += weight(weights[state.order[i]]);
    std::uint32_t answer = 0;
    if (sum == 0) {
      answer = draw_below(state.rng, answers);
    } else {
      std::uint64_t left = draw_below(state.rng, sum);
      while (left >= weight(weights[state.order[answer]])) {
        left -= weight(weights[state.order[answer++]]);
      }
    }
    take(weights[state.order[answer]]);
    return answer;
  }

  static void alone(EngineState& state) { take(self(state).weights_[state.order[0]]); }

  static void created(EngineState& state, Actor actor, Actor parent) {
    add(self(state), actor, parent);
  }
  static void add(UrwWeights& urw, Actor actor, Actor parent) {
    Weight& mine = urw.weights_[actor];
    mine = Weight{};
    mine.parent = parent;
    urw.actors_ = actor + 1;
    if (actor == 0) {
      mine.profile = urw.profile_.empty() ? kNobody : 0;
    } else {
      Weight& from = urw.weights_[parent];
      mine.profile = from.next_child;
      if (mine.profile != kNobody) {
        from.next_child = urw.profile_[mine.profile].next_sibling;
        const std::uint32_t all = urw.profile_[mine.profile].all;
        from.left -= from.left < all ? from.left : all;
      }
    }
    mine.least = mine.profile == kNobody ? 1 : 0;
    if (mine.profile == kNobody) return;
    mine.left = urw.profile_[mine.profile].all;
    mine.next_child = urw.profile_[mine.profile].first_child;
  }
};

void UrwWeights::use(FastForm& form, std::uint64_t seed) {
  static constexpr Policy kPolicy = {.point = &pass_point<UrwPolicy>,
                                     .depart = &depart<UrwPolicy>,
                                     .choose = &UrwPolicy::choose,
                                     .alone = &UrwPolicy::alone,
                                     .created = &UrwPolicy::created};
  used_ = true;
  weights_.resize(EngineState::kActorsMax);
  UrwPolicy::add(*this, 0, 0);  // The root exists from the beginning, even where it does nothing.
  form.policy = &kPolicy;
  form.data = this;
  form.seed = seed;
}

void UrwWeights::end(const Execution& execution) {
  if (!std::exchange(used_, false) || execution.outcome() != Outcome::kCompleted) return;
  profile_.assign(actors_, Profile{});
  last_child_.assign(actors_, kNobody);
  for (std::uint32_t actor = 1; actor < actors_; ++actor) {
    const std::uint32_t parent = weights_[actor].parent;
    const std::uint32_t elder = last_child_[parent];
    (elder == kNobody ? profile_[parent].first_child : profile_[elder].next_sibling) = actor;
    last_child_[parent] = actor;
  }
  for (std::uint32_t actor = actors_; actor-- > 0;) {  // Children come after their parents.
    profile_[actor].all += weights_[actor].chosen;
    if (actor != 0) profile_[weights_[actor].parent].all += profile_[actor].all;
  }
}

}  // namespace reweave
