#include "scheduler/sync/rwlock.h"

namespace reweave::sync {
namespace {

bool writer_waits(const Waiters& waiters, const RwLock& lock) {
  bool found = false;
  waiters.for_each([&](ThreadId, const Wait& wait) {
    found = found || (wait.object == &lock && wait.kind == WaitKind::kWriteLock);
  });
  return found;
}

}  // namespace

bool try_read(Waiters& waiters, RwLock& lock, ThreadId thread, bool prefers_writers) {
  if (lock.writer != 0) return false;
  if (prefers_writers && lock.readers != 0 && writer_waits(waiters, lock)) return false;
  ++lock.readers;
  waiters.forget(thread);
  waiters.taken(&lock, WaitKind::kWriteLock);  // Readers may still come in.
  return true;
}

bool try_write(Waiters& waiters, RwLock& lock, ThreadId thread) {
  if (!lock.free()) return false;
  lock.writer = static_cast<std::uint32_t>(thread) + 1;
  waiters.taken(&lock, thread);
  return true;
}

void unlock(Waiters& waiters, RwLock& lock) {
  if (lock.writer != 0) {
    lock.writer = 0;
  } else {
    --lock.readers;
  }
  if (lock.free()) waiters.offer(&lock);
}

void wait_for(Waiters& waiters, const RwLock& lock, ThreadId thread, bool to_write,
              std::uint64_t deadline) {
  const WaitKind kind = to_write ? WaitKind::kWriteLock : WaitKind::kReadLock;
  waiters.wait(thread, {.kind = kind, .object = &lock, .deadline = deadline});
}

}  // namespace reweave::sync
