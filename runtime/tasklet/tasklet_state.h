// What can be said of a tasklet by any thread.
#pragma once

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// The tasklet that is current in `thread`, as `here` sees it; null while nothing there is
/// runnable.
inline const Tasklet* current_of(const Thread& here, const Thread& thread) {
  return &thread == &here ? here.current() : thread.queue().head;
}
/// The tasklet is current in its own thread; nobody is while nothing there is runnable.
inline bool is_current_at_home(const Thread& here, const Tasklet* tasklet) {
  return tasklet->thread != nullptr && current_of(here, *tasklet->thread) == tasklet;
}
/// The same, or its thread sleeps at its very end, and goes on from there.
bool is_current(const Thread& here, const Tasklet* tasklet);
/// It can run, or will be able to.
bool is_alive(const Tasklet* tasklet);
/// It has ended, but for its last schedule callback, in which it is still the current one.
bool is_ending(const Tasklet* tasklet);
/// Another thread is running it just now, and has only lent the interpreter lock. Not where it is
/// about to be switched away: what it is given then it gets.
bool runs_just_now(const Thread& here, const Tasklet* tasklet);
/// A tasklet's nesting level: the thread's own for the current one. Of one in which its thread
/// sleeps: that of its last suspension.
std::uint32_t nesting_level_of(const Thread& here, const Tasklet* tasklet);
/// The function that an alive tasklet runs: that of its outermost frame.
Code* function_of(const Thread& here, const Tasklet* tasklet);

}  // namespace reweave::runtime
