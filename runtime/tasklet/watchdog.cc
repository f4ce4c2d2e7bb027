// run(), its time limit, and interrupts.
//
// A tick is one operation, or one turn of a loop. While a run() with a time limit lasts, a tasklet
// that has run for longer than its slice is interrupted: switched away, in favour of the tasklet
// that set the limit, whose run() then returns the victim. Where that is not allowed (atomic, a
// callback, a nested interpreter level, the switch trap) the interrupt stays pending until the
// reason is gone. Under a soft limit it always stays pending, until the victim switches by itself.
//
// Tasklets inside run() form a stack, whose innermost is woken when nothing is runnable. Only one
// of them has the time limit: who set one first.
#include <utility>

#include "runtime/tasklet/thread.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

void Thread::start_timeout(const RunLimit& limit) {
  timeout_.limit = limit;
  timeout_.owner = retain(current_);
  timeout_.watermark = timeout_.ticks + limit.ticks;
}

void Thread::stop_timeout() {
  Tasklet* const owner = timeout_.owner;
  timeout_.owner = nullptr;
  timeout_.limit = {};
  timeout_.watermark = Timeout::kNever;
  if (owner != nullptr) release(owner);
}

void Thread::restart_slice() {
  if (timeout_running()) timeout_.watermark = timeout_.ticks + timeout_.limit.ticks;
}

bool Thread::allows_interrupt(const Tasklet* tasklet) const {
  return nesting_level_ == 0 || tasklet->ignore_nesting || timeout_.limit.ignore_nesting;
}

// The slice of the running tasklet is over.
Object* Thread::interrupt(bool soft) {
  Tasklet* const victim = current_;
  Tasklet* const watchdog = interrupt_target();
  restart_slice();
  if (victim == watchdog || !timeout_running()) return none();
  const bool trapped = switch_trap_ > 0 && !settings_.defects.has(Defect::kInterruptIgnoresTrap);
  // A watchdog may be blocked: a weak-reference callback that ran when it was resumed waits on a
  // channel. To wake it would give that callback None for a value.
  if (timeout_.limit.soft || victim->atomic || callback_running_ || trapped ||
      watchdog->blocked != 0 || !allows_interrupt(victim)) {
    victim->pending_irq = true;
    return none();
  }
  // The program did not ask for this switch: without memory for it, it is put off.
  if (!reserve_switch(watchdog, soft)) {
    release(take_error());
    victim->pending_irq = true;
    return none();
  }
  victim->pending_irq = false;
  // There may be an earlier victim whom run() has not returned yet, for a weak-reference callback
  // that ran when run() was resumed has switched away again. Only the last one is returned.
  Tasklet* const earlier = std::exchange(interrupted_, retain(victim));
  if (timeout_.owner == nullptr) notice("interrupt-without-limit");
  bool switched = false;
  Object* const value = give_way(watchdog, earlier, soft, {.switched = &switched});
  if (!switched) notice("interrupt-refused");
  return value;
}

// An interrupt was pending for a reason that may be gone now.
bool Thread::pending_irq_is_due() const {
  return current_->pending_irq && timeout_running() && !timeout_.limit.soft && !current_->atomic &&
         allows_interrupt(current_);
}

Object* Thread::set_atomic(Tasklet* tasklet, bool atomic, bool soft) {
  tasklet->atomic = atomic;
  return pending_irq_is_due() ? interrupt(soft) : none();
}

Object* Thread::set_ignore_nesting(Tasklet* tasklet, bool ignore, bool soft) {
  tasklet->ignore_nesting = ignore;
  return pending_irq_is_due() ? interrupt(soft) : none();
}

// `prev`, which has a soft interrupt pending, switches to `next` by itself. The watchdog takes its
// place, right before it in the run queue, unless this switch must not be diverted: then the
// interrupt is `next`'s. Returns who is to run.
Tasklet* Thread::divert_switch(Tasklet* prev, Tasklet* next, bool not_now) {
  Tasklet* const watchdog = interrupt_target();
  if (!timeout_.limit.soft || watchdog == prev || watchdog->blocked != 0) return next;
  prev->pending_irq = false;
  if (not_now || switch_trap_ > 0 || in_schedule_callback_ || !allows_interrupt(prev)) {
    next->pending_irq = true;
    return next;
  }
  if (interrupted_ != nullptr) return next;
  interrupted_ = retain(next);
  // The historical defect: what run() finds is not the victim, but where on this stack it stands.
  if (settings_.defects.has(Defect::kInterruptedOnStack)) interrupted_stack_ = prev;
  if (watchdog->next == nullptr) {
    Tasklet* const head = head_;
    head_ = next;
    queue_append(retain(watchdog));
    head_ = head;
  }
  return watchdog;
}

Object* Thread::burn(std::uint32_t& ticks, bool soft) {
  const std::uint64_t left = timeout_running() ? timeout_.watermark + 1 - timeout_.ticks : ticks;
  if (left > ticks || !timeout_running()) {
    timeout_.ticks += ticks;
    ticks = 0;
    return none();
  }
  timeout_.ticks += left;
  ticks -= static_cast<std::uint32_t>(left);
  return interrupt(soft);
}

Object* Thread::run_others(const RunLimit& limit) {
  Tasklet* const me = current_;
  if (watchdog_count_ == kWatchdogsMax) return raise_runtime_error(ErrorCode::kNesting);
  if (is_leaving() && refuses_switch()) return nullptr;
  const bool owner = limit.ticks > 0 && timeout_.owner == nullptr;
  if (owner) start_timeout(limit);
  // The list's reference replaces the run queue's.
  watchdogs_[watchdog_count_++] = me;
  queue_remove(me);
  bool switched = false;
  Object* const value =
      give_way(head_, nullptr, /*soft=*/false, {.left_queue = true, .switched = &switched});
  leave_run(me);
  if (value == nullptr && !switched) {
    if (owner) refused_run();
    return nullptr;
  }
  return returned_from_run(owner, value);
}

// The run() that had set the time limit could not even begin.
void Thread::refused_run() {
  if (!settings_.defects.has(Defect::kFailedRunStaysArmed)) {
    stop_timeout();
    return;
  }
  // The live defect: the limit stays in force, though it is nobody's any more.
  release(timeout_.owner);
  timeout_.owner = nullptr;
}

// The result of run() is the victim of an interrupt, which leaves the run queue; else `value`.
Object* Thread::returned_from_run(bool owner, Object* value) {
  if (interrupted_stack_ != nullptr && interrupted_stack_ != current_) {
    sanitizer::unpoison(&interrupted_stack_->number, sizeof interrupted_stack_->number);
    report_fault(FindingKind::kDanglingStack, "interrupted",
                 "run() was about to read who was interrupted from the stack of tasklet " +
                     std::to_string(interrupted_stack_->number) + ", which has been sliced away");
    abandon();
  }
  Tasklet* victim = interrupted_;
  interrupted_ = nullptr;
  if (owner && settings_.defects.has(Defect::kRunGuessesVictim)) victim = guess_victim(victim);
  const bool stays = timeout_.limit.soft;
  if (owner) stop_timeout();
  if (victim == nullptr) return value;
  if (stays || value == nullptr) {
    release(victim);
    return value;
  }
  if (victim->in_run_queue() && victim != current_) {
    queue_remove(victim);
    release(victim);
  }
  release(value);
  return victim;
}

// The historical defect: if another tasklet is runnable, there must have been an interrupt.
Tasklet* Thread::guess_victim(Tasklet* interrupted) {
  Tasklet* const guess = current_->next == current_ ? nullptr : retain(current_->next);
  if (guess != interrupted) notice("victim-not-interrupted");
  if (interrupted != nullptr) release(interrupted);
  return guess;
}

// Back from run().
// Whoever woke this one left deeper ones inside their run(); they are runnable from now on. One
// that was taken off the list in this way finds nothing to do when its own turn comes.
void Thread::leave_run(Tasklet* me) {
  std::uint32_t position = watchdog_count_;
  while (position > 0 && watchdogs_[position - 1] != me) --position;
  if (position == 0) return;
  while (watchdog_count_ > position) {
    Tasklet* const deeper = watchdogs_[--watchdog_count_];
    // One that the thread's end has passed over is no longer of this thread.
    const bool floating = deeper->next == nullptr && deeper->blocked == 0 && deeper->thread == this;
    if (floating || settings_.defects.has(Defect::kOuterRunQueuesTwice)) {
      queue_append(deeper);
    } else {
      release(deeper);
    }
  }
  --watchdog_count_;
  release(me);
}

}  // namespace reweave::runtime
