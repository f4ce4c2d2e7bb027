#include "scheduler/clock.h"

#include <algorithm>

#include "scheduler/base/internal_check.h"
#include "scheduler/execution.h"

namespace reweave {

void Clock::reset() {
  now_ = 0;
  timers_.clear();
}

void Clock::set(std::uint32_t owner, std::uint64_t due) {
  CHECK(due != kNever);
  CHECK_MSG(!has(owner), "a second timer for one owner");
  const auto later = [due](const Timer& timer) { return timer.due > due; };
  timers_.insert(std::find_if(timers_.begin(), timers_.end(), later),
                 Timer{.due = due, .owner = owner});
}

void Clock::cancel(std::uint32_t owner) {
  std::erase_if(timers_, [owner](const Timer& timer) { return timer.owner == owner; });
}

bool Clock::has(std::uint32_t owner) const {
  return std::any_of(timers_.begin(), timers_.end(),
                     [owner](const Timer& timer) { return timer.owner == owner; });
}

std::uint32_t Clock::take_due() {
  CHECK(is_due());
  const std::uint32_t owner = timers_.front().owner;
  timers_.erase(timers_.begin());
  return owner;
}

std::uint32_t Clock::fire(Execution& execution, ActorId actor, SiteId site) {
  CHECK_MSG(!timers_.empty(), "time was to go on, but nobody waits for it");
  now_ = std::max(now_, timers_.front().due);
  std::uint32_t due = 0;
  while (due < timers_.size() && timers_[due].due <= now_) ++due;
  const std::uint32_t answer = execution.ask(QuestionKind::kFire, actor, site, due);
  const std::uint32_t owner = timers_[answer].owner;
  timers_.erase(timers_.begin() + answer);
  return owner;
}

}  // namespace reweave
