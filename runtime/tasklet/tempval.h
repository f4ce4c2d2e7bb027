// The one value that a tasklet holds while it is switched away: what it sends, or what its resumed
// operation will return. An exception that is on its way is a Bomb there.
#pragma once

#include "runtime/tasklet/faults.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// Takes the value away; owned. None stays.
inline Object* claim(Thread& thread, Tasklet* tasklet) {
  check_tasklet(thread, tasklet, "claimed-from");
  Object* const value = tasklet->tempval;
  tasklet->tempval = thread.none();
  return value;
}
/// `owned` takes the place of what was there, which goes. May switch.
inline void set_tempval(Thread& thread, Tasklet* tasklet, Object* owned) {
  Object* const old = tasklet->tempval;
  tasklet->tempval = owned;
  thread.release(old);
}
/// A value, or null and the exception that it carries.
inline Object* explode(Thread& thread, Object* value) {
  if (value == nullptr || value->kind != ObjectKind::kBomb) return value;
  auto* const bomb = static_cast<Bomb*>(value);
  thread.ledger().raised(*bomb, thread.current()->number);
  return thread.raise(bomb);
}
/// The value (owned) goes, and the ledger knows why. May switch.
inline void release_value(Thread& thread, Tasklet* holder, Object* value, ReleaseReason reason) {
  thread.ledger().let_go(*value, *holder, reason);
  thread.release(value);
}

}  // namespace reweave::runtime
