// Who waits for whom: finds the threads that wait for each other in a circle.
//
// An edge goes from a thread that waits to each thread without which it cannot go on: the holder of
// a mutex, every reader of a lock that a writer wants, the thread it joins. A circle of such edges
// is a deadlock, whatever the other threads do. The table of holders is the caller's.
#pragma once

#include <functional>
#include <string>
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

/// The shape of a deadlock, for its signature: what each of those who wait does, in order of the
/// alphabet. Those who do the same are one part: how many of them there are is no part of a shape.
std::string shape_of(std::vector<std::string> parts);

}  // namespace reweave::sync
