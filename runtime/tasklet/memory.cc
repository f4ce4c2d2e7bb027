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
#include <utility>

#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

bool Thread::asks_to_fail() {
  if (current_ == nullptr) return false;  // A thread that dies: nothing of the program runs.
  const bool known = running_ && running_.frame->generation == running_.generation;
  const SiteId site = known ? running_.frame->site : SiteId{};
  if (execution_->ask(QuestionKind::kFail, current_->actor, site, 2) == 0) return false;
  runtime_.memory_failed_ = true;
  return true;
}

bool Thread::raises_memory_error() {
  if (!asks_to_fail()) return false;
  ++runtime_.memory_errors_;
  raise(retain(&memory_error_));
  return true;
}

// A hard switch saves a stack; a soft one needs a helper frame where the other has a saved stack.
// The end of a tasklet cannot fail. One that a pending interrupt diverts is not looked at again.
bool Thread::lacks_memory_to_switch(const Tasklet* prev, const Tasklet* next, bool soft) {
  if (std::exchange(switch_reserved_, false)) return false;
  if (prev == next || prev->ended || switch_is_refused()) return false;
  const bool hard = !soft || nesting_level_ > 0;
  return (hard || !next->cstate->stub) && lacks_memory();
}

// The same for who cannot undo what it does before it switches. False: MemoryError is pending.
bool Thread::reserve_switch(const Tasklet* next, bool soft) {
  if (!settings_.fail_allocations) return true;
  if (lacks_memory_to_switch(current_, next, soft)) return false;
  switch_reserved_ = !switch_is_refused();
  return true;
}

}  // namespace reweave::runtime
