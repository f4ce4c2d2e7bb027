#include "scheduler/engine/countdown_policy.h"

#include "scheduler/base/internal_check.h"
#include "scheduler/engine/policy.h"

namespace reweave {
namespace {

struct Ordinary {
  [[gnu::always_inline]] static std::uint32_t choose(EngineState&, std::uint32_t) { return 0; }
};

std::uint32_t choose_by_countdown(EngineState& state, std::uint32_t answers) {
  Countdown& plan = *static_cast<Countdown*>(state.policy_data);
  const std::uint32_t index = state.questions();
  bool deviates = false;
  for (; plan.next < plan.count && plan.at[plan.next] <= index; ++plan.next) {
    deviates |= plan.at[plan.next] == index;
  }
  state.interest = plan.next < plan.count ? plan.at[plan.next] : UINT32_MAX;
  return deviates ? 1 + draw_below(state.rng, answers - 1) : 0;
}

constexpr Policy kCountdownPolicy = {
    .point = &pass_point<Ordinary>, .depart = &depart<Ordinary>, .choose = &choose_by_countdown};

}  // namespace

void use_countdown(FastForm& form, Countdown& plan, std::uint64_t seed) {
  CHECK(plan.count <= Countdown::kDeviationsMax);
  plan.next = 0;
  form.policy = &kCountdownPolicy;
  form.data = &plan;
  form.seed = seed;
  form.interest = plan.count != 0 ? plan.at[0] : UINT32_MAX;
}

}  // namespace reweave
