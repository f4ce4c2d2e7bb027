// Code of the program that the runtime runs in the middle of an operation: weak-reference
// callbacks, and what the program has installed for channels and for switches.
//
// It runs one interpreter level deeper, in whatever tasklet is current, and leaves the operation
// that it interrupts as it was.
#pragma once

#include <cstdint>

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// What becomes of an exception that leaves a callback.
enum class CallbackError : std::uint8_t {
  kLogged,   // And forgotten.
  kPrinted,  // By the real thing, which no program sees, and forgotten.
  kStays,    // A defect: it is pending, and run_callback() returns false.
};
/// No exception may be pending. May switch, hard.
bool run_callback(Thread& thread, Code& code, CallbackError error = CallbackError::kLogged);

/// What code that interrupts an operation must leave as it was: the operation has an answer of its
/// own, and what ends its wait is none of a callback's business.
struct Interruption {
  Tasklet* tasklet = nullptr;
  std::int32_t said = 0;
  EarlyEnd early_end;
};
Interruption interrupt_operation(Thread& thread);
void resume_operation(const Interruption& interruption);

/// Tells the schedule callback of a switch. It sees `prev` as the current tasklet, and nothing that
/// waits to die. False: an exception is pending, which only a defect lets out of a callback.
bool notify_schedule(Thread& thread, Tasklet* prev, Tasklet* next);
/// False: the channel callback may not run now, because a callback is running; an exception is
/// pending.
bool may_notify_channel(Thread& thread);
/// Tells the channel callback; the same answer. May switch, hard.
bool notify_channel(Thread& thread, Channel* channel, bool sending, bool will_block);

}  // namespace reweave::runtime
