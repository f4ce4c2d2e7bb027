// Read-write locks and spin locks of POSIX. The state lies in the program's own object: see
// mutex_stand_ins.cc.

#include <errno.h>

#include <string>

#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/real.h"
#include "scheduler/sync/mutex.h"
#include "scheduler/sync/rwlock.h"

namespace reweave::program {
namespace {

[[noreturn]] void fail_here(const char* what, std::string message) {
  control().fail(FindingKind::kAssertion, what, std::move(message), CallStack::here());
}

constexpr const char* kLock = "read-write lock";

/// glibc keeps the kind in this field, and the initializer macros set it.
bool prefers_writers(const pthread_rwlock_t* lock) {
  return lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
}

bool try_to(bool to_write, pthread_rwlock_t* at, sync::RwLock& lock) {
  Control& all = control();
  return to_write ? try_write(all.waiters(), lock, all.self_id())
                  : try_read(all.waiters(), lock, all.self_id(), prefers_writers(at));
}

int lock_rw(pthread_rwlock_t* at, bool to_write, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  auto& lock = *reinterpret_cast<sync::RwLock*>(at);
  all.lock_point(Access::kAcquire, at, caller);
  all.check_made(at, kLock, caller);
  const ThreadId me = all.self_id();
  if (lock.written_by(me)) return EDEADLK;
  bool first = true;
  while (!try_to(to_write, at, lock)) {
    if (first && deadline != sync::kNever && all.time_is_up(deadline, caller)) return ETIMEDOUT;
    first = false;
    if (all.waiters().of(me).kind == WaitKind::kNothing) {
      wait_for(all.waiters(), lock, me, to_write, deadline);
    }
    all.wait_here(Access::kAcquire, at, caller);
    if (deadline != sync::kNever && all.waiters().timed_out(me)) {
      // Readers may have stood back for this writer.
      if (to_write && lock.writer == 0) all.waiters().offer(at, WaitKind::kReadLock);
      return ETIMEDOUT;
    }
  }
  all.took(at, caller, !to_write);
  return 0;
}

int try_rw(pthread_rwlock_t* at, bool to_write, const void* caller) {
  control().lock_point(Access::kAcquire, at, caller);
  control().check_made(at, kLock, caller);
  if (!try_to(to_write, at, *reinterpret_cast<sync::RwLock*>(at))) {
    control().tried_in_vain(at, caller);
    return EBUSY;
  }
  control().took(at, caller, !to_write);
  return 0;
}

}  // namespace
}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  if (!is_controlled()) return real().pthread_rwlock_rdlock(lock);
  return lock_rw(lock, false, sync::kNever, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) {
  if (!is_controlled()) return real().pthread_rwlock_tryrdlock(lock);
  return try_rw(lock, false, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* until) {
  if (!is_controlled()) return real().pthread_rwlock_timedrdlock(lock, until);
  if (!is_time(until)) return EINVAL;
  return lock_rw(lock, false, deadline_of(CLOCK_REALTIME, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock,
                                                const timespec* until) {
  if (!is_controlled()) return real().pthread_rwlock_clockrdlock(lock, clock, until);
  if (!is_time(until)) return EINVAL;
  return lock_rw(lock, false, deadline_of(clock, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  if (!is_controlled()) return real().pthread_rwlock_wrlock(lock);
  return lock_rw(lock, true, sync::kNever, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) {
  if (!is_controlled()) return real().pthread_rwlock_trywrlock(lock);
  return try_rw(lock, true, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* until) {
  if (!is_controlled()) return real().pthread_rwlock_timedwrlock(lock, until);
  if (!is_time(until)) return EINVAL;
  return lock_rw(lock, true, deadline_of(CLOCK_REALTIME, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                                                const timespec* until) {
  if (!is_controlled()) return real().pthread_rwlock_clockwrlock(lock, clock, until);
  if (!is_time(until)) return EINVAL;
  return lock_rw(lock, true, deadline_of(clock, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_rwlock_unlock(pthread_rwlock_t* at) {
  if (!is_controlled()) return real().pthread_rwlock_unlock(at);
  Control& all = control();
  auto& lock = *reinterpret_cast<sync::RwLock*>(at);
  const void* const caller = REWEAVE_CALLER;
  all.lock_point(Access::kRelease, at, caller);
  all.check_made(at, kLock, caller);
  if (lock.free()) fail_here("unlock of a free lock", "A lock was unlocked that nobody holds");
  if (lock.writer != 0 && !lock.written_by(all.self_id())) {
    fail_here("unlock by a stranger", "A lock was unlocked that another thread has for writing");
  }
  unlock(all.waiters(), lock);
  all.gave_back(at);
  all.released(at, caller);
  return 0;
}
REWEAVE_STAND_IN int pthread_rwlock_destroy(pthread_rwlock_t* at) {
  if (!is_controlled()) return real().pthread_rwlock_destroy(at);
  Control& all = control();
  all.point(Access::kWrite, at, REWEAVE_CALLER);
  if (!reinterpret_cast<sync::RwLock*>(at)->free() || all.waiters().anybody_waits_for(at)) {
    fail_here("destroyed while in use",
              "A lock was destroyed while threads hold it or wait for it");
  }
  all.destroyed(at);
  return 0;
}

// A spin lock: 4 bytes, of which 0 is free. Whoever spins waits.
REWEAVE_STAND_IN int pthread_spin_init(pthread_spinlock_t* lock, int shared) {
  if (!is_controlled() && !globals.program_allocates) return real().pthread_spin_init(lock, shared);
  *lock = 0;
  return 0;
}
REWEAVE_STAND_IN int pthread_spin_destroy(pthread_spinlock_t*) { return 0; }
REWEAVE_STAND_IN int pthread_spin_lock(pthread_spinlock_t* lock) {
  if (!is_controlled()) return real().pthread_spin_lock(lock);
  Control& all = control();
  auto* const at = const_cast<int*>(lock);
  all.lock_point(Access::kAcquire, at, REWEAVE_CALLER);
  while (*at != 0) {
    if (all.waiters().of(all.self_id()).kind == WaitKind::kNothing) {
      all.waiters().wait(all.self_id(), {.kind = WaitKind::kMutex, .object = at});
    }
    all.wait_here(Access::kAcquire, at, REWEAVE_CALLER);
  }
  *at = static_cast<int>(all.self_id()) + 1;
  all.waiters().taken(at, all.self_id());
  all.took(at, REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN int pthread_spin_trylock(pthread_spinlock_t* lock) {
  if (!is_controlled()) return real().pthread_spin_trylock(lock);
  Control& all = control();
  auto* const at = const_cast<int*>(lock);
  all.lock_point(Access::kAcquire, at, REWEAVE_CALLER);
  if (*at != 0) {
    all.tried_in_vain(at, REWEAVE_CALLER);
    return EBUSY;
  }
  *at = static_cast<int>(all.self_id()) + 1;
  all.waiters().taken(at, all.self_id());
  all.took(at, REWEAVE_CALLER);
  return 0;
}
REWEAVE_STAND_IN int pthread_spin_unlock(pthread_spinlock_t* lock) {
  if (!is_controlled()) return real().pthread_spin_unlock(lock);
  Control& all = control();
  auto* const at = const_cast<int*>(lock);
  all.lock_point(Access::kRelease, at, REWEAVE_CALLER);
  if (*at == 0) fail_here("unlock of a free lock", "A spin lock was unlocked that nobody holds");
  if (*at != static_cast<int>(all.self_id()) + 1)
    fail_here("unlock by a stranger", "A spin lock was unlocked that another thread holds");
  *at = 0;
  all.gave_back(at);
  all.waiters().offer(at);
  all.released(at, REWEAVE_CALLER);
  return 0;
}
