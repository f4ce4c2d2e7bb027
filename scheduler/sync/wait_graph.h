// Who waits for whom: finds the threads that wait for each other in a circle.
//
// An edge goes from a thread that waits to each thread without which it cannot go on: the holder of
// a mutex, every reader of a lock that a writer wants, the thread it joins. A circle of such edges
// is a deadlock, whatever the other threads do. The table of holders is the caller's.
#pragma once

#include <functional>
#include <vector>

#include "scheduler/sync/waiters.h"

namespace reweave::sync {

/// Appends the threads that `thread`, which waits for `wait`, cannot go on without; none where
/// anybody could help (a condition, a semaphore).
using HoldersOf =
    std::function<void(ThreadId thread, const Wait& wait, std::vector<ThreadId>& holders)>;

/// The threads of the first circle that is found, starting with those who have waited longest; each
/// waits for the next one, the last for the first. Empty: there is none. A thread that waits for
/// itself is a circle of one.
std::vector<ThreadId> find_circle(const Waiters& waiters, const HoldersOf& holders_of);

}  // namespace reweave::sync
