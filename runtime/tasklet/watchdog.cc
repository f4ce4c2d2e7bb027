#include "runtime/tasklet/watchdog.h"

#include <utility>

#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/switching.h"
#include "runtime/tasklet/thread.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

namespace {

void start_timeout(Thread& thread, const RunLimit& limit) {
  thread.watchdog().limit = limit;
  thread.watchdog().owner = retain(thread.current());
  thread.watchdog().watermark = thread.watchdog().ticks + limit.ticks;
}

void stop_timeout(Thread& thread) {
  Tasklet* const owner = thread.watchdog().owner;
  thread.watchdog().owner = nullptr;
  thread.watchdog().limit = {};
  thread.watchdog().watermark = Watchdog::kNever;
  if (owner != nullptr) thread.release(owner);
}

bool allows_interrupt(const Thread& thread, const Tasklet* tasklet) {
  return thread.evaluation().nesting_level == 0 || tasklet->ignore_nesting ||
         thread.watchdog().limit.ignore_nesting;
}

}  // namespace

// The slice of the running tasklet is over.
Object* interrupt(Thread& thread, bool soft) {
  Tasklet* const victim = thread.current();
  Tasklet* const watchdog = thread.watchdog().target(&thread, thread.main_tasklet());
  thread.watchdog().restart_slice();
  if (victim == watchdog || !thread.watchdog().has_limit()) return thread.none();
  const bool trapped =
      thread.guard().trap > 0 && !thread.settings().defects.has(Defect::kInterruptIgnoresTrap);
  // A watchdog may be blocked: a weak-reference callback that ran when it was resumed waits on a
  // channel. To wake it would give that callback None for a value.
  if (thread.watchdog().limit.soft || victim->atomic || thread.guard().callback_running ||
      trapped || watchdog->blocked != 0 || !allows_interrupt(thread, victim)) {
    victim->pending_irq = true;
    return thread.none();
  }
  // The program did not ask for this switch: without memory for it, it is put off.
  if (!reserve_switch(thread, watchdog, soft)) {
    thread.release(thread.take_error());
    victim->pending_irq = true;
    return thread.none();
  }
  victim->pending_irq = false;
  // There may be an earlier victim whom run() has not returned yet, for a weak-reference callback
  // that ran when run() was resumed has switched away again. Only the last one is returned.
  Tasklet* const earlier = std::exchange(thread.watchdog().interrupted, retain(victim));
  if (thread.watchdog().owner == nullptr) notice(thread, "interrupt-without-limit");
  bool switched = false;
  Object* const value = give_way(thread, watchdog, earlier, soft, {.switched = &switched});
  if (!switched) notice(thread, "interrupt-refused");
  return value;
}

// An interrupt was pending for a reason that may be gone now.
bool pending_irq_is_due(const Thread& thread) {
  return thread.current()->pending_irq && thread.watchdog().has_limit() &&
         !thread.watchdog().limit.soft && !thread.current()->atomic &&
         allows_interrupt(thread, thread.current());
}

Object* set_atomic(Thread& thread, Tasklet* tasklet, bool atomic, bool soft) {
  tasklet->atomic = atomic;
  return pending_irq_is_due(thread) ? interrupt(thread, soft) : thread.none();
}

Object* set_ignore_nesting(Thread& thread, Tasklet* tasklet, bool ignore, bool soft) {
  tasklet->ignore_nesting = ignore;
  return pending_irq_is_due(thread) ? interrupt(thread, soft) : thread.none();
}

// `prev`, which has a soft interrupt pending, switches to `next` by itself. The watchdog takes its
// place, right before it in the run queue, unless this switch must not be diverted: then the
// interrupt is `next`'s. Returns who is to run.
Tasklet* divert_switch(Thread& thread, Tasklet* prev, Tasklet* next, bool not_now) {
  Tasklet* const watchdog = thread.watchdog().target(&thread, thread.main_tasklet());
  if (!thread.watchdog().limit.soft || watchdog == prev || watchdog->blocked != 0) return next;
  prev->pending_irq = false;
  if (not_now || thread.guard().trap > 0 || thread.guard().in_schedule_callback ||
      !allows_interrupt(thread, prev)) {
    next->pending_irq = true;
    return next;
  }
  if (thread.watchdog().interrupted != nullptr) return next;
  thread.watchdog().interrupted = retain(next);
  // The historical defect: what run() finds is not the victim, but where on this stack it stands.
  if (thread.settings().defects.has(Defect::kInterruptedOnStack))
    thread.watchdog().interrupted_stack = prev;
  if (watchdog->floats()) {
    Tasklet* const head = thread.queue().head;
    thread.queue().head = next;
    queue_append(thread, retain(watchdog));
    thread.queue().head = head;
  }
  return watchdog;
}

Object* burn(Thread& thread, std::uint32_t& ticks, bool soft) {
  const std::uint64_t left = thread.watchdog().has_limit()
                                 ? thread.watchdog().watermark + 1 - thread.watchdog().ticks
                                 : ticks;
  if (left > ticks || !thread.watchdog().has_limit()) {
    thread.watchdog().ticks += ticks;
    ticks = 0;
    return thread.none();
  }
  thread.watchdog().ticks += left;
  ticks -= static_cast<std::uint32_t>(left);
  return interrupt(thread, soft);
}

namespace {

// The run() that had set the time limit could not even begin.
void refused_run(Thread& thread) {
  if (!thread.settings().defects.has(Defect::kFailedRunStaysArmed)) {
    stop_timeout(thread);
    return;
  }
  // The live defect: the limit stays in force, though it is nobody's any more.
  thread.release(thread.watchdog().owner);
  thread.watchdog().owner = nullptr;
}

// The historical defect: if another tasklet is runnable, there must have been an interrupt.
Tasklet* guess_victim(Thread& thread, Tasklet* interrupted) {
  Tasklet* const guess =
      thread.current()->next == thread.current() ? nullptr : retain(thread.current()->next);
  if (guess != interrupted) notice(thread, "victim-not-interrupted");
  if (interrupted != nullptr) thread.release(interrupted);
  return guess;
}

// The result of run() is the victim of an interrupt, which leaves the run queue; else `value`.
Object* returned_from_run(Thread& thread, bool owner, Object* value) {
  if (thread.watchdog().interrupted_stack != nullptr &&
      thread.watchdog().interrupted_stack != thread.current()) {
    sanitizer::unpoison(&thread.watchdog().interrupted_stack->number,
                        sizeof thread.watchdog().interrupted_stack->number);
    report_fault(thread, FindingKind::kDanglingStack, "interrupted",
                 "run() was about to read who was interrupted from the stack of " +
                     thread.shared().names->tasklet(thread.watchdog().interrupted_stack->number) +
                     ", which has been sliced away");
    thread.abandon();
  }
  Tasklet* victim = thread.watchdog().interrupted;
  thread.watchdog().interrupted = nullptr;
  if (owner && thread.settings().defects.has(Defect::kRunGuessesVictim))
    victim = guess_victim(thread, victim);
  const bool stays = thread.watchdog().limit.soft;
  if (owner) stop_timeout(thread);
  if (victim == nullptr) return value;
  if (stays || value == nullptr) {
    thread.release(victim);
    return value;
  }
  if (victim->in_run_queue() && victim != thread.current()) {
    queue_remove(thread, victim);
    thread.release(victim);
  }
  thread.release(value);
  return victim;
}

// How far `me` and those deeper than it are from the outermost one; 0: it is not in the list.
std::uint32_t depth_of(const Watchdog& watchdog, const Tasklet* me) {
  std::uint32_t depth = watchdog.runner_count;
  while (depth > 0 && watchdog.runners[depth - 1] != me) --depth;
  return depth;
}

// Whoever woke this one left deeper ones inside their run(); they are runnable from now on. One
// that was taken off the list in this way finds nothing to do when its own turn comes.
//
// To give one up may run code, which may be in run() or leave it: each turn looks at the list anew.
void leave_run(Thread& thread, Tasklet* me) {
  Watchdog& watchdog = thread.watchdog();
  bool found = false;
  while (!found) {
    const std::uint32_t depth = depth_of(watchdog, me);
    if (depth == 0) return;
    found = depth == watchdog.runner_count;
    Tasklet* const innermost = watchdog.runners[--watchdog.runner_count];
    // One that the thread's end has passed over is no longer of this thread.
    const bool floating = innermost->floats() && innermost->thread == &thread;
    if (!found && (floating || thread.settings().defects.has(Defect::kOuterRunQueuesTwice))) {
      queue_append(thread, innermost);
    } else {
      thread.release(innermost);
    }
  }
}

}  // namespace

Object* run_others(Thread& thread, const RunLimit& limit) {
  Tasklet* const me = thread.current();
  if (thread.watchdog().runner_count == Watchdog::kRunnersMax)
    return thread.raise_runtime_error(ErrorCode::kNesting);
  if (is_leaving(thread) && refuses_switch(thread)) return nullptr;
  const bool owner = limit.ticks > 0 && thread.watchdog().owner == nullptr;
  if (owner) start_timeout(thread, limit);
  // The list's reference replaces the run queue's.
  thread.watchdog().runners[thread.watchdog().runner_count++] = me;
  queue_remove(thread, me);
  bool switched = false;
  Object* const value = give_way(thread, thread.queue().head, nullptr, /*soft=*/false,
                                 {.left_queue = true, .switched = &switched});
  leave_run(thread, me);
  if (value == nullptr && !switched) {
    if (owner) refused_run(thread);
    return nullptr;
  }
  return returned_from_run(thread, owner, value);
}

Tasklet* innermost_runner(const Thread& thread) {
  // Those that the end of this thread has passed over are in run() for ever.
  for (std::uint32_t i = thread.watchdog().runner_count; i > 0; --i) {
    if (thread.watchdog().runners[i - 1]->thread == &thread)
      return thread.watchdog().runners[i - 1];
  }
  return thread.main_tasklet();
}

}  // namespace reweave::runtime
