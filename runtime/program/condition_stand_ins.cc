// Condition variables, of POSIX and C11.
//
// A notified thread goes on to the mutex, so that it is ready only when that is free. Which waiter
// is notified is a question `pick`, the longest waiting one being ordinary; whether a time-out
// comes at once is a question `fire`. On demand a thread may also go on though nobody notified it,
// as POSIX allows: a question `pick` where it begins to wait.

#include <errno.h>

#include <cstring>

#include "runtime/program/cancellation.h"
#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/real.h"
#include "scheduler/sync/condition_variable.h"

namespace reweave::program {
namespace {

/// Only the clock is kept in it, behind these bytes: who waits is known elsewhere.
void check_condition(const void* condition, const void* caller) {
  control().check_made(condition, "condition variable", caller, /*zeros=*/32);
}

int wait_at(void* condition, void* mutex_at, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  auto& mutex = *static_cast<sync::Mutex*>(mutex_at);
  all.point(Access::kRelease, condition, caller);
  check_condition(condition, caller);
  const ThreadId me = all.self_id();
  if (!mutex.held_by(me)) {
    all.fail(FindingKind::kAssertion, "wait without the mutex",
             "A thread waits at a condition variable with a mutex that it does not hold",
             CallStack::here());
  }
  CancellableCall call;
  // Seldom, since it is a mutex that is given back and taken again and nothing else.
  constexpr std::uint32_t kSeldom = 8;
  const bool unasked = all.wakes_spuriously() && all.ask(QuestionKind::kPick, kSeldom, caller) == 1;
  bool late = !unasked && deadline != sync::kNever && all.time_is_up(deadline, caller);
  const bool keeps = mutex.depth > 1;
  if (!keeps) all.gave_back(mutex_at);
  if (late || unasked) {
    unlock(all.waiters(), mutex);
    all.self().called = "pthread_mutex_lock";  // What it is in a trace.
    all.point(Access::kAcquire, mutex_at, caller);
  } else {
    wait(all.waiters(), condition, mutex, me, deadline);
    all.wait_here(Access::kAcquire, mutex_at, caller);
    late = all.waiters().timed_out(me);
  }
  const bool interrupted = all.self().interrupted;
  if (keeps) {
    ++mutex.depth;
  } else {
    take_mutex(mutex, sync::kNever, caller);
  }
  if (interrupted) call.end_if_cancelled();
  return late ? ETIMEDOUT : 0;
}

int notify(void* condition, bool everybody, const void* caller) {
  Control& all = control();
  all.point(Access::kWrite, condition, caller);
  check_condition(condition, caller);
  all.waking(condition, [&] {
    return everybody ? notify_all(all.waiters(), condition) != 0
                     : notify_one(all.waiters(), condition);
  });
  return 0;
}

int destroy(void* condition, const void* caller) {
  Control& all = control();
  all.point(Access::kWrite, condition, caller);
  if (all.waiters().anybody_waits_for(condition)) {
    all.fail(FindingKind::kAssertion, "destroyed while in use",
             "A condition variable was destroyed while a thread waits at it", CallStack::here());
  }
  all.destroyed(condition);
  return 0;
}

/// The clock that a condition variable's time-outs are told in: glibc keeps it in a bit.
clockid_t clock_of(const pthread_cond_t* condition) {
  return (condition->__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

}  // namespace
}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (!is_controlled()) return real().pthread_cond_wait(condition, mutex);
  const void* const caller = REWEAVE_CALLER;
  return result_of_taking(mutex, wait_at(condition, mutex, sync::kNever, caller), caller);
}
REWEAVE_STAND_IN int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                            const timespec* until) {
  if (!is_controlled()) return real().pthread_cond_timedwait(condition, mutex, until);
  if (!is_time(until)) return EINVAL;
  const std::uint64_t deadline = deadline_of(clock_of(condition), until);
  const void* const caller = REWEAVE_CALLER;
  return result_of_taking(mutex, wait_at(condition, mutex, deadline, caller), caller);
}
REWEAVE_STAND_IN int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                            clockid_t clock, const timespec* until) {
  if (!is_controlled()) return real().pthread_cond_clockwait(condition, mutex, clock, until);
  if (!is_time(until)) return EINVAL;
  const std::uint64_t deadline = deadline_of(clock, until);
  const void* const caller = REWEAVE_CALLER;
  return result_of_taking(mutex, wait_at(condition, mutex, deadline, caller), caller);
}
REWEAVE_STAND_IN int pthread_cond_signal(pthread_cond_t* condition) {
  if (!is_controlled()) return real().pthread_cond_signal(condition);
  return notify(condition, false, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_cond_broadcast(pthread_cond_t* condition) {
  if (!is_controlled()) return real().pthread_cond_broadcast(condition);
  return notify(condition, true, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_cond_destroy(pthread_cond_t* condition) {
  if (!is_controlled()) return real().pthread_cond_destroy(condition);
  return destroy(condition, REWEAVE_CALLER);
}

REWEAVE_STAND_IN int cnd_init(cnd_t* condition) {
  std::memset(static_cast<void*>(condition), 0, sizeof *condition);
  return thrd_success;
}
REWEAVE_STAND_IN int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  if (!is_controlled()) return real().cnd_wait(condition, mutex);
  wait_at(condition, mutex, sync::kNever, REWEAVE_CALLER);
  return thrd_success;
}
REWEAVE_STAND_IN int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  if (!is_controlled()) return real().cnd_timedwait(condition, mutex, until);
  if (!is_time(until)) return thrd_error;
  const std::uint64_t deadline = deadline_of(CLOCK_REALTIME, until);
  return wait_at(condition, mutex, deadline, REWEAVE_CALLER) == 0 ? thrd_success : thrd_timedout;
}
REWEAVE_STAND_IN int cnd_signal(cnd_t* condition) {
  if (!is_controlled()) return real().cnd_signal(condition);
  notify(condition, false, REWEAVE_CALLER);
  return thrd_success;
}
REWEAVE_STAND_IN int cnd_broadcast(cnd_t* condition) {
  if (!is_controlled()) return real().cnd_broadcast(condition);
  notify(condition, true, REWEAVE_CALLER);
  return thrd_success;
}
REWEAVE_STAND_IN void cnd_destroy(cnd_t* condition) {
  if (!is_controlled()) return real().cnd_destroy(condition);
  destroy(condition, REWEAVE_CALLER);
}
