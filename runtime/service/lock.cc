#include "runtime/service/lock.h"

#include <algorithm>

#include "runtime/tasklet/thread.h"
#include "runtime/tasklet/watcher.h"

namespace reweave::runtime {

bool Lock::try_acquire() {
  if (held_) return false;
  held_ = true;
  return true;
}

void Lock::give_to(Thread& thread) {
  holder_ = {thread.current()->actor, thread.evaluation().here(), thread.execution().steps()};
}

Lock::Got Lock::acquire(Thread& self, SiteId site, std::uint64_t until) {
  if (try_acquire()) {
    give_to(self);
    return Got::kLock;
  }
  if (until <= self.clock().now()) return Got::kTimeout;
  waiting_.push_back(&self);
  Watcher* const watcher = self.shared().lock.watcher;
  if (watcher != nullptr) watcher->wait_begins(self, WaitKind::kLock, number_);
  self.turn().parking.lock = this;
  const Woken woken = park(self, until, site);
  if (woken == Woken::kByNobody) tell_of_deadlock(self);
  self.turn().parking.lock = nullptr;
  if (watcher != nullptr) watcher->wait_ends(self);
  // Its time may be over, and the lock have come to it all the same before it runs.
  const auto place = std::find(waiting_.begin(), waiting_.end(), &self);
  if (place == waiting_.end()) return Got::kLock;
  waiting_.erase(place);
  if (woken == Woken::kByTime) return Got::kTimeout;
  self.raise_runtime_error(ErrorCode::kLockDeadlock);
  return Got::kDeadlock;
}

Object* Lock::release(Thread& self) {
  if (!held_) return self.raise_runtime_error(ErrorCode::kNotLocked);
  if (waiting_.empty()) {
    held_ = false;
    return self.none();
  }
  Thread& next = *waiting_.front();
  waiting_.erase(waiting_.begin());
  give_to(next);
  Watcher* const watcher = self.shared().lock.watcher;
  if (watcher != nullptr) watcher->woke(self, next);
  unpark(next);
  return self.none();
}

}  // namespace reweave::runtime
