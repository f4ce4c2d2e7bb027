// Threads: POSIX's, and C11's, which call POSIX's inside libc where nobody can step in.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

/// Waits for the end of a thread. `deadline` is virtual time.
int join(pthread_t handle, void** result, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  Thread* const thread = all.find(handle);
  if (thread == nullptr || thread->joined) return ESRCH;
  if (thread->detached) return EINVAL;
  if (thread == &all.self()) return EDEADLK;
  all.point(Access::kAcquire, thread, caller);
  const bool at_once =
      deadline != sync::kNever && !thread->ended && all.time_is_up(deadline, caller);
  if (at_once) return ETIMEDOUT;
  if (!thread->ended) {
    all.waiters().wait(all.self_id(),
                       {.kind = WaitKind::kJoin, .object = thread, .deadline = deadline});
    all.wait_here(Access::kAcquire, thread, caller);
    if (!thread->ended) return ETIMEDOUT;
  }
  all.saw_end_of(*thread);
  thread->joined = true;
  if (result != nullptr) *result = thread->result;
  return 0;
}

int create(pthread_t* handle, const pthread_attr_t* attributes, void* (*start)(void*),
           void* argument, const void* caller) {
  int state = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) pthread_attr_getdetachstate(attributes, &state);
  // The handle is there before the thread runs: it may read it.
  control().spawn(start, argument, state == PTHREAD_CREATE_DETACHED, caller, handle);
  return 0;
}

}  // namespace
}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int pthread_create(pthread_t* handle, const pthread_attr_t* attributes,
                                    void* (*start)(void*), void* argument) {
  if (is_controlled()) return create(handle, attributes, start, argument, REWEAVE_CALLER);
  globals.foreign_threads = true;
  return real().pthread_create(handle, attributes, start, argument);
}
REWEAVE_STAND_IN int pthread_join(pthread_t handle, void** result) {
  if (!is_controlled()) return real().pthread_join(handle, result);
  return join(handle, result, sync::kNever, REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_tryjoin_np(pthread_t handle, void** result) {
  if (!is_controlled()) return real().pthread_tryjoin_np(handle, result);
  Thread* const thread = control().find(handle);
  if (thread == nullptr || thread->joined) return ESRCH;
  control().point(Access::kAcquire, thread, REWEAVE_CALLER);
  if (!thread->ended) {
    control().tried_in_vain(thread, REWEAVE_CALLER);
    return EBUSY;
  }
  control().saw_end_of(*thread);
  thread->joined = true;
  if (result != nullptr) *result = thread->result;
  return 0;
}
REWEAVE_STAND_IN int pthread_timedjoin_np(pthread_t handle, void** result, const timespec* until) {
  if (!is_controlled()) return real().pthread_timedjoin_np(handle, result, until);
  return join(handle, result, deadline_of(CLOCK_REALTIME, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_clockjoin_np(pthread_t handle, void** result, clockid_t clock,
                                          const timespec* until) {
  if (!is_controlled()) return real().pthread_clockjoin_np(handle, result, clock, until);
  return join(handle, result, deadline_of(clock, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_detach(pthread_t handle) {
  if (!is_controlled()) return real().pthread_detach(handle);
  Thread* const thread = control().find(handle);
  if (thread == nullptr) return ESRCH;
  if (thread->detached) return EINVAL;
  thread->detached = true;
  return 0;
}
REWEAVE_STAND_IN int pthread_cancel(pthread_t handle) {
  if (!is_controlled()) return real().pthread_cancel(handle);
  control().note_escape("pthread_cancel", REWEAVE_CALLER);
  return ENOSYS;
}
REWEAVE_STAND_IN int pthread_kill(pthread_t handle, int signal) {
  if (!is_controlled()) return real().pthread_kill(handle, signal);
  Thread* const thread = control().find(handle);
  if (thread == nullptr || thread->ended) return ESRCH;
  if (signal == 0) return 0;
  control().note_escape("pthread_kill", REWEAVE_CALLER);
  return ENOSYS;
}
// Of the real thread that lent its place: nobody asks for these.
REWEAVE_STAND_IN int pthread_setname_np(pthread_t handle, const char* name) {
  if (!is_controlled()) return real().pthread_setname_np(handle, name);
  return strlen(name) < 16 ? 0 : ERANGE;
}
REWEAVE_STAND_IN int pthread_setaffinity_np(pthread_t handle, size_t bytes, const cpu_set_t* set) {
  if (!is_controlled()) return real().pthread_setaffinity_np(handle, bytes, set);
  return 0;
}
REWEAVE_STAND_IN int pthread_setschedparam(pthread_t handle, int policy,
                                           const sched_param* parameters) {
  if (!is_controlled()) return real().pthread_setschedparam(handle, policy, parameters);
  return 0;
}

// C11. Its threads return an int, which travels in the pointer.
REWEAVE_STAND_IN int thrd_create(thrd_t* handle, thrd_start_t start, void* argument) {
  if (!is_controlled()) {
    globals.foreign_threads = true;
    return real().thrd_create(handle, start, argument);
  }
  struct Start {
    thrd_start_t function;
    void* argument;
  };
  auto* const both = static_cast<Start*>(malloc(sizeof(Start)));
  if (both == nullptr) return thrd_nomem;
  *both = {start, argument};
  const auto run = [](void* given) -> void* {
    const Start copy = *static_cast<Start*>(given);
    free(given);
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(copy.function(copy.argument)));
  };
  return create(handle, nullptr, run, both, REWEAVE_CALLER) == 0 ? thrd_success : thrd_error;
}
REWEAVE_STAND_IN int thrd_join(thrd_t handle, int* result) {
  if (!is_controlled()) return real().thrd_join(handle, result);
  void* value = nullptr;
  if (join(handle, &value, sync::kNever, REWEAVE_CALLER) != 0) return thrd_error;
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return thrd_success;
}
REWEAVE_STAND_IN int thrd_detach(thrd_t handle) {
  if (!is_controlled()) return real().thrd_detach(handle);
  return pthread_detach(handle) == 0 ? thrd_success : thrd_error;
}
REWEAVE_STAND_IN void thrd_exit(int result) {
  if (!is_controlled()) real().thrd_exit(result);
  pthread_exit(reinterpret_cast<void*>(static_cast<std::intptr_t>(result)));
}
