// Switching between tasklets: the heart of the runtime, after Stackless's slp_schedule_task and
// slp_transfer.
//
// A switch is soft when the running frame can be left by returning to the dispatcher (nesting level
// 0), hard when a C stack has to be put aside. Either way the value for the resumed tasklet waits
// in its tempval, and one object, the previous tasklet or a channel, may be due to die as soon as
// the switch is complete (del_post_switch_).
#include "runtime/life/references.h"
#include "runtime/tasklet/runtime.h"
#include "scheduler/base/check.h"

namespace reweave::runtime {

struct Thread::JumpLocals {
  CStack* target;
  Object* del_post_switch;
};

// ---- Values ----

Object* Thread::claim(Tasklet* tasklet) {
  check_tasklet(tasklet, "claimed-from");
  Object* const value = tasklet->tempval;
  tasklet->tempval = none();
  return value;
}

void Thread::set_tempval(Tasklet* tasklet, Object* owned) {
  Object* const old = tasklet->tempval;
  tasklet->tempval = owned;
  release(old);
}

// A value, or the exception that it carries.
Object* Thread::explode(Object* value) {
  if (value == nullptr || value->kind != ObjectKind::kBomb) return value;
  return raise(static_cast<Bomb*>(value));
}

void Thread::release_value(Tasklet* holder, Object* value, ReleaseReason reason) {
  ledger_.let_go(*value, *holder, reason);
  release(value);
}

// ---- Saved C stacks ----

CStack* Thread::make_cstack(std::uint32_t nesting_level) {
  CStack* cstack = runtime_.free_cstacks_;
  if (cstack != nullptr) {
    runtime_.free_cstacks_ = cstack->next;
  } else {
    cstack = new CStack;
  }
  cstack->nesting_level = nesting_level;
  cstack->levels = level_ - root_ + 1;
  runtime_.slice_levels_ += cstack->levels;
  cstack->next = chain_.next;
  cstack->previous = &chain_;
  chain_.next->previous = cstack;
  chain_.next = cstack;
  return cstack;
}

void Thread::free_cstack(CStack* cstack) {
  CHECK(!cstack->stub);
  runtime_.slice_levels_ -= cstack->levels;
  slice_cache_.release(cstack->slice);
  cstack->next->previous = cstack->previous;
  cstack->previous->next = cstack->next;
  cstack->next = runtime_.free_cstacks_;
  runtime_.free_cstacks_ = cstack;
}

// Leaves the running C stack for `target`, saving it in `save` (null: it is abandoned). What is in
// local variables here comes back with the stack.
void Thread::transfer(CStack* save, CStack* target) {
  const std::uint32_t nesting_level = nesting_level_;
  const std::uint32_t level = level_;
  const std::uint32_t root = root_;
  const FrameRef running = running_;
  if (target->stub) {
    Slice fresh;
    switch_slices(stack_, save == nullptr ? nullptr : &save->slice, fresh);
  } else {
    switch_slices(stack_, save == nullptr ? nullptr : &save->slice, target->slice);
  }
  // Resumed, by whoever made this stack's owner current again.
  level_ = level;
  root_ = root;
  running_ = running;
  current_->cstate = &stub_cstack_;
  free_cstack(save);
  // What dies now sees the level with which the stack was saved: the switch itself is one.
  nesting_level_ = nesting_level + 1;
  release_post_switch();
  nesting_level_ = nesting_level;
}

// The switch is complete and what was left to die dies now, in the context of the resumed tasklet:
// weak-reference callbacks may run, and switch, and spill. The resumed tasklet's value still waits
// in its tempval, so it is put out of harm's way first; that it once was not is the other half of
// the bug that Reweave was started for.
void Thread::release_post_switch() {
  if (del_post_switch_ == nullptr) return;
  Object* const dying = del_post_switch_;
  del_post_switch_ = nullptr;
  if (settings_.defects.has(Defect::kPostSwitchClear)) {
    release(dying);
    return;
  }
  Tasklet* const tasklet = current_;
  Object* const value = claim(tasklet);
  release(dying);
  set_tempval(tasklet, value);
}

// ---- The switch ----

// Keeps the running frame for its tasklet, to go on with later.
void Thread::suspend_frame(Tasklet* tasklet) {
  const FrameRef old = tasklet->frame;
  if (running_) tasklet->frame = retain_frame(running_);
  if (old) release_frame(old);
}

Object* Thread::refuse_trapped_switch(Tasklet* prev) {
  // The historical defect: the refused switch had stored the frame already and dropped its
  // reference again, but left the pointer, which the next suspension takes for a reference of its
  // own.
  if (settings_.defects.has(Defect::kFrameOverRelease) && running_ && !prev->frame)
    prev->frame = running_;
  return raise_runtime_error(ErrorCode::kSwitchTrap);
}

// Appends it to the run queue, if it is not there.
Thread::QueuePlace Thread::make_runnable(Tasklet* tasklet) {
  check_tasklet(tasklet, "switched-to");
  QueuePlace place;
  if (tasklet->blocked != 0) {
    place = {tasklet->channel, tasklet->next, tasklet->blocked, false};
    channel_remove(tasklet);
    queue_append(tasklet);
  } else if (tasklet->next == nullptr) {
    place.floating = true;
    queue_append(retain(tasklet));
  }
  return place;
}

// Undoes make_runnable().
void Thread::put_back(Tasklet* tasklet, const QueuePlace& place) {
  if (place.channel != nullptr) {
    queue_remove(tasklet);
    channel_insert(place.channel, place.successor, tasklet, place.direction);
  } else if (place.floating) {
    Tasklet* const head = head_;
    queue_remove(tasklet);
    // The historical defect: the head goes back to what it was, even to the tasklet that just left.
    if (head != tasklet || settings_.defects.has(Defect::kUninsertKeepsHead)) head_ = head;
    release(tasklet);
  }
}

// Makes `next` runnable if it is not, and switches to it from `prev`, which is the running tasklet
// although it may have left the run queue. Null and an exception, with everything undone, if the
// switch is refused.
Object* Thread::schedule_task(Tasklet* prev, Tasklet* next, bool soft, bool* did_switch,
                              bool no_soft_irq) {
  if (did_switch != nullptr) *did_switch = false;
  if (next == nullptr) return block(prev, soft, did_switch);
  if (next->thread != this && next != prev) return make_runnable_elsewhere(prev, next);
  const QueuePlace place = make_runnable(next);
  if (settings_.fail_allocations && lacks_memory_to_switch(prev, next, soft)) [[unlikely]] {
    put_back(next, place);
    return nullptr;
  }
  // A switch that is refused passes no interrupt on.
  if (prev->pending_irq && (prev == next || !switch_is_refused())) [[unlikely]]
    next = divert_switch(prev, next, no_soft_irq);
  if (prev == next) {
    // It may have left the queue and come back at the end: the head has moved on meanwhile.
    if (settings_.defects.has(Defect::kSwitchToSelfMovesHead)) {
      current_ = head_;
    } else {
      head_ = next;
    }
    return explode(claim(prev));
  }
  if (refuses_switch()) {
    put_back(next, place);
    return nullptr;
  }
  if (!notify_schedule(prev, next)) return nullptr;
  if (!timeout_.limit.total) restart_slice();
  if (did_switch != nullptr) *did_switch = true;
  return switch_tasklets(prev, next, soft);
}

// A tasklet of another thread cannot be switched to: it becomes runnable there, and `prev` goes on.
Object* Thread::make_runnable_elsewhere(Tasklet* prev, Tasklet* next) {
  if (next->thread == nullptr) return raise_runtime_error(ErrorCode::kNoThread);
  // Not in the schedule callback of one that leaves the queue, though others may have made it
  // runnable again meanwhile.
  if (prev->in_run_queue() && !in_schedule_callback_) head_ = prev;
  Object* const result = explode(claim(prev));
  (void)make_runnable(next);
  next->thread->wake();
  return result;
}

Object* Thread::switch_tasklets(Tasklet* prev, Tasklet* next, bool soft) {
  touched_.add(prev);
  touched_.add(next);
  suspend_frame(prev);
  prev->recursion_depth = recursion_depth_;
  recursion_depth_ = next->recursion_depth;
  head_ = next;
  require(next->started || next->recursion_depth == 0, "recursion-depth-before-start");
  next->started = true;
  if (soft && nesting_level_ == 0) {
    ++transfers_;
    runtime_.drop_stack(prev->stack_place);
    if (number_ != 0) {  // So that the end of the thread finds them.
      runtime_.add_stack(prev->stack_place);
      if (next->stack_place.next == nullptr) runtime_.add_stack(next->stack_place);
    }
    current_ = next;
    if (next->cstate->stub) {
      transfer_frame_ = next->frame;
      next->frame = FrameRef{};
      transfer_value_ = explode(claim(next));
    } else {
      // Its C stack is put back by a helper frame, once this one has unwound. What is to die waits
      // in the helper.
      jump_code_.locals_bytes = sizeof(JumpLocals);
      const FrameRef helper = make_root_frame(jump_code_);
      helper.frame->locals<JumpLocals>() = {next->cstate, del_post_switch_};
      del_post_switch_ = nullptr;
      transfer_frame_ = helper;
      transfer_value_ = none();
    }
    return kUnwind;
  }
  CStack* const mine = make_cstack(nesting_level_ + 1);
  runtime_.drop_stack(prev->stack_place);
  runtime_.add_stack(prev->stack_place);
  prev->cstate = mine;
  current_ = next;
  if (next->cstate->stub) {
    transfer_frame_ = next->frame;
    next->frame = FrameRef{};
  }
  transfer(mine, next->cstate);
  // Somebody switched back to `prev`, whose locals these are. It holds the frame again by running
  // in it.
  require(current_ == prev, "resumed-in-another-tasklet");
  const FrameRef suspended = prev->frame;
  prev->frame = FrameRef{};
  if (suspended) release_frame(suspended);
  return explode(claim(prev));
}

// The helper frame of a soft switch to a tasklet with a C stack.
Object* Thread::run_jump(Thread& thread, FrameRef self, Object* value) {
  const JumpLocals locals = self.frame->locals<JumpLocals>();
  self.frame->locals<JumpLocals>().del_post_switch = nullptr;  // It moves on.
  thread.release(value);
  thread.running_ = FrameRef{};
  thread.release_frame(self);
  thread.del_post_switch_ = locals.del_post_switch;
  thread.transfer(nullptr, locals.target);
  __builtin_unreachable();
}

void Thread::visit_jump(Frame& frame, ReferenceVisitor& visitor) {
  visitor.visit(frame.locals<JumpLocals>().del_post_switch);
}

// The common part of all operations that switch without a channel and return None. `dying` (owned,
// may be null) goes when the switch is complete. In the middle of another operation, whose value
// waits in the tempval while its callback runs, that value is put aside first. If the switch is
// refused, the running tasklet is back where it was in the run queue, if it had left it.
Object* Thread::give_way(Tasklet* next, Object* dying, bool soft, GivingWay how) {
  Tasklet* const me = current_;
  check_tasklet(me, "switched-away");
  Object* const aside = callback_running_ && nesting_level_ > 0 ? claim(me) : nullptr;
  set_tempval(me, none());
  doing_ = nullptr;
  require(del_post_switch_ == nullptr, "post-switch-occupied");
  del_post_switch_ = dying;
  bool switched = false;
  Object* const value = schedule_task(me, next, soft, &switched);
  if (how.switched != nullptr) *how.switched = switched;
  if (!switched) {
    if (how.left_queue && me->next == nullptr) queue_unremove(retain(me));
    if (!how.keeps_undue) release_undue();
  }
  if (aside != nullptr) {
    require(value != kUnwind, "soft-switch-in-callback");
    set_tempval(me, aside);
  }
  return value;
}

// Nothing was switched, so nothing is left to die after it.
void Thread::release_undue() {
  Object* const undue = del_post_switch_;
  del_post_switch_ = nullptr;
  if (undue != nullptr) release(undue);
}

Tasklet* Thread::innermost_runner() const {
  // Those that the end of this thread has passed over are in run() for ever.
  for (std::uint32_t i = watchdog_count_; i > 0; --i) {
    if (watchdogs_[i - 1]->thread == this) return watchdogs_[i - 1];
  }
  return main_;
}

// Nothing is runnable. The innermost run() returns, with an exception that is on its way; else the
// thread sleeps while another one could wake it; else this is a deadlock, and `prev` is told.
Object* Thread::block(Tasklet* prev, bool soft, bool* did_switch) {
  Tasklet* const wakeup = innermost_runner();
  if (wakeup->next == nullptr && wakeup->blocked == 0) {
    if (prev->tempval->kind == ObjectKind::kBomb && prev != wakeup && !switch_is_refused()) {
      if (!reserve_switch(wakeup, soft)) return nullptr;
      ledger_.let_go(*prev->tempval, *prev, ReleaseReason::kRaisedByRun);
      // As where an uncaught error ends a tasklet: what `wakeup` had received goes.
      Object* const overwritten = wakeup->tempval;
      wakeup->tempval = retain(prev->tempval);
      release_value(wakeup, overwritten, ReleaseReason::kUncaughtError);
    }
    return schedule_task(prev, wakeup, soft, did_switch);
  }
  while (head_ == nullptr && runtime_.others_awake(*this)) fall_asleep();
  if (settings_.defects.has(Defect::kWokenLeavesQueue) && prev == head_ && prev->next != prev) {
    queue_remove(prev);
    release(prev);
    return explode(claim(prev));
  }
  if (head_ != nullptr) {
    // Held until `prev` goes on: after a hard switch, for as long as it is suspended.
    Tasklet* const next = retain(head_);
    bool switched = false;
    Object* result = schedule_task(prev, next, soft, &switched);
    release(next);
    // Refused, but others made `prev` runnable while this thread slept: it goes on itself.
    if (result == nullptr && !switched && prev != next && prev->in_run_queue()) {
      release(take_error());
      head_ = prev;
      result = explode(claim(prev));
    }
    if (did_switch != nullptr) *did_switch = switched;
    return result;
  }
  tell_of_deadlock();
  if (settings_.defects.has(Defect::kDeadlockDropsValue)) release(claim(wakeup));
  Object* const old = prev->tempval;
  prev->tempval = make_error(ExceptionType::kRuntimeError, ErrorCode::kDeadlock);
  release_value(prev, old, ReleaseReason::kSendFailed);
  return schedule_task(prev, prev, soft, did_switch);
}

// The current tasklet's last frame has returned `value`, or failed (null). Switches to the next
// one, or ends the run.
Object* Thread::tasklet_end(Object* value) {
  Tasklet* const tasklet = current_;
  require(nesting_level_ == 0, "nesting-level-at-end");
  running_ = FrameRef{};
  require(recursion_depth_ == 0, "recursion-depth-at-end");
  if (tasklet == main_) return main_end(value);
  if (value == nullptr && error_->type == ExceptionType::kTaskletExit) {
    release(take_error());
    value = none();
  }
  if (value == nullptr && error_handler_) {
    log(EventKind::kErrorHandler, {static_cast<std::int32_t>(error_->type)});
    if (settings_.defects.has(Defect::kErrorHandlerLeaks)) retain(error_);
    release(take_error());
    value = none();
  }
  Object* result = value != nullptr ? value : take_error();
  tasklet->ended = true;
  // The queue's reference is kept here until the switch is complete.
  queue_remove(tasklet);
  Tasklet* const next = successor_of_ended(result);
  Pair* const dying = heap_.make<Pair>(ObjectKind::kPair);
  dying->first = tasklet;
  if (settings_.defects.has(Defect::kEndKeepsResult)) {
    set_tempval(tasklet, result);
    result = none();
  }
  dying->second = result;
  require(del_post_switch_ == nullptr, "post-switch-occupied");
  del_post_switch_ = dying;
  Object* const unwinding = schedule_task(tasklet, next, /*soft=*/true, nullptr);
  // "Could not end tasklet" is a fatal error of the real thing. Under a switch trap the program has
  // asked for it, and its execution simply is over; else a rule is broken.
  if (unwinding != kUnwind && switch_trap_ > 0) abandon();
  require(unwinding == kUnwind, "tasklet-cannot-end");
  return unwinding;
}

// The program of this thread has ended. Null.
Object* Thread::main_end(Object* value) {
  ending_.ended = true;
  if (value == nullptr) {
    const Bomb* const bomb = error_;
    ending_.failed = true;
    ending_.exception = bomb->type;
    ending_.code = bomb->code;
    ending_.token = bomb->number;
  }
  if (number_ != 0) {
    current_->ended = true;
    queue_remove(current_);
    release(value != nullptr ? value : take_error());
  }
  return nullptr;
}

// Who runs after a tasklet that has ended with `result` (owned), which is replaced where the end is
// a deadlock. An exception that nobody caught goes to the innermost run().
Tasklet* Thread::successor_of_ended(Object*& result) {
  Tasklet* next = head_;
  bool failed = result->kind == ObjectKind::kBomb;
  if (next == nullptr) {
    next = innermost_runner();
    while (next->blocked != 0 && !failed && head_ == nullptr && runtime_.others_awake(*this) &&
           !settings_.defects.has(Defect::kEndIgnoresThreads)) {
      fall_asleep();
    }
    if (head_ != nullptr) next = head_;
    // The historical defect: the deadlock's error replaces the one that there is.
    if (next->blocked != 0 && (!failed || settings_.defects.has(Defect::kDeadlockReplacesError))) {
      tell_of_deadlock();
      release(result);
      result = make_error(ExceptionType::kRuntimeError, next->blocked < 0
                                                            ? ErrorCode::kMainRecvDeadlock
                                                            : ErrorCode::kMainSendDeadlock);
      failed = true;
    }
  }
  if (!failed) return next;
  Tasklet* const runner = innermost_runner();
  if (next != runner && settings_.defects.has(Defect::kErrorToNextRunnable)) {
    set_tempval(next, retain(result));  // The historical defect: only then is main chosen.
    return innermost_runner();
  }
  Object* const overwritten = runner->tempval;
  runner->tempval = retain(result);
  release_value(runner, overwritten, ReleaseReason::kUncaughtError);
  return runner;
}

// The schedule callback sees `prev` as the current tasklet, and nothing that waits to die. False:
// an exception is pending, which only a defect lets out of a callback.
bool Thread::notify_schedule(Tasklet* prev, Tasklet* next) {
  if (!schedule_callback_.installed || callback_running_) return true;
  Tasklet* const current = current_;
  Object* const dying = del_post_switch_;
  del_post_switch_ = nullptr;
  bool fine = true;
  // The historical defect: the head of the run queue was taken for the running tasklet.
  const bool sees_head = settings_.defects.has(Defect::kScheduleCallbackSeesHead);
  current_ = sees_head && head_ != nullptr ? head_ : prev;
  log(EventKind::kScheduleCallback,
      {static_cast<std::int32_t>(prev->number), static_cast<std::int32_t>(next->number)});
  if (schedule_callback_.code != nullptr) {
    callback_running_ = in_schedule_callback_ = true;
    switching_to_ = next;
    retain(next);
    fine = run_callback(*schedule_callback_.code,
                        settings_.defects.has(Defect::kScheduleCallbackErrorAborts));
    // The callback may have taken the very tasklet out of the run queue that is about to run.
    if (next->next == nullptr) {
      queue_append(next);
    } else {
      release(next);
    }
    callback_running_ = in_schedule_callback_ = false;
    switching_to_ = nullptr;
  }
  current_ = current;
  del_post_switch_ = dying;
  return fine;
}

}  // namespace reweave::runtime
