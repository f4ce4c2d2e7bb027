#include "scheduler/strategy/fuzz_input.h"

#include "scheduler/base/internal_check.h"

namespace reweave {

void FuzzInput::attach(Execution& /*execution*/) {
  CHECK(plan_.items.size() <= Plan::kItemsMax);
  prng_ = Prng(plan_.seed);
  swarm_.scope = plan_.scope;
  swarm_.rates = plan_.rates;
  swarm_.seed = prng_.next();
  passed_.fill(0);
}

std::uint32_t FuzzInput::choose(const Question& question) {
  const std::uint32_t site = static_cast<std::uint32_t>(question.site) & 0xffff;
  const Plan::Item* found = nullptr;
  for (std::size_t i = 0; i < plan_.items.size(); ++i) {
    const Plan::Item& item = plan_.items[i];
    bool fits = false;
    if (item.by_index) {
      fits = item.position == question.index;
    } else if (item.kind == question.kind && item.position == site) {
      fits = passed_[i]++ == item.nth;
    }
    if (fits && found == nullptr) found = &item;
  }
  if (found != nullptr) return 1 + found->answer % (question.answers - 1);
  return swarm_.answer(question, prng_);
}

}  // namespace reweave
