#include "scheduler/strategy/site_order.h"

#include "scheduler/engine/policy.h"

namespace reweave {
namespace {

struct SitePolicy {
  static std::uint32_t choose(EngineState& state, std::uint32_t answers) {
    const auto& priorities = *static_cast<const SitePriorities*>(state.policy_data);
    std::uint64_t highest = 0;
    std::uint32_t best = 0, alike = 0;
    for (std::uint32_t i = 0; i < answers; ++i) {
      const std::uint64_t priority =
          priorities.of(Pending::of_word(state.pending[state.order[i]]).step());
      if (priority < highest) continue;
      alike = priority == highest ? alike + 1 : 1;
      highest = priority;
      if (alike == 1 || draw_below(state.rng, alike) == 0) best = i;
    }
    return best;
  }
};

}  // namespace

void SitePriorities::draw(Prng& prng) {
  seed_ = prng.next();
  unseen_first_ = prng.below(4) != 0;
  gives_ = prng.below(4) != 0;
  by_object_ = prng.below(4) == 0;
}

void SiteOrder::begin(Prng prng, std::uint64_t /*execution*/) {
  prng_ = prng;
  swarm_.draw(prng_);
  orders_preempt_ = prng_.below(2) == 0;
  priorities_.draw(prng_);
}

std::uint32_t SiteOrder::choose(const Question& question) {
  if (question.kind == QuestionKind::kPick || question.kind == QuestionKind::kFire)
    return prng_.below(question.answers);
  const bool ordered = question.kind == QuestionKind::kRun ||
                       (question.kind == QuestionKind::kPreempt && orders_preempt_);
  if (!ordered || question.options.empty()) return swarm_.answer(question, prng_);
  std::uint64_t highest = 0;
  std::uint32_t best = 0, alike = 0;
  for (std::uint32_t i = 0; i < question.options.size(); ++i) {
    const std::uint64_t priority = priorities_.of(question.options[i].next);
    if (priority < highest) continue;
    alike = priority == highest ? alike + 1 : 1;
    highest = priority;
    if (alike == 1 || prng_.below(alike) == 0) best = i;
  }
  return best;
}

bool SiteOrder::fast_form(FastForm& form) {
  static constexpr Policy kPolicy = {.point = &pass_point<SitePolicy>,
                                     .depart = &depart<SitePolicy>,
                                     .choose = &SitePolicy::choose};
  form.policy = &kPolicy;
  form.data = &priorities_;
  form.seed = prng_.split("run").next();
  return true;
}

}  // namespace reweave
