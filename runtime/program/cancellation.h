// pthread_cancel(): a thread ends at a call that waits, as if it called pthread_exit() there.
//
// Deferred cancellation only. A request wakes a thread that waits in such a call; it then unwinds
// its stack, so that destructors of C++ and what C pushed by pthread_cleanup_push() run.
#pragma once

#include <errno.h>

#include "runtime/program/system_calls.h"

namespace reweave::program {

/// A call at which the running thread may end, for as long as this lives. If somebody wants it to
/// end already it does so at once, by unwinding.
class CancellableCall {
 public:
  CancellableCall();
  ~CancellableCall();
  CancellableCall(const CancellableCall&) = delete;
  CancellableCall& operator=(const CancellableCall&) = delete;

  /// To be called when the call waited and got nothing: ends the thread if that is why.
  void end_if_cancelled();
};

/// As call_kernel(), for a call that waits: the thread may end in it.
template <typename... Arguments>
long call_kernel_and_wait(long number, const void* caller, Arguments... arguments) {
  const CallWords words = {(long)arguments...};
  if (!is_controlled()) return as_libc_tells(kernel_call(number, words));
  CancellableCall call;
  const long result = system_call(number, words, caller);
  if (result == -EINTR) call.end_if_cancelled();
  return as_libc_tells(result);
}

}  // namespace reweave::program
