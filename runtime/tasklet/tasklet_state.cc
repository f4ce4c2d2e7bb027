#include "runtime/tasklet/tasklet_state.h"

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

bool is_current(const Thread& thread, const Tasklet* tasklet) {
  const Thread* const home = tasklet->thread;
  if (home == nullptr) return false;
  // A thread may sleep at the very end of a tasklet, and goes on from there.
  return current_of(thread, *home) == tasklet || (tasklet->ended && home->current() == tasklet);
}

std::uint32_t nesting_level_of(const Thread& thread, const Tasklet* tasklet) {
  if (thread.settings().defects.has(Defect::kNestingFromStack))
    return tasklet->cstate->nesting_level;
  return is_current_at_home(thread, tasklet) ? tasklet->thread->evaluation().nesting_level
                                             : tasklet->left_level;
}

// The function that an alive tasklet runs: that of its outermost frame.
Code* function_of(const Thread& thread, const Tasklet* tasklet) {
  FrameRef frame = tasklet == thread.current() ? thread.evaluation().running : tasklet->frame;
  while (frame && frame.frame->back) frame = frame.frame->back;
  return frame ? frame.frame->code : nullptr;
}

bool is_alive(const Tasklet* tasklet) {
  if (tasklet->ended || tasklet->thread == nullptr) return false;
  return tasklet == tasklet->thread->current() || tasklet->runs_elsewhere || tasklet->frame ||
         !tasklet->cstate->stub;
}

bool is_ending(const Tasklet* tasklet) {
  const Thread* const home = tasklet->thread;
  return tasklet->ended && home != nullptr && home->guard().in_schedule_callback &&
         home->current() == tasklet;
}

bool runs_just_now(const Thread& here, const Tasklet* tasklet) {
  const Thread* const home = tasklet->thread;
  return home != nullptr && home != &here && home->current() == tasklet && !home->turn().idle &&
         tasklet->in_run_queue() && !home->guard().in_schedule_callback;
}

}  // namespace reweave::runtime
