#include "runtime/service/condition.h"

#include <algorithm>

#include "runtime/service/pause.h"

namespace reweave::runtime {

void Condition::reset() {
  missed_ = {};
  waiting_.clear();
  for (Lock& waiter : waiters_) waiter.reset();
}

// Between any two acts of this the real one, which is written in Python, may be interrupted: that
// is asked where it matters.
Object* Condition::wait(Thread& self, SiteId site, std::uint64_t timeout, Kind kind, Wait& result) {
  if (!lock_.held()) return self.raise_runtime_error(ErrorCode::kNotLocked);
  const bool late = self.settings().defects.has(Defect::kWaiterEntersLate);
  const std::uint32_t me = self.number();
  Lock& waiter = waiters_[me];
  waiter.reset();
  (void)waiter.try_acquire();
  if (!late) waiting_.push_back(me);
  self.release(lock_.release(self));
  take_turn(self, site);
  if (late) waiting_.push_back(me);

  self.turn().parking.condition = this;
  Lock::Got got = wait_for(self, waiter, site, self.clock().after(timeout), kind, result);
  self.turn().parking.condition = nullptr;
  if (got != Lock::Got::kLock) {
    if (got == Lock::Got::kTimeout) take_turn(self, site);
    // Who is not in the list any more was notified since he looked.
    if (!leave(me) && !self.settings().defects.has(Defect::kTimeoutLosesNotify))
      got = Lock::Got::kLock;
  }
  result.notified = got == Lock::Got::kLock;
  if (!result.notified && waiter.waiting().empty() && !waiter.held()) notice(self, "notify-lost");
  Bomb* const error = self.take_error();
  if (lock_.acquire(self, site) == Lock::Got::kDeadlock) {
    if (error != nullptr) self.release(error);
    return nullptr;
  }
  return error != nullptr ? self.raise(error) : self.none();
}

Lock::Got Condition::wait_for(Thread& self, Lock& waiter, SiteId site, std::uint64_t until,
                              Kind kind, Wait& result) {
  if (until != Clock::kNever && kind == Kind::kPolling)
    return poll(self, waiter, site, until, result);
  return waiter.acquire(self, site, until);
}

Lock::Got Condition::poll(Thread& self, Lock& waiter, SiteId site, std::uint64_t until,
                          Wait& result) {
  std::uint64_t delay = kFirstSleep / 2;
  for (;;) {
    if (waiter.try_acquire()) return Lock::Got::kLock;
    ++result.looks;
    const std::uint64_t now = self.clock().now();
    if (now >= until) return Lock::Got::kTimeout;
    delay = std::min({delay * 2, until - now, kLongestSleep});
    pause(self, site, delay);
  }
}

// False: it was not in the list.
bool Condition::leave(std::uint32_t thread) {
  const auto place = std::find(waiting_.begin(), waiting_.end(), thread);
  if (place == waiting_.end()) return false;
  waiting_.erase(place);
  return true;
}

Object* Condition::notify(Thread& self, std::uint32_t count) {
  if (!lock_.held()) return self.raise_runtime_error(ErrorCode::kNotLocked);
  if (waiting_.empty())
    missed_ = {self.current()->actor, self.evaluation().here(), self.execution().steps()};
  for (; count > 0 && !waiting_.empty(); --count) {
    Lock& waiter = waiters_[waiting_.front()];
    waiting_.erase(waiting_.begin());
    self.release(waiter.release(self));
  }
  return self.none();
}

}  // namespace reweave::runtime
