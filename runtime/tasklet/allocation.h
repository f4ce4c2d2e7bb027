// Allocation failure: where a program may be told that there is no memory, and where not.
//
// An operation fails whole, with MemoryError and everything as it was, or not at all. So it asks
// for all that it needs before it changes anything, or where a refusal can be undone like that of a
// trapped switch. It asks before any cache is looked at: whether a frame would come from a cache
// must not decide whether it can fail.
//
// Some things cannot fail, because nobody could be told: to give references back, to complete a
// switch, to end a tasklet. They use what was made before: MemoryError itself stands in for an
// error that cannot be made. What the program did not ask for, an interrupt or a spill, does not
// take place without memory.
//
// Cost: a comparison, unless the setting `fail_allocations` is on.
#pragma once

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// The `fail` question itself; true: there is no memory. Does not switch.
bool asks_to_fail(Thread& thread);
/// The same; if so, MemoryError is pending.
bool raises_memory_error(Thread& thread);

/// True if there is no memory for what is to be made next. Asked only under the setting
/// `fail_allocations`. Does not switch.
inline bool out_of_memory(Thread& thread) {
  return thread.settings().fail_allocations && asks_to_fail(thread);
}
/// The same; if so, MemoryError is pending.
inline bool lacks_memory(Thread& thread) {
  return thread.settings().fail_allocations && raises_memory_error(thread);
}

/// A switch from `prev`, the running tasklet, to `next` cannot be made: MemoryError is pending.
bool lacks_memory_to_switch(Thread& thread, const Tasklet* prev, const Tasklet* next, bool soft);
/// The same for an operation that cannot undo what it does before it switches. False: MemoryError
/// is pending. One that a pending interrupt diverts is not looked at again.
bool reserve_switch(Thread& thread, const Tasklet* next, bool soft);

}  // namespace reweave::runtime
