#include "repro/campaign/campaign_plan.h"

#include <algorithm>

#include "scheduler/base/internal_check.h"
#include "scheduler/base/prng.h"

namespace reweave::repro {
namespace {

std::uint64_t size_of(std::uint64_t number) {
  return Plan::kFirst << std::min(number / Plan::kGroup, Plan::kDoublings);
}

/// Executions of all units before that one.
std::uint64_t sum_before(std::uint64_t number) {
  std::uint64_t sum = 0;
  for (std::uint64_t doubling = 0; doubling < Plan::kDoublings; ++doubling) {
    const std::uint64_t here = std::min(number, Plan::kGroup);
    sum += here * (Plan::kFirst << doubling);
    number -= here;
  }
  return sum + number * (Plan::kFirst << Plan::kDoublings);
}

}  // namespace

void ArmRecord::add_unit(std::uint64_t ran, std::uint64_t found_new) {
  ++units;
  executions += ran;
  found += found_new;
  credit = credit / 2 + found_new * kNew;
}

std::optional<Unit> Plan::unit(std::uint64_t number) const {
  CHECK(arms_ > 0);
  Unit unit{.number = number, .executions = size_of(number)};
  if (executions_ != 0) {
    const std::uint64_t before = sum_before(number);
    if (before >= executions_) return std::nullopt;
    unit.executions = std::min(unit.executions, executions_ - before);
  }
  Prng prng = Prng(seed_).split("campaign").split(number);
  unit.seed = prng.next();
  const bool is_first_round = number < arms_;
  unit.may_choose = prng.chance({1, 2}) && !is_first_round;
  const std::uint32_t drawn = prng.below(static_cast<std::uint32_t>(arms_));
  unit.arm = is_first_round ? number : drawn;
  return unit;
}

std::optional<std::size_t> choose_arm(const Unit& unit, std::span<const ArmRecord> arms) {
  if (unit.may_choose) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < arms.size(); ++i) {
      const bool counts = arms[i].credit > 0 && !arms[i].exhausted;
      if (counts && (!best || arms[i].credit > arms[*best].credit)) best = i;
    }
    if (best) return best;
  }
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const std::size_t arm = (unit.arm + i) % arms.size();
    if (!arms[arm].exhausted) return arm;
  }
  return std::nullopt;
}

}  // namespace reweave::repro
