// Semaphores and barriers, once and the guards of static objects, and the futex system call that
// the C++ library builds everything else on.

#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include <cstring>

#include "runtime/program/cancellation.h"
#include "runtime/program/control.h"
#include "runtime/program/exits.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/randomness.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"
#include "scheduler/sync/semaphore.h"

namespace reweave::program {
namespace {

int fail_with(int error) {
  errno = error;
  return -1;
}

// A sem_t has its value in its first word, as glibc has it.
sync::Semaphore& semaphore_in(sem_t* at) { return *reinterpret_cast<sync::Semaphore*>(at); }

int wait_semaphore(sem_t* at, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  sync::Semaphore& semaphore = semaphore_in(at);
  all.point(Access::kAcquire, at, caller);
  all.check_made(at, "semaphore", caller);
  const ThreadId me = all.self_id();
  CancellableCall call;
  bool first = true;
  while (!try_take(all.waiters(), semaphore, me)) {
    if (first && deadline != sync::kNever && all.time_is_up(deadline, caller))
      return fail_with(ETIMEDOUT);
    first = false;
    if (all.waiters().of(me).kind == WaitKind::kNothing) {
      wait_for(all.waiters(), semaphore, me, deadline);
    }
    all.wait_here(Access::kAcquire, at, caller);
    if (all.self().interrupted) {
      call.end_if_cancelled();
      if (!all.self().restarts) {
        all.waiters().forget(me);
        return fail_with(EINTR);
      }
    }
    if (deadline != sync::kNever && all.waiters().timed_out(me)) return fail_with(ETIMEDOUT);
  }
  all.took_one(at);
  return 0;
}

/// True: the caller has to do it, and then to call finish(). `recursive`: what to say if it is at
/// it.
bool begin_once(sync::Once& once, const void* caller, const char* recursive) {
  Control& all = control();
  all.point(Access::kAcquire, &once, caller);
  while (true) {
    switch (come_to(all.waiters(), once, all.self_id())) {
      case sync::OnceTurn::kDone:
        all.take_over(&once);
        return false;
      case sync::OnceTurn::kMine:
        all.took(&once, caller);
        return true;
      case sync::OnceTurn::kReentered:
        all.fail(FindingKind::kDeadlock, recursive,
                 "An initialization waits for itself: it was entered again by its own thread",
                 CallStack::here());
      case sync::OnceTurn::kWait:
        break;
    }
    if (all.waiters().of(all.self_id()).kind == WaitKind::kNothing) {
      wait_for(all.waiters(), once, all.self_id());
    }
    all.wait_here(Access::kAcquire, &once, caller);
  }
}

void end_once(sync::Once& once, bool done, const void* caller) {
  Control& all = control();
  all.point(Access::kRelease, &once, caller);
  all.gave_back(&once);
  finish(all.waiters(), once, done);
}

/// Says that it failed unless told otherwise, also when an exception passes.
class OnceTurnGuard {
 public:
  OnceTurnGuard(sync::Once& once, const void* caller) : once_(once), caller_(caller) {}
  ~OnceTurnGuard() {
    control().self().called =
        called_;  // The function may have called others, as std::async() does.
    end_once(once_, done_, caller_);
  }
  void done() { done_ = true; }

 private:
  const char* const called_ = control().self().called;
  sync::Once& once_;
  const void* caller_;
  bool done_ = false;
};

int run_once(void* flag, void (*function)(), const void* caller) {
  auto& once = *static_cast<sync::Once*>(flag);
  if (once.state == 2) once.state = sync::Once::kDone;  // It was done before we were here.
  if (once.state == sync::Once::kDone) {
    control().take_over(&once);
    return 0;
  }
  if (!begin_once(once, caller, "once that re-enters")) return 0;
  OnceTurnGuard guard(once, caller);
  function();
  guard.done();
  return 0;
}

/// The C++ ABI's guard: its first byte says that the object is there; the word behind is ours.
struct StaticGuard {
  std::uint8_t done;
  std::uint8_t unused[3];
  sync::Once once;
};
static_assert(sizeof(StaticGuard) == 8);

/// Outside of an execution, without the C++ library's help: the second byte says that somebody is
/// at it. Threads that are real wait by turning.
int acquire_guard_outside(std::uint8_t* guard) {
  while (__atomic_load_n(guard, __ATOMIC_ACQUIRE) == 0) {
    if (__atomic_exchange_n(guard + 1, std::uint8_t{1}, __ATOMIC_ACQUIRE) == 0) {
      if (__atomic_load_n(guard, __ATOMIC_ACQUIRE) == 0) return 1;
      __atomic_store_n(guard + 1, std::uint8_t{0}, __ATOMIC_RELEASE);
      return 0;
    }
    real().sched_yield();
  }
  return 0;
}
void release_guard_outside(std::uint8_t* guard, bool done) {
  if (done) __atomic_store_n(guard, std::uint8_t{1}, __ATOMIC_RELEASE);
  __atomic_store_n(guard + 1, std::uint8_t{0}, __ATOMIC_RELEASE);
}

// ---- futex ----

constexpr std::uint32_t kAllBits = UINT32_MAX;

long wait_at_futex(std::uint32_t* word, std::uint32_t expected, std::uint32_t bits,
                   std::uint64_t deadline, const void* caller) {
  Control& all = control();
  all.point(Access::kRead, word, caller);
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected) return -EAGAIN;
  if (deadline != sync::kNever && all.time_is_up(deadline, caller)) return -ETIMEDOUT;
  wait_at_word(all.waiters(), word, all.self_id(), bits, deadline);
  all.wait_here(Access::kAcquire, word, caller);
  if (all.self().interrupted && !all.self().restarts) return -EINTR;
  return all.waiters().timed_out(all.self_id()) ? -ETIMEDOUT : 0;
}

long futex(std::uint32_t* word, int operation, std::uint32_t value, const timespec* time,
           std::uint32_t bits, const void* caller) {
  const int command = operation & FUTEX_CMD_MASK;
  if ((command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) && !is_time(time)) return -EINVAL;
  const clockid_t clock =
      (operation & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  switch (command) {
    case FUTEX_WAIT:
      return wait_at_futex(word, value, kAllBits, deadline_after(time), caller);
    case FUTEX_WAIT_BITSET:
      return wait_at_futex(word, value, bits, deadline_of(clock, time), caller);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET: {
      Control& all = control();
      all.wake_point(Access::kWrite, word, caller);
      return static_cast<long>(all.waking(word, [&] {
        return wake_word(all.waiters(), word, value, command == FUTEX_WAKE ? kAllBits : bits);
      }));
    }
    default:
      control().note_escape("futex with another operation than wait and wake", caller);
      return -ENOSYS;
  }
}
long futex_call(const CallWords& words, const void* caller) {
  return futex(pointer_in<std::uint32_t>(words[0]), static_cast<int>(words[1]),
               static_cast<std::uint32_t>(words[2]), pointer_in<const timespec>(words[3]),
               static_cast<std::uint32_t>(words[5]), caller);
}
long getrandom_call(const CallWords& words, const void*) {
  return fill_with_fixed_bytes(pointer_in<void>(words[0]), static_cast<std::size_t>(words[1]));
}
/// All virtual threads are one of the kernel's.
long gettid_call(const CallWords&, const void* caller) {
  control().note_escape("gettid: another number in each process", caller);
  return kernel_call(SYS_getpid) + static_cast<long>(control().self_id());
}

}  // namespace

void stand_in_for_thread_calls() {
  stand_in_for(SYS_futex, &futex_call);
  stand_in_for(SYS_getrandom, &getrandom_call);
  stand_in_for(SYS_gettid, &gettid_call);
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int sem_wait(sem_t* semaphore) {
  if (!is_controlled()) return real().sem_wait(semaphore);
  return wait_semaphore(semaphore, sync::kNever, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int sem_trywait(sem_t* semaphore) {
  if (!is_controlled()) return real().sem_trywait(semaphore);
  Control& all = control();
  const void* const caller = REWEAVE_CALLER;
  all.point(Access::kAcquire, semaphore, caller);
  all.check_made(semaphore, "semaphore", caller);
  if (try_take(all.waiters(), semaphore_in(semaphore), all.self_id())) {
    all.took_one(semaphore);
    return 0;
  }
  all.tried_in_vain(semaphore, caller);
  return fail_with(EAGAIN);
}
REWEAVE_STAND_IN int sem_timedwait(sem_t* semaphore, const timespec* until) {
  if (!is_controlled()) return real().sem_timedwait(semaphore, until);
  if (!is_time(until)) return fail_with(EINVAL);
  return wait_semaphore(semaphore, deadline_of(CLOCK_REALTIME, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* until) {
  if (!is_controlled()) return real().sem_clockwait(semaphore, clock, until);
  if (!is_time(until)) return fail_with(EINVAL);
  return wait_semaphore(semaphore, deadline_of(clock, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int sem_post(sem_t* semaphore) {
  if (!is_controlled()) return real().sem_post(semaphore);
  Control& all = control();
  const void* const caller = REWEAVE_CALLER;
  all.point(Access::kRelease, semaphore, caller);
  all.check_made(semaphore, "semaphore", caller);
  all.give(semaphore);
  post(all.waiters(), semaphore_in(semaphore));
  return 0;
}
REWEAVE_STAND_IN int sem_getvalue(sem_t* semaphore, int* value) {
  if (!is_controlled()) return real().sem_getvalue(semaphore, value);
  control().point(Access::kRead, semaphore, REWEAVE_CALLER);
  *value = static_cast<int>(semaphore_in(semaphore).value);
  return 0;
}
REWEAVE_STAND_IN int sem_destroy(sem_t* semaphore) {
  if (!is_controlled()) return real().sem_destroy(semaphore);
  control().point(Access::kWrite, semaphore, REWEAVE_CALLER);
  if (control().waiters().anybody_waits_for(semaphore)) {
    control().fail(FindingKind::kAssertion, "destroyed while in use",
                   "A semaphore was destroyed while a thread waits for it", CallStack::here());
  }
  control().destroyed(semaphore);
  return 0;
}

REWEAVE_STAND_IN int pthread_barrier_init(pthread_barrier_t* barrier,
                                          const pthread_barrierattr_t* attributes, unsigned count) {
  if (!is_controlled() && !globals.program_allocates)
    return real().pthread_barrier_init(barrier, attributes, count);
  if (count == 0) return EINVAL;
  *reinterpret_cast<sync::Barrier*>(barrier) = {count, 0};
  return 0;
}
REWEAVE_STAND_IN int pthread_barrier_wait(pthread_barrier_t* barrier) {
  if (!is_controlled()) return real().pthread_barrier_wait(barrier);
  Control& all = control();
  const void* const caller = REWEAVE_CALLER;
  all.point(Access::kReadModifyWrite, barrier, caller);
  all.check_made(barrier, "barrier", caller);
  all.give(barrier);
  const bool last =
      arrive(all.waiters(), *reinterpret_cast<sync::Barrier*>(barrier), all.self_id());
  if (!last) all.wait_here(Access::kAcquire, barrier, caller);
  all.take_over(barrier);
  return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}
REWEAVE_STAND_IN int pthread_barrier_destroy(pthread_barrier_t* barrier) {
  if (!is_controlled()) return real().pthread_barrier_destroy(barrier);
  control().point(Access::kWrite, barrier, REWEAVE_CALLER);
  if (control().waiters().anybody_waits_for(barrier)) {
    control().fail(FindingKind::kAssertion, "destroyed while in use",
                   "A barrier was destroyed while a thread waits at it", CallStack::here());
  }
  control().destroyed(barrier);
  return 0;
}

REWEAVE_STAND_IN int pthread_once(pthread_once_t* flag, void (*function)()) {
  if (!is_controlled()) {
    const auto state = reinterpret_cast<const sync::Once*>(flag)->state;
    return state == sync::Once::kDone ? 0 : real().pthread_once(flag, function);
  }
  return run_once(flag, function, REWEAVE_CALLER);
}
REWEAVE_STAND_IN void call_once(once_flag* flag, void (*function)()) {
  if (!is_controlled()) return real().call_once(flag, function);
  run_once(flag, function, REWEAVE_CALLER);
}

// The real ones are in libstdc++, which a C program does not have.
REWEAVE_STAND_IN int __cxa_guard_acquire(StaticGuard* guard) {
  if (__atomic_load_n(&guard->done, __ATOMIC_ACQUIRE) != 0) return 0;
  if (is_controlled()) return begin_once(guard->once, REWEAVE_CALLER, "static that re-enters");
  return acquire_guard_outside(&guard->done);
}
REWEAVE_STAND_IN void __cxa_guard_release(StaticGuard* guard) {
  if (!is_controlled()) return release_guard_outside(&guard->done, true);
  control().give(guard);  // Code looks at the first byte itself.
  guard->done = 1;
  note_made_static(guard);
  end_once(guard->once, true, REWEAVE_CALLER);
}
REWEAVE_STAND_IN void __cxa_guard_abort(StaticGuard* guard) {
  if (!is_controlled()) return release_guard_outside(&guard->done, false);
  end_once(guard->once, false, REWEAVE_CALLER);
}

REWEAVE_STAND_IN long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long given[6];
  for (long& each : given) each = va_arg(list, long);
  va_end(list);
  const CallWords words = {given[0], given[1], given[2], given[3], given[4], given[5]};
  if (is_controlled()) return as_libc_tells(system_call(number, words, REWEAVE_CALLER));
  return real().syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
REWEAVE_STAND_IN pid_t gettid() noexcept {
  return static_cast<pid_t>(call_kernel(SYS_gettid, REWEAVE_CALLER));
}
