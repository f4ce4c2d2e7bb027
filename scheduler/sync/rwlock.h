// A lock for many readers or one writer, as a state machine: 16 bytes, all zero is free.
//
// No preference: whoever comes first takes it. `prefers_writers` keeps new readers out while a
// writer waits, as PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP does.
#pragma once

#include "scheduler/sync/waiters.h"

namespace reweave::sync {

struct RwLock {
  std::uint32_t readers = 0;
  std::uint32_t writer = 0;  // Thread + 1; 0: nobody.

  bool free() const { return readers == 0 && writer == 0; }
  bool written_by(ThreadId thread) const {
    return writer == static_cast<std::uint32_t>(thread) + 1;
  }
};

/// True: `thread` reads now. False: nothing happened.
bool try_read(Waiters& waiters, RwLock& lock, ThreadId thread, bool prefers_writers = false);
/// True: `thread` writes now. False: nothing happened.
bool try_write(Waiters& waiters, RwLock& lock, ThreadId thread);
/// Gives up what is held: the writer's hold if there is one, else one reader's. Precondition: it is
/// not free.
void unlock(Waiters& waiters, RwLock& lock);
/// `thread` waits to read or to write.
void wait_for(Waiters& waiters, const RwLock& lock, ThreadId thread, bool to_write,
              std::uint64_t deadline = kNever);

}  // namespace reweave::sync
