// The run queue of a thread: a ring of tasklets, whose head is the running one once a switch is
// complete.
//
// A tasklet's run queue is that of its own thread, whoever calls. None of these functions changes a
// reference count: each member is owned by one reference, and whoever moves a tasklet moves that
// reference with it. What they take for granted, and no correct runtime breaks, they check.
#pragma once

#include <cstdint>

namespace reweave::runtime {

class Thread;
struct Tasklet;

struct RunQueue {
  /// The running tasklet, unless it has just left the queue. Null: the queue is empty.
  Tasklet* head = nullptr;
  std::uint32_t count = 0;  // Members of the ring.
};

/// `thread` is the one that calls; none of these switches.
void check_floating(Thread& thread, const Tasklet* tasklet);
/// As the last one.
void queue_append(Thread& thread, Tasklet* tasklet);
/// As the one that runs after the running one.
void queue_insert_after_head(Thread& thread, Tasklet* tasklet);
/// Out of `home`'s queue, which is its own thread's but under a defect.
void queue_remove(Thread& thread, Thread& home, Tasklet* tasklet);
void queue_remove(Thread& thread, Tasklet* tasklet);
/// Undoes the removal of the head of `thread`'s own queue.
void queue_unremove(Thread& thread, Tasklet* tasklet);

}  // namespace reweave::runtime
