#include "runtime/tasklet/allocation.h"

#include <utility>

namespace reweave::runtime {

bool asks_to_fail(Thread& thread) {
  if (thread.current() == nullptr)
    return false;  // A thread that dies: nothing of the program runs.
  const Evaluation& evaluation = thread.evaluation();
  const SiteId site = evaluation.is_known() ? evaluation.running.frame->site : SiteId{};
  if (thread.execution().ask(QuestionKind::kFail, thread.current()->actor, site, 2) == 0)
    return false;
  thread.shared().memory_failed = true;
  return true;
}

bool raises_memory_error(Thread& thread) {
  if (!asks_to_fail(thread)) return false;
  ++thread.shared().memory_errors;
  thread.raise(retain(&thread.shared().memory_error));
  return true;
}

// A hard switch saves a stack; a soft one needs a helper frame where the other has a saved stack.
// The end of a tasklet cannot fail. One that a pending interrupt diverts is not looked at again.
bool lacks_memory_to_switch(Thread& thread, const Tasklet* prev, const Tasklet* next, bool soft) {
  if (std::exchange(thread.guard().reserved, false)) return false;
  if (prev == next || prev->ended || thread.guard().refuses()) return false;
  const bool hard = !soft || thread.evaluation().nesting_level > 0;
  return (hard || !next->cstate->stub) && lacks_memory(thread);
}

bool reserve_switch(Thread& thread, const Tasklet* next, bool soft) {
  if (!thread.settings().fail_allocations) return true;
  if (lacks_memory_to_switch(thread, thread.current(), next, soft)) return false;
  thread.guard().reserved = !thread.guard().refuses();
  return true;
}

}  // namespace reweave::runtime
