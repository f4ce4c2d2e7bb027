// A condition variable as a state machine. It has no state but its waiters.
//
// wait() gives up one level of the mutex, as glibc does, and waits; notify moves a waiter that gave
// it up whole to the mutex, for which it then waits like everybody else: so a notified thread is
// not ready while the mutex is held, as on real hardware, where it would only wake to sleep again.
// The thread locks the mutex as a waiter does.
#pragma once

#include "scheduler/sync/mutex.h"

namespace reweave::sync {

/// `thread` gives up `mutex` once and waits at `condition`. True: the mutex is free now, and has to
/// be taken again. False: `thread` holds it still, for it held it more than once, and nobody else
/// gets it while it waits; then it goes on as soon as it is notified.
bool wait(Waiters& waiters, const void* condition, Mutex& mutex, ThreadId thread,
          std::uint64_t deadline);
/// One waiter (chosen by Host::pick_waiter()) goes on to its mutex. False: nobody waited.
bool notify_one(Waiters& waiters, const void* condition);
/// All of them do. Returns how many.
std::uint32_t notify_all(Waiters& waiters, const void* condition);
/// `thread` waits at a condition and goes on to its mutex, although nobody notified it.
void wake_spuriously(Waiters& waiters, ThreadId thread);

}  // namespace reweave::sync
