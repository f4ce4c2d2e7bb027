// Operations on mutexes that condition variables need, too; and how a deadline is told.
#pragma once

#include <pthread.h>
#include <time.h>

#include <cstdint>

#include "scheduler/sync/mutex.h"

namespace reweave::program {

/// All return 0 or an error number, as POSIX says; `kind` is a PTHREAD_MUTEX_*_NP. May switch.
int lock_mutex(void* mutex, int kind, std::uint64_t deadline, const void* caller);
int try_mutex(void* mutex, int kind, const void* caller);
int unlock_mutex(void* mutex, int kind, const void* caller);
int destroy_mutex(void* mutex, const void* caller);
/// Takes it as soon as it is free; a thread that waits for it already goes on waiting.
int take_mutex(sync::Mutex& mutex, std::uint64_t deadline, const void* caller);

/// What taking a mutex of POSIX returns, if what lies beneath returned `result`: of a robust one
/// whose holder ended that is EOWNERDEAD. May switch.
int result_of_taking(pthread_mutex_t* mutex, int result, const void* caller);
/// The running thread ends: the robust mutexes that it holds are free, and say so.
void leave_robust_mutexes();

/// Virtual time: `until` on that clock, or from now on. In ten years is never, where it is a clock.
std::uint64_t deadline_of(clockid_t clock, const timespec* until);
std::uint64_t deadline_after(const timespec* duration);
/// False: EINVAL, as where somebody added nanoseconds and carried none. None at all is one.
inline bool is_time(const timespec* time) {
  return time == nullptr || (time->tv_nsec >= 0 && time->tv_nsec < 1'000'000'000);
}

}  // namespace reweave::program
