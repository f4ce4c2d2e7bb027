#include "runtime/program/timers.h"

#include <algorithm>

#include "runtime/program/control.h"
#include "runtime/program/descriptor_waits.h"
#include "runtime/program/program_signals.h"
#include "runtime/program/system_calls.h"

namespace reweave::program {

Timers& timers() {
  static Timers* const only = new Timers;
  return *only;
}

Timers::Setting Timers::get(std::uint64_t key) const {
  for (const Timer& timer : timers_) {
    if (timer.key == key) return timer.setting;
  }
  return {};
}

void Timers::forget(std::uint64_t key) {
  std::erase_if(timers_, [key](const Timer& timer) { return timer.key == key; });
}

Timers::Setting Timers::set(std::uint64_t key, int signal, Setting setting, const void* caller) {
  Control& all = control();
  const Setting before = get(key);
  forget(key);
  if (setting.deadline == sync::kNever) return before;
  std::uint64_t early = UINT64_MAX;
  const std::uint64_t now = all.now();
  if (setting.deadline < now + kEarlyBelowNs && all.ask(QuestionKind::kFire, 2, caller) != 0) {
    constexpr std::uint32_t kPlaces = 16, kStride = 3;
    early = all.steps() + kStride * all.ask(QuestionKind::kPick, kPlaces, caller) + 1;
  }
  timers_.push_back({key, signal, setting, early});
  all.reconsider();
  return before;
}

std::uint64_t Timers::next_deadline() const {
  std::uint64_t next = sync::kNever;
  for (const Timer& timer : timers_) next = std::min(next, timer.setting.deadline);
  return next;
}

bool Timers::is_due(std::uint64_t step, std::uint64_t now) const {
  return std::any_of(timers_.begin(), timers_.end(), [&](const Timer& timer) {
    return timer.early_step <= step || timer.setting.deadline <= now;
  });
}

std::uint64_t Timers::fire(std::uint64_t step) {
  auto due = std::min_element(timers_.begin(), timers_.end(), [](const Timer& a, const Timer& b) {
    return a.setting.deadline < b.setting.deadline;
  });
  for (auto at = timers_.begin(); at != timers_.end(); ++at) {
    if (at->early_step <= step) due = at;
  }
  const Timer timer = *due;
  const std::uint64_t deadline = timer.setting.deadline;
  if (timer.setting.interval == 0) {
    timers_.erase(due);
  } else {
    due->setting.deadline += timer.setting.interval;
    due->early_step = UINT64_MAX;
  }
  if (timer.signal != 0) {
    program_signals().send_from_timer(timer.signal);
  } else {
    const std::uint64_t one = 1;
    kernel_call(SYS_write, static_cast<long>(timer.key), word_of(&one), sizeof one);
    descriptor_waits().look_again();
  }
  return deadline;
}

}  // namespace reweave::program
