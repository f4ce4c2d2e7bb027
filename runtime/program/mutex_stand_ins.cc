// Mutexes, read-write locks and spin locks, of POSIX and C11.
//
// The state lies in the program's own object, where all zero is free, as glibc has it: so static
// initializers, copies of fresh objects and reused memory are right. A pthread_mutex_t keeps its
// kind where glibc keeps it. The table of waiters knows the objects by their address.

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/names.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"
#include "scheduler/sync/rwlock.h"

namespace reweave::program {
namespace {

[[noreturn]] void fail_here(const char* what, std::string message) {
  control().fail(FindingKind::kAssertion, what, std::move(message), CallStack::here());
}

int kind_of(const pthread_mutex_t* mutex) { return mutex->__data.__kind & 3; }

// glibc keeps these beside the kind, and its owner, which is not used here, says how a robust mutex
// stands.
constexpr int kRobust = 16;
enum RobustState : int { kConsistent, kOwnerDied, kInconsistent, kLost };

bool is_robust(const pthread_mutex_t* mutex) { return (mutex->__data.__kind & kRobust) != 0; }

/// A stranger may try to give back a robust mutex: that is an error, no fault.
int kind_to_unlock(const pthread_mutex_t* mutex) {
  return is_robust(mutex) ? PTHREAD_MUTEX_ERRORCHECK_NP : kind_of(mutex);
}

/// One that was not made consistent can never be taken again.
int unlock_pthread(pthread_mutex_t* mutex, const void* caller) {
  if (is_robust(mutex) && mutex->__data.__owner == kInconsistent &&
      reinterpret_cast<sync::Mutex*>(mutex)->held_by(control().self_id()))
    mutex->__data.__owner = kLost;
  return unlock_mutex(mutex, kind_to_unlock(mutex), caller);
}

}  // namespace

int result_of_taking(pthread_mutex_t* mutex, int result, const void* caller) {
  const bool taken =
      result == 0 ||
      (result == ETIMEDOUT && reinterpret_cast<sync::Mutex*>(mutex)->held_by(control().self_id()));
  if (!is_robust(mutex) || !taken) return result;
  int& state = mutex->__data.__owner;
  if (state == kLost) {
    unlock_mutex(mutex, kind_to_unlock(mutex), caller);
    return ENOTRECOVERABLE;
  }
  for (HeldLock& held : control().self().held) held.robust = held.robust || held.lock == mutex;
  if (state != kOwnerDied) return result;
  state = kInconsistent;
  return EOWNERDEAD;
}

void leave_robust_mutexes() {
  Control& all = control();
  auto& held = all.self().held;
  while (true) {
    const auto at =
        std::find_if(held.begin(), held.end(), [](const HeldLock& lock) { return lock.robust; });
    if (at == held.end()) return;
    auto* const mutex = static_cast<pthread_mutex_t*>(const_cast<void*>(at->lock));
    const bool lost = mutex->__data.__owner == kInconsistent;
    mutex->__data.__owner = lost ? kLost : kOwnerDied;
    auto& state = *reinterpret_cast<sync::Mutex*>(mutex);
    state.depth = 1;
    unlock(all.waiters(), state);
    all.gave_back(mutex);
  }
}

namespace {
/// Fails where it was destroyed, or where its memory has become something else: then it would be
/// held by a thread that there is not.
void check_mutex(const void* at, const void* caller) {
  Control& all = control();
  all.check_made(at, "mutex", caller);
  const auto& mutex = *static_cast<const sync::Mutex*>(at);
  // One that libc locked before the program was under control may hold 2: others wait for it.
  if (mutex.owner <= 2 || static_cast<std::size_t>(mutex.holder()) < all.thread_count()) return;
  fail_here("mutex overwritten",
            "A mutex is used whose memory has been overwritten: it says that a thread holds it "
            "that there is not");
}
}  // namespace

int lock_mutex(void* at, int kind, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  sync::Mutex& mutex = *static_cast<sync::Mutex*>(at);
  all.lock_point(Access::kAcquire, at, caller);
  check_mutex(at, caller);
  const ThreadId me = all.self_id();
  if (mutex.held_by(me)) {
    if (kind == PTHREAD_MUTEX_RECURSIVE_NP) {
      ++mutex.depth;
      all.counted(at);
      return 0;
    }
    if (kind == PTHREAD_MUTEX_ERRORCHECK_NP) return EDEADLK;
  }
  if (!mutex.free() && deadline != sync::kNever && all.time_is_up(deadline, caller))
    return ETIMEDOUT;
  return take_mutex(mutex, deadline, caller);
}

int take_mutex(sync::Mutex& mutex, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  const ThreadId me = all.self_id();
  while (!try_lock(all.waiters(), mutex, me)) {
    if (all.waiters().of(me).kind == WaitKind::kNothing)
      wait_for(all.waiters(), mutex, me, deadline);
    all.wait_here(Access::kAcquire, &mutex, caller);
    if (deadline != sync::kNever && all.waiters().timed_out(me)) return ETIMEDOUT;
  }
  all.took(&mutex, caller);
  return 0;
}

int try_mutex(void* at, int kind, const void* caller) {
  Control& all = control();
  sync::Mutex& mutex = *static_cast<sync::Mutex*>(at);
  all.lock_point(Access::kAcquire, at, caller);
  check_mutex(at, caller);
  if (mutex.held_by(all.self_id()) && kind == PTHREAD_MUTEX_RECURSIVE_NP) {
    ++mutex.depth;
    all.counted(at);
    return 0;
  }
  if (!try_lock(all.waiters(), mutex, all.self_id())) {
    all.tried_in_vain(at, caller);
    return EBUSY;
  }
  all.took(&mutex, caller);
  return 0;
}

namespace {
/// Only who would have to wait is told that the time is none, as by glibc.
int lock_mutex_until(void* at, int kind, clockid_t clock, const timespec* until,
                     const void* caller) {
  const bool is_mine = static_cast<const sync::Mutex*>(at)->held_by(control().self_id());
  if (is_time(until) || is_mine) return lock_mutex(at, kind, deadline_of(clock, until), caller);
  const int result = try_mutex(at, kind, caller);
  return result == EBUSY ? EINVAL : result;
}
}  // namespace

int unlock_mutex(void* at, int kind, const void* caller) {
  Control& all = control();
  sync::Mutex& mutex = *static_cast<sync::Mutex*>(at);
  all.lock_point(Access::kRelease, at, caller);
  check_mutex(at, caller);
  if (!mutex.held_by(all.self_id())) {
    if (kind != PTHREAD_MUTEX_TIMED_NP && kind != PTHREAD_MUTEX_ADAPTIVE_NP) return EPERM;
    if (mutex.free()) fail_here("unlock of a free mutex", "A mutex was unlocked that nobody holds");
    fail_here("unlock by a stranger", "A mutex was unlocked that " +
                                          thread_words(all, mutex.holder(), false) +
                                          " holds, not this one");
  }
  if (!unlock(all.waiters(), mutex)) {
    all.counted(at);
    return 0;
  }
  all.gave_back(at);
  all.released(at, caller);
  return 0;
}

int destroy_mutex(void* at, const void* caller) {
  Control& all = control();
  const sync::Mutex& mutex = *static_cast<sync::Mutex*>(at);
  all.point(Access::kWrite, at, caller);
  check_mutex(at, caller);
  if (!mutex.free() || all.waiters().anybody_waits_for(at)) {
    fail_here("destroyed while in use",
              mutex.free() ? "A mutex was destroyed while a thread waits for it"
                           : "A mutex was destroyed while " +
                                 thread_words(all, mutex.holder(), false) + " holds it");
  }
  all.destroyed(at);
  return 0;
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int pthread_mutex_init(pthread_mutex_t* mutex,
                                        const pthread_mutexattr_t* attributes) {
  // Sets the kind, else zeros. Priorities are accepted: whoever waits is in no order. It asks the
  // kernel whether that can be done.
  const Undispatched scope;
  return real().pthread_mutex_init(mutex, attributes);
}
REWEAVE_STAND_IN int pthread_mutex_lock(pthread_mutex_t* mutex) {
  if (!is_controlled()) return real().pthread_mutex_lock(mutex);
  const void* const caller = REWEAVE_CALLER;
  return result_of_taking(mutex, lock_mutex(mutex, kind_of(mutex), sync::kNever, caller), caller);
}
REWEAVE_STAND_IN int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  if (!is_controlled()) return real().pthread_mutex_trylock(mutex);
  const void* const caller = REWEAVE_CALLER;
  return result_of_taking(mutex, try_mutex(mutex, kind_of(mutex), caller), caller);
}
REWEAVE_STAND_IN int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) {
  if (!is_controlled()) return real().pthread_mutex_timedlock(mutex, until);
  const void* const caller = REWEAVE_CALLER;
  const int result = lock_mutex_until(mutex, kind_of(mutex), CLOCK_REALTIME, until, caller);
  return result_of_taking(mutex, result, caller);
}
REWEAVE_STAND_IN int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                             const timespec* until) {
  if (!is_controlled()) return real().pthread_mutex_clocklock(mutex, clock, until);
  const void* const caller = REWEAVE_CALLER;
  const int result = lock_mutex_until(mutex, kind_of(mutex), clock, until, caller);
  return result_of_taking(mutex, result, caller);
}
REWEAVE_STAND_IN int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  if (!is_controlled()) return real().pthread_mutex_unlock(mutex);
  return unlock_pthread(mutex, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_mutex_destroy(pthread_mutex_t* mutex) {
  if (!is_controlled()) return real().pthread_mutex_destroy(mutex);
  return destroy_mutex(mutex, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_mutex_consistent(pthread_mutex_t* mutex) {
  if (!is_controlled()) return real().pthread_mutex_consistent(mutex);
  if (!is_robust(mutex) || mutex->__data.__owner != kInconsistent) return EINVAL;
  mutex->__data.__owner = kConsistent;
  return 0;
}

// C11: an mtx_t is a pthread_mutex_t inside.
REWEAVE_STAND_IN int mtx_init(mtx_t* mutex, int type) {
  std::memset(static_cast<void*>(mutex), 0, sizeof *mutex);
  if ((type & mtx_recursive) != 0)
    reinterpret_cast<pthread_mutex_t*>(mutex)->__data.__kind = PTHREAD_MUTEX_RECURSIVE_NP;
  return thrd_success;
}
REWEAVE_STAND_IN int mtx_lock(mtx_t* mutex) {
  if (!is_controlled()) return real().mtx_lock(mutex);
  const int kind = kind_of(reinterpret_cast<pthread_mutex_t*>(mutex));
  return lock_mutex(mutex, kind, sync::kNever, REWEAVE_CALLER) == 0 ? thrd_success : thrd_error;
}
REWEAVE_STAND_IN int mtx_trylock(mtx_t* mutex) {
  if (!is_controlled()) return real().mtx_trylock(mutex);
  const int kind = kind_of(reinterpret_cast<pthread_mutex_t*>(mutex));
  return try_mutex(mutex, kind, REWEAVE_CALLER) == 0 ? thrd_success : thrd_busy;
}
REWEAVE_STAND_IN int mtx_timedlock(mtx_t* mutex, const timespec* until) {
  if (!is_controlled()) return real().mtx_timedlock(mutex, until);
  const int kind = kind_of(reinterpret_cast<pthread_mutex_t*>(mutex));
  const int result = lock_mutex_until(mutex, kind, CLOCK_REALTIME, until, REWEAVE_CALLER);
  return result == 0 ? thrd_success : result == ETIMEDOUT ? thrd_timedout : thrd_error;
}
REWEAVE_STAND_IN int mtx_unlock(mtx_t* mutex) {
  if (!is_controlled()) return real().mtx_unlock(mutex);
  const int kind = kind_of(reinterpret_cast<pthread_mutex_t*>(mutex));
  return unlock_mutex(mutex, kind, REWEAVE_CALLER) == 0 ? thrd_success : thrd_error;
}
REWEAVE_STAND_IN void mtx_destroy(mtx_t* mutex) {
  if (!is_controlled()) return real().mtx_destroy(mutex);
  destroy_mutex(mutex, REWEAVE_CALLER);
}
