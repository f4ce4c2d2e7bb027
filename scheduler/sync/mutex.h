// A mutex as a state machine: 8 bytes that may lie in the program's own object.
//
// All zero is a free mutex, so that static initialization and reused memory are right. A thread
// that finds it held waits and is not ready; unlock() offers it to all who wait, and whoever of
// them (or of the others) comes first takes it. Nothing here switches; see waiters.h.
#pragma once

#include "scheduler/sync/waiters.h"

namespace reweave::sync {

struct Mutex {
  std::uint32_t owner = 0;  // Thread + 1; 0: free.
  std::uint32_t depth = 0;  // How often the owner holds it.

  bool free() const { return owner == 0; }
  bool held_by(ThreadId thread) const { return owner == static_cast<std::uint32_t>(thread) + 1; }
  ThreadId holder() const { return free() ? kNobody : ThreadId{owner - 1}; }
};

/// True: `thread` holds it now, once, and waits for it no longer. False: somebody holds it, perhaps
/// `thread` itself; nothing happened.
inline bool try_lock(Waiters& waiters, Mutex& mutex, ThreadId thread) {
  if (!mutex.free()) return false;
  mutex.owner = static_cast<std::uint32_t>(thread) + 1;
  mutex.depth = 1;
  if (waiters.waiting() != 0) waiters.taken(&mutex, thread);
  return true;
}

/// Gives up one level, and with the last one the mutex; it is then offered. True: it is free.
/// Precondition: somebody holds it.
inline bool unlock(Waiters& waiters, Mutex& mutex) {
  if (mutex.depth > 1) {
    --mutex.depth;
    return false;
  }
  mutex.owner = mutex.depth = 0;
  if (waiters.waiting() != 0) waiters.offer(&mutex);
  return true;
}

/// `thread` waits for the mutex, which is held, until it is offered or `deadline`.
inline void wait_for(Waiters& waiters, const Mutex& mutex, ThreadId thread,
                     std::uint64_t deadline = kNever) {
  waiters.wait(thread, {.kind = WaitKind::kMutex, .object = &mutex, .deadline = deadline});
}

}  // namespace reweave::sync
