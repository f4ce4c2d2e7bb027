#include "runtime/program/cancellation.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <unwind.h>

#include "runtime/program/control.h"
#include "runtime/program/real.h"

namespace reweave::program {
namespace {

void end_cancelled() {
  Thread& me = control().self();
  me.cancellable = false;
  me.cancel_off = true;
  pthread_exit(PTHREAD_CANCELED);
}
bool shall_end(const Thread& thread) { return thread.cancel_wanted && !thread.cancel_off; }

}  // namespace

CancellableCall::CancellableCall() {
  Thread& me = control().self();
  if (shall_end(me)) end_cancelled();
  me.cancellable = true;
  me.interrupted = false;
}
CancellableCall::~CancellableCall() { control().self().cancellable = false; }

void CancellableCall::end_if_cancelled() {
  if (shall_end(control().self())) end_cancelled();
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int pthread_cancel(pthread_t handle) {
  if (!is_controlled()) return real().pthread_cancel(handle);
  Thread* const thread = control().find(handle);
  if (thread == nullptr || thread->joined) return ESRCH;
  control().point(Access::kWrite, thread, REWEAVE_CALLER);
  if (thread->ended) return 0;
  thread->cancel_wanted = true;
  if (!thread->cancellable || thread->cancel_off) return 0;
  // One that waits for the mutex of a condition was notified: it must not keep that to itself.
  if (control().waiters().of(thread->id).kind == WaitKind::kMutex) return 0;
  control().interrupt(*thread);
  thread->restarts = false;
  return 0;
}
REWEAVE_STAND_IN void pthread_testcancel() {
  if (is_controlled()) {
    control().point(Access::kRead, &control().self(), REWEAVE_CALLER);
    const CancellableCall call;
  } else {
    real().pthread_testcancel();
  }
}
REWEAVE_STAND_IN int pthread_setcancelstate(int state, int* before) {
  if (!is_controlled()) return real().pthread_setcancelstate(state, before);
  if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) return EINVAL;
  Thread& me = control().self();
  if (before != nullptr) *before = me.cancel_off ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
  me.cancel_off = state == PTHREAD_CANCEL_DISABLE;
  return 0;
}
REWEAVE_STAND_IN int pthread_setcanceltype(int type, int* before) {
  if (!is_controlled()) return real().pthread_setcanceltype(type, before);
  if (before != nullptr) *before = PTHREAD_CANCEL_DEFERRED;
  if (type == PTHREAD_CANCEL_ASYNCHRONOUS) {
    control().note_escape("asynchronous cancellation, which is deferred here", REWEAVE_CALLER);
  }
  return 0;
}

// What pthread_cleanup_push() and its like are in C: a place to jump to, in the function's frame.
REWEAVE_STAND_IN void __pthread_register_cancel(__pthread_unwind_buf_t* place) {
  if (!is_controlled()) return real().__pthread_register_cancel(place);
  control().self().cleanups.push_back(place);
}
REWEAVE_STAND_IN void __pthread_unregister_cancel(__pthread_unwind_buf_t* place) {
  if (!is_controlled()) return real().__pthread_unregister_cancel(place);
  auto& places = control().self().cleanups;
  if (!places.empty() && places.back() == place) places.pop_back();
}
