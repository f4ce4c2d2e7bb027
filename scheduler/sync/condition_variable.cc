#include "scheduler/sync/condition_variable.h"

namespace reweave::sync {
namespace {

void go_on_to_mutex(Waiters& waiters, ThreadId thread) {
  const Wait wait = waiters.of(thread);
  const auto* mutex = static_cast<const Mutex*>(wait.next);
  if (mutex == nullptr) return waiters.wake(thread);
  waiters.move(thread, {.kind = WaitKind::kMutex, .object = mutex});
  if (mutex->free()) waiters.offer(mutex);
}

}  // namespace

bool wait(Waiters& waiters, const void* condition, Mutex& mutex, ThreadId thread,
          std::uint64_t deadline) {
  const bool keeps = mutex.depth > 1;
  waiters.wait(thread, {.kind = WaitKind::kCondition,
                        .object = condition,
                        .deadline = deadline,
                        .next = keeps ? nullptr : &mutex});
  return unlock(waiters, mutex);
}

bool notify_one(Waiters& waiters, const void* condition) {
  const std::optional<ThreadId> chosen = waiters.choose(condition);
  if (chosen) go_on_to_mutex(waiters, *chosen);
  return chosen.has_value();
}

std::uint32_t notify_all(Waiters& waiters, const void* condition) {
  std::uint32_t notified = 0;
  // Each of them leaves the condition's waiters, so that the first is always the next.
  while (true) {
    ThreadId first = kNobody;
    waiters.for_each([&](ThreadId thread, const Wait& wait) {
      if (first == kNobody && wait.object == condition) first = thread;
    });
    if (first == kNobody) return notified;
    go_on_to_mutex(waiters, first);
    ++notified;
  }
}

void wake_spuriously(Waiters& waiters, ThreadId thread) { go_on_to_mutex(waiters, thread); }

}  // namespace reweave::sync
