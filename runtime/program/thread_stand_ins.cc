// Threads: POSIX's, and C11's, which call POSIX's inside libc where nobody can step in.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <cstdio>

#include "runtime/program/cancellation.h"
#include "runtime/program/control.h"
#include "runtime/program/mutexes.h"
#include "runtime/program/program_findings.h"
#include "runtime/program/real.h"
#include "runtime/program/start.h"

namespace reweave::program {
namespace {

bool somebody_joins(const Thread& thread) {
  bool found = false;
  control().waiters().for_each([&](ThreadId, const sync::Wait& wait) {
    found = found || (wait.kind == WaitKind::kJoin && wait.object == &thread);
  });
  return found;
}

/// Waits for the end of a thread. `deadline` is virtual time.
int join(pthread_t handle, void** result, std::uint64_t deadline, const void* caller) {
  Control& all = control();
  Thread* const thread = all.find(handle);
  if (thread == nullptr || thread->joined) return ESRCH;
  if (thread->detached) return EINVAL;
  if (thread == &all.self()) return EDEADLK;
  CancellableCall call;
  all.point(Access::kAcquire, thread, caller);
  if (somebody_joins(*thread)) {
    all.fail(FindingKind::kAssertion, "joined by two threads",
             "Two threads wait for the end of one thread, which POSIX leaves undefined: by glibc "
             "one of them sleeps for ever",
             CallStack::here());
  }
  const bool at_once =
      deadline != sync::kNever && !thread->ended && all.time_is_up(deadline, caller);
  if (at_once) return ETIMEDOUT;
  while (!thread->ended) {
    all.waiters().wait(all.self_id(),
                       {.kind = WaitKind::kJoin, .object = thread, .deadline = deadline});
    all.wait_here(Access::kAcquire, thread, caller);
    if (thread->ended) break;
    if (all.self().interrupted) call.end_if_cancelled();
    if (deadline != sync::kNever && all.waiters().timed_out(all.self_id())) return ETIMEDOUT;
  }
  all.saw_end_of(*thread);
  thread->joined = true;
  if (result != nullptr) *result = thread->result;
  return 0;
}

bool is_detached(const pthread_attr_t* attributes) {
  int state = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) pthread_attr_getdetachstate(attributes, &state);
  return state == PTHREAD_CREATE_DETACHED;
}

int create(pthread_t* handle, const pthread_attr_t* attributes, void* (*start)(void*),
           void* argument, const void* caller) {
  std::size_t stack_bytes = 0, usual_bytes = 0;
  pthread_attr_t usual;
  if (attributes != nullptr && pthread_getattr_default_np(&usual) == 0) {
    pthread_attr_getstacksize(attributes, &stack_bytes);
    pthread_attr_getstacksize(&usual, &usual_bytes);
    pthread_attr_destroy(&usual);
  }
  if (stack_bytes > std::max(Donors::kStackBytes, usual_bytes))
    control().note_escape("a thread's stack of more than 8 MiB, which is one of 8 MiB", caller);
  // The handle is there before the thread runs: it may read it.
  control().spawn(start, argument, is_detached(attributes), caller, handle);
  return 0;
}

/// What static initialization does cannot be under control: `what` says it. At `caller`, or null.
[[noreturn]] void refuse_before_main(const char* what, const void* caller) {
  sites().find_modules();
  std::fprintf(stderr, "reweave: static initialization %s%s\n", what,
               caller == nullptr ? "" : ("\n  at " + place_words(caller)).c_str());
  say_taken_over();
  constexpr int kUnavailable = 69;
  real()._exit(kUnavailable);
  __builtin_unreachable();
}

}  // namespace
}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int pthread_create(pthread_t* handle, const pthread_attr_t* attributes,
                                    void* (*start)(void*), void* argument) {
  if (is_controlled()) return create(handle, attributes, start, argument, REWEAVE_CALLER);
  if (is_before_main() && !is_own_code(REWEAVE_CALLER)) {
    // What would be started is AddressSanitizer's own function for a thread, which it runs once.
    if (globals.under_address_sanitizer) {
      refuse_before_main(
          "starts a thread: under AddressSanitizer only main and what it starts can be repeated; "
          "start it in main, or build without AddressSanitizer",
          nullptr);  // It is AddressSanitizer that calls.
    }
    control().spawn_before_main(start, argument, is_detached(attributes), handle);
    return 0;
  }
  globals.foreign_threads = true;
  return real().pthread_create(handle, attributes, start, argument);
}
REWEAVE_STAND_IN int pthread_join(pthread_t handle, void** result) {
  // A thread that was started before main runs in executions only.
  if (is_before_main()) {
    refuse_before_main("waits for a thread: only what main and what it starts do is under control",
                       REWEAVE_CALLER);
  }
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
  if (!is_time(until)) return EINVAL;
  return join(handle, result, deadline_of(CLOCK_REALTIME, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_clockjoin_np(pthread_t handle, void** result, clockid_t clock,
                                          const timespec* until) {
  if (!is_controlled()) return real().pthread_clockjoin_np(handle, result, clock, until);
  if (!is_time(until)) return EINVAL;
  return join(handle, result, deadline_of(clock, until), REWEAVE_CALLER);
}
REWEAVE_STAND_IN int pthread_detach(pthread_t handle) {
  if (is_before_main() && control().detach_before_main(handle)) return 0;
  if (!is_controlled()) return real().pthread_detach(handle);
  Thread* const thread = control().find(handle);
  if (thread == nullptr) return ESRCH;
  if (thread->detached) return EINVAL;
  thread->detached = true;
  return 0;
}
REWEAVE_STAND_IN int pthread_getattr_np(pthread_t handle, pthread_attr_t* attributes) noexcept {
  Thread* const thread = is_controlled() ? control().find(handle) : nullptr;
  if (thread == nullptr) return real().pthread_getattr_np(handle, attributes);
  const Context& place = control().donors().place(static_cast<std::uint32_t>(thread->id));
  constexpr std::size_t kGuardBytes = 4096;  // Below the stack; libc knows nothing of it.
  pthread_attr_init(attributes);
  pthread_attr_setstack(attributes, place.stack, place.stack_bytes);
  pthread_attr_setguardsize(attributes, kGuardBytes);
  pthread_attr_setdetachstate(attributes,
                              thread->detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
  return 0;
}
REWEAVE_STAND_IN int pthread_setname_np(pthread_t handle, const char* name) {
  if (!is_controlled()) return real().pthread_setname_np(handle, name);
  Thread* const thread = control().find(handle);
  if (thread == nullptr) return ESRCH;
  if (strlen(name) >= thread->name.size()) return ERANGE;
  strcpy(thread->name.data(), name);
  return 0;
}
// Of the real thread that lent its place: nobody asks for these.
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
