#include "runtime/tasklet/switching.h"

#include "runtime/life/references.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/callbacks.h"
#include "runtime/tasklet/channel_queue.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/tempval.h"
#include "runtime/tasklet/waits.h"

namespace reweave::runtime {

struct JumpLocals {
  CStack* target;
  Object* del_post_switch;
};

// Leaves the running C stack for `target`, saving it in `save` (null: it is abandoned). What is in
// local variables here comes back with the stack.
void transfer(Thread& thread, CStack* save, CStack* target) {
  const std::uint32_t nesting_level = thread.evaluation().nesting_level;
  const std::uint32_t level = thread.evaluation().level;
  const std::uint32_t root = thread.evaluation().root;
  const FrameRef running = thread.evaluation().running;
  if (target->stub) {
    Slice fresh;
    switch_slices(thread.saved().machine, save == nullptr ? nullptr : &save->slice, fresh);
  } else {
    switch_slices(thread.saved().machine, save == nullptr ? nullptr : &save->slice, target->slice);
  }
  // Resumed, by whoever made this stack's owner current again.
  thread.evaluation().level = level;
  thread.evaluation().root = root;
  thread.evaluation().running = running;
  thread.current()->cstate = &thread.saved().stub;
  free_cstack(thread, save);
  // What dies now sees the level with which the stack was saved: the switch itself is one.
  thread.evaluation().nesting_level = nesting_level + 1;
  release_post_switch(thread);
  thread.evaluation().nesting_level = nesting_level;
}

// The switch is complete and what was left to die dies now, in the context of the resumed tasklet:
// weak-reference callbacks may run, and switch, and spill. The resumed tasklet's value still waits
// in its tempval, so it is put out of harm's way first; that it once was not is the other half of
// the bug that Reweave was started for.
void release_post_switch(Thread& thread) {
  if (thread.evaluation().del_post_switch == nullptr) return;
  Object* const dying = thread.evaluation().del_post_switch;
  thread.evaluation().del_post_switch = nullptr;
  // Until then the resumed frame is in transfer; only a defect looks.
  ++thread.evaluation().transfers;
  if (thread.settings().defects.has(Defect::kPostSwitchClear)) {
    thread.release(dying);
  } else {
    Tasklet* const tasklet = thread.current();
    Object* const value = claim(thread, tasklet);
    thread.release(dying);
    set_tempval(thread, tasklet, value);
  }
  --thread.evaluation().transfers;
}

namespace {

Object* refuse_trapped_switch(Thread& thread, Tasklet* prev) {
  // The historical defect: the refused switch had stored the frame already and dropped its
  // reference again, but left the pointer, which the next suspension takes for a reference of its
  // own.
  if (thread.settings().defects.has(Defect::kFrameOverRelease) && thread.evaluation().running &&
      !prev->frame)
    prev->frame = thread.evaluation().running;
  return thread.raise_runtime_error(ErrorCode::kSwitchTrap);
}

}  // namespace

// True, with an exception pending, where the running tasklet may not be switched away.
bool refuses_switch(Thread& thread) {
  if (!thread.guard().refuses()) return false;
  if (thread.guard().trap > 0) {
    refuse_trapped_switch(thread, thread.current());
  } else {
    thread.raise_runtime_error(ErrorCode::kRecursiveScheduleCallback);
  }
  return true;
}

// Appends it to the run queue, if it is not there.
QueuePlace make_runnable(Thread& thread, Tasklet* tasklet) {
  check_tasklet(thread, tasklet, "switched-to");
  // Under a live defect: the run queue would go on in a channel's.
  require(thread, !tasklet->is_astray(), "switched-to-astray");
  QueuePlace place;
  if (tasklet->blocked != 0) {
    place = {tasklet->channel, tasklet->next, 0, false};
    place.direction = channel_remove(thread, tasklet);
    queue_append(thread, tasklet);
  } else if (tasklet->floats()) {
    place.floating = true;
    queue_append(thread, retain(tasklet));
  }
  return place;
}

namespace {

// Keeps the running frame for its tasklet, to go on with later.
void suspend_frame(Thread& thread, Tasklet* tasklet) {
  const FrameRef old = tasklet->frame;
  if (thread.evaluation().running)
    tasklet->frame = retain_frame(thread, thread.evaluation().running);
  if (old) release_frame(thread, old);
}

// Undoes make_runnable().
void put_back(Thread& thread, Tasklet* tasklet, const QueuePlace& place) {
  if (place.channel != nullptr) {
    queue_remove(thread, tasklet);
    channel_insert(thread, place.channel, place.successor, tasklet, place.direction);
  } else if (place.floating) {
    Tasklet* const head = thread.queue().head;
    queue_remove(thread, tasklet);
    // The historical defect: the head goes back to what it was, even to the tasklet that just left.
    if (head != tasklet || thread.settings().defects.has(Defect::kUninsertKeepsHead))
      thread.queue().head = head;
    thread.release(tasklet);
  }
}

// A tasklet of another thread cannot be switched to: it becomes runnable there, and `prev` goes on.
Object* make_runnable_elsewhere(Thread& thread, Tasklet* prev, Tasklet* next) {
  if (next->thread == nullptr) return thread.raise_runtime_error(ErrorCode::kNoThread);
  // Not in the schedule callback of one that leaves the queue, though others may have made it
  // runnable again meanwhile.
  if (prev->in_run_queue() && !thread.guard().in_schedule_callback) thread.queue().head = prev;
  Object* const result = explode(thread, claim(thread, prev));
  (void)make_runnable(thread, next);
  wake(*next->thread);
  return result;
}

Object* switch_tasklets(Thread& thread, Tasklet* prev, Tasklet* next, bool soft) {
  thread.shared().touched.add(prev);
  thread.shared().touched.add(next);
  suspend_frame(thread, prev);
  prev->runs_elsewhere = false;
  prev->left_level =
      soft && thread.evaluation().nesting_level == 0 ? 0 : thread.evaluation().nesting_level + 1;
  prev->recursion_depth = thread.evaluation().recursion_depth;
  thread.evaluation().recursion_depth = next->recursion_depth;
  thread.queue().head = next;
  require(thread, next->started || next->recursion_depth == 0, "recursion-depth-before-start");
  next->started = true;
  if (soft && thread.evaluation().nesting_level == 0) {
    ++thread.evaluation().transfers;
    prev->thread = &thread;  // Who has bound it to another thread meanwhile has done so in vain.
    prev->cstate = &thread.saved().stub;
    thread.shared().stacks.drop(prev->stack_place);
    if (thread.number() != 0) {  // So that the end of the thread finds them.
      thread.shared().stacks.add(prev->stack_place);
      if (next->stack_place.next == nullptr) thread.shared().stacks.add(next->stack_place);
    }
    thread.set_current(next);
    if (next->cstate->stub) {
      thread.evaluation().transfer_frame = next->frame;
      next->frame = FrameRef{};
      thread.evaluation().transfer_value = explode(thread, claim(thread, next));
    } else {
      // Its C stack is put back by a helper frame, once this one has unwound. What is to die waits
      // in the helper.
      thread.shared().jump_code.locals_bytes = sizeof(JumpLocals);
      const FrameRef helper = make_root_frame(thread, thread.shared().jump_code);
      helper.frame->locals<JumpLocals>() = {next->cstate, thread.evaluation().del_post_switch};
      thread.evaluation().del_post_switch = nullptr;
      thread.evaluation().transfer_frame = helper;
      thread.evaluation().transfer_value = thread.none();
    }
    return kUnwind;
  }
  CStack* const mine = make_cstack(thread, thread.evaluation().nesting_level + 1);
  thread.shared().stacks.drop(prev->stack_place);
  thread.shared().stacks.add(prev->stack_place);
  prev->cstate = mine;
  thread.set_current(next);
  if (next->cstate->stub) {
    thread.evaluation().transfer_frame = next->frame;
    next->frame = FrameRef{};
  }
  transfer(thread, mine, next->cstate);
  // Somebody switched back to `prev`, whose locals these are. It holds the frame again by running
  // in it.
  require(thread, thread.current() == prev, "resumed-in-another-tasklet");
  const FrameRef suspended = prev->frame;
  prev->frame = FrameRef{};
  if (suspended) release_frame(thread, suspended);
  return explode(thread, claim(thread, prev));
}

// Nothing is runnable. The innermost run() returns, with an exception that is on its way; else the
// thread sleeps while another one could wake it; else this is a deadlock, and `prev` is told.
Object* block(Thread& thread, Tasklet* prev, bool soft, bool* did_switch) {
  Tasklet* const wakeup = innermost_runner(thread);
  if (wakeup->floats()) {
    if (prev->tempval->kind == ObjectKind::kBomb && prev != wakeup && !thread.guard().refuses()) {
      if (!reserve_switch(thread, wakeup, soft)) return nullptr;
      thread.ledger().let_go(*prev->tempval, *prev, ReleaseReason::kRaisedByRun);
      // As where an uncaught error ends a tasklet: what `wakeup` had received goes.
      Object* const overwritten = wakeup->tempval;
      wakeup->tempval = retain(prev->tempval);
      release_value(thread, wakeup, overwritten, ReleaseReason::kUncaughtError);
    }
    // The live defect: an exception that is its own, too, is put down as what it held before.
    if (prev == wakeup && prev->tempval->kind == ObjectKind::kBomb &&
        thread.settings().defects.has(Defect::kValueTakenByCallback))
      thread.release(claim(thread, prev));
    return schedule_task(thread, prev, wakeup, soft, did_switch);
  }
  const bool waits = prev->blocked != 0;
  while (thread.queue().head == nullptr) {
    if (await_timer(thread)) continue;
    if (!thread.shared().lock.others_awake(thread)) break;
    fall_asleep(thread);
  }
  if (thread.settings().defects.has(Defect::kWokenLeavesQueue) && prev == thread.queue().head &&
      prev->next != prev) {
    queue_remove(thread, prev);
    thread.release(prev);
    return explode(thread, claim(thread, prev));
  }
  if (thread.queue().head != nullptr) {
    // Held until `prev` goes on: after a hard switch, for as long as it is suspended.
    Tasklet* const next = retain(thread.queue().head);
    bool switched = false;
    Object* result = schedule_task(thread, prev, next, soft, &switched);
    thread.release(next);
    // Refused, but others served `prev` or made it runnable while this thread slept, even if it was
    // taken out of the run queue again: it goes on itself, with what it was given.
    const bool served = prev->in_run_queue() || (waits && prev->blocked == 0);
    if (result == nullptr && !switched && prev != next && served) {
      thread.release(thread.take_error());
      if (prev->in_run_queue()) {
        thread.queue().head = prev;
      } else {
        queue_unremove(thread, retain(prev));
      }
      result = explode(thread, claim(thread, prev));
    }
    if (did_switch != nullptr) *did_switch = switched;
    return result;
  }
  tell_of_deadlock(thread);
  if (thread.settings().defects.has(Defect::kDeadlockDropsValue))
    thread.release(claim(thread, wakeup));
  Object* const old = prev->tempval;
  prev->tempval = thread.make_error(ExceptionType::kRuntimeError, ErrorCode::kDeadlock);
  release_value(thread, prev, old, ReleaseReason::kSendFailed);
  return schedule_task(thread, prev, prev, soft, did_switch);
}

}  // namespace

// Makes `next` runnable if it is not, and switches to it from `prev`, which is the running tasklet
// although it may have left the run queue. Null and an exception, with everything undone, if the
// switch is refused.
Object* schedule_task(Thread& thread, Tasklet* prev, Tasklet* next, bool soft, bool* did_switch,
                      bool no_soft_irq) {
  if (did_switch != nullptr) *did_switch = false;
  if (next == nullptr) return block(thread, prev, soft, did_switch);
  if (next->thread != &thread && next != prev) return make_runnable_elsewhere(thread, prev, next);
  const QueuePlace place = make_runnable(thread, next);
  if (thread.settings().fail_allocations && lacks_memory_to_switch(thread, prev, next, soft))
      [[unlikely]] {
    put_back(thread, next, place);
    return nullptr;
  }
  // A switch that is refused passes no interrupt on.
  if (prev->pending_irq && (prev == next || !thread.guard().refuses())) [[unlikely]]
    next = divert_switch(thread, prev, next, no_soft_irq);
  if (prev == next) {
    // It may have left the queue and come back at the end: the head has moved on meanwhile.
    if (thread.settings().defects.has(Defect::kSwitchToSelfMovesHead)) {
      thread.set_current(thread.queue().head);
    } else {
      thread.queue().head = next;
    }
    return explode(thread, claim(thread, prev));
  }
  if (refuses_switch(thread)) {
    put_back(thread, next, place);
    return nullptr;
  }
  if (!notify_schedule(thread, prev, next)) return nullptr;
  if (!thread.watchdog().limit.total) thread.watchdog().restart_slice();
  if (did_switch != nullptr) *did_switch = true;
  return switch_tasklets(thread, prev, next, soft);
}

// The helper frame of a soft switch to a tasklet with a C stack.
Object* run_jump(Thread& thread, FrameRef self, Object* value) {
  const JumpLocals locals = self.frame->locals<JumpLocals>();
  self.frame->locals<JumpLocals>().del_post_switch = nullptr;  // It moves on.
  thread.release(value);
  thread.evaluation().running = FrameRef{};
  release_frame(thread, self);
  thread.evaluation().del_post_switch = locals.del_post_switch;
  transfer(thread, nullptr, locals.target);
  __builtin_unreachable();
}

void visit_jump(Frame& frame, ReferenceVisitor& visitor) {
  visitor.visit(frame.locals<JumpLocals>().del_post_switch);
}

// The common part of all operations that switch without a channel and return None. `dying` (owned,
// may be null) goes when the switch is complete. In the middle of another operation, whose value
// waits in the tempval while its callback runs, that value is put aside first; under the live
// defect it is put down where the operation has a result of its own, and taken for its result
// where not. If the switch is refused, the running tasklet is back where it was in the run queue,
// if it had left it.
Object* give_way(Thread& thread, Tasklet* next, Object* dying, bool soft, GivingWay how) {
  Tasklet* const me = thread.current();
  check_tasklet(thread, me, "switched-away");
  const bool takes = thread.settings().defects.has(Defect::kValueTakenByCallback);
  const bool in_callback = thread.guard().callback_running && thread.evaluation().nesting_level > 0;
  Object* const aside = (takes ? how.puts_none : in_callback) ? claim(thread, me) : nullptr;
  if (!takes) set_tempval(thread, me, thread.none());
  thread.evaluation().doing = nullptr;
  require(thread, thread.evaluation().del_post_switch == nullptr, "post-switch-occupied");
  thread.evaluation().del_post_switch = dying;
  bool switched = false;
  Object* const value = schedule_task(thread, me, next, soft, &switched);
  if (how.switched != nullptr) *how.switched = switched;
  // Where nothing was switched, an exception is that of a deadlock, or why it was refused.
  const bool refused = value == nullptr && !switched && thread.error() != nullptr &&
                       thread.error()->code != ErrorCode::kDeadlock;
  if (!switched) {
    if (how.left_queue && me->floats()) queue_unremove(thread, retain(me));
    if (!how.keeps_undue) release_undue(thread);
  }
  if (aside == nullptr) return value;
  if (takes && !refused) {
    thread.release(aside);
    return value;
  }
  require(thread, value != kUnwind, "soft-switch-in-callback");
  set_tempval(thread, me, aside);
  return value;
}

// Nothing was switched, so nothing is left to die after it.
void release_undue(Thread& thread) {
  Object* const undue = thread.evaluation().del_post_switch;
  thread.evaluation().del_post_switch = nullptr;
  if (undue != nullptr) thread.release(undue);
}

namespace {

// The program of this thread has ended. Null.
Object* main_end(Thread& thread, Object* value) {
  thread.life().ending.ended = true;
  if (value == nullptr) {
    const Bomb* const bomb = thread.error();
    thread.life().ending.failed = true;
    thread.life().ending.exception = bomb->type;
    thread.life().ending.code = bomb->code;
    thread.life().ending.token = bomb->number;
  }
  if (thread.number() != 0) {
    thread.current()->ended = true;
    queue_remove(thread, thread.current());
    thread.release(value != nullptr ? value : thread.take_error());
  }
  return nullptr;
}

// Who runs after a tasklet that has ended with `result` (owned), which is replaced where the end is
// a deadlock. An exception that nobody caught goes to the innermost run().
Tasklet* successor_of_ended(Thread& thread, Object*& result) {
  Tasklet* next = thread.queue().head;
  bool failed = result->kind == ObjectKind::kBomb;
  if (next == nullptr) {
    next = innermost_runner(thread);
    while (next->blocked != 0 && !failed && thread.queue().head == nullptr) {
      if (await_timer(thread)) continue;
      if (!thread.shared().lock.others_awake(thread) ||
          thread.settings().defects.has(Defect::kEndIgnoresThreads))
        break;
      fall_asleep(thread);
    }
    if (thread.queue().head != nullptr) next = thread.queue().head;
    // The historical defect: the deadlock's error replaces the one that there is.
    if (next->blocked != 0 &&
        (!failed || thread.settings().defects.has(Defect::kDeadlockReplacesError))) {
      tell_of_deadlock(thread);
      thread.release(result);
      result = thread.make_error(ExceptionType::kRuntimeError, next->blocked < 0
                                                                   ? ErrorCode::kMainRecvDeadlock
                                                                   : ErrorCode::kMainSendDeadlock);
      failed = true;
    }
  }
  if (!failed) return next;
  Tasklet* const runner = innermost_runner(thread);
  if (next != runner && thread.settings().defects.has(Defect::kErrorToNextRunnable)) {
    set_tempval(thread, next, retain(result));  // The historical defect: only then is main chosen.
    return innermost_runner(thread);
  }
  Object* const overwritten = runner->tempval;
  runner->tempval = retain(result);
  release_value(thread, runner, overwritten, ReleaseReason::kUncaughtError);
  return runner;
}

}  // namespace

// The current tasklet's last frame has returned `value`, or failed (null). Switches to the next
// one, or ends the run.
Object* tasklet_end(Thread& thread, Object* value) {
  Tasklet* const tasklet = thread.current();
  require(thread, thread.evaluation().nesting_level == 0, "nesting-level-at-end");
  thread.evaluation().running = FrameRef{};
  require(thread, thread.evaluation().recursion_depth == 0, "recursion-depth-at-end");
  if (tasklet == thread.main_tasklet()) return main_end(thread, value);
  if (value == nullptr && thread.error()->type == ExceptionType::kTaskletExit) {
    thread.release(thread.take_error());
    value = thread.none();
  }
  if (value == nullptr && thread.shared().error_handler) {
    thread.log(EventKind::kErrorHandler, {static_cast<std::int32_t>(thread.error()->type)});
    if (thread.settings().defects.has(Defect::kErrorHandlerLeaks)) retain(thread.error());
    thread.release(thread.take_error());
    value = thread.none();
  }
  Object* result = value != nullptr ? value : thread.take_error();
  // What its result overwrites: of an operation that was refused in a callback (a live defect).
  set_tempval(thread, tasklet, thread.none());
  tasklet->ended = true;
  // The queue's reference is kept here until the switch is complete.
  queue_remove(thread, tasklet);
  Tasklet* const next = successor_of_ended(thread, result);
  Pair* const dying = thread.heap().make<Pair>(ObjectKind::kPair);
  dying->first = tasklet;
  if (thread.settings().defects.has(Defect::kEndKeepsResult)) {
    set_tempval(thread, tasklet, result);
    result = thread.none();
  }
  dying->second = result;
  require(thread, thread.evaluation().del_post_switch == nullptr, "post-switch-occupied");
  thread.evaluation().del_post_switch = dying;
  Object* const unwinding = schedule_task(thread, tasklet, next, /*soft=*/true, nullptr);
  // "Could not end tasklet" is a fatal error of the real thing. Under a switch trap the program has
  // asked for it, and its execution simply is over; else a rule is broken.
  if (unwinding != kUnwind && thread.guard().trap > 0) thread.abandon();
  require(thread, unwinding == kUnwind, "tasklet-cannot-end");
  return unwinding;
}

}  // namespace reweave::runtime
