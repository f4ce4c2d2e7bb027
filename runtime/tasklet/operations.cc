// What a program can do with tasklets: create, queue, run, switch and throw; run() itself is in
// watchdog.cc.
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

Tasklet* Thread::bind(Code& code) {
  if (lacks_memory()) return nullptr;  // For the tasklet,
  if (lacks_memory()) return nullptr;  // and for its frame.
  Tasklet* const tasklet = make_tasklet();
  tasklet->actor = execution_->spawn(current_->actor);
  runtime_.name_actor(tasklet->actor, static_cast<std::int32_t>(tasklet->number));
  tasklet->frame = make_root_frame(code);
  return tasklet;
}

std::uint32_t Thread::nesting_level_of(const Tasklet* tasklet) const {
  const Thread* const home = tasklet->thread;
  const bool is_running = home != nullptr && tasklet == home->current_ &&
                          !settings_.defects.has(Defect::kNestingFromStack);
  return is_running ? home->nesting_level_ : tasklet->cstate->nesting_level;
}

Object* Thread::rebind(Tasklet* tasklet, Code* code, bool with_arguments) {
  // Its thread may sleep in the middle of it, and would go on there.
  const bool in_context = tasklet->thread != nullptr && tasklet->thread->current_ == tasklet &&
                          !settings_.defects.has(Defect::kRebindInContext);
  if (is_current(tasklet) || in_context) return raise_runtime_error(ErrorCode::kBindCurrent);
  // A schedule callback may have taken the tasklet out of the run queue that is about to run, but
  // not its function: the real interpreter crashes there.
  const bool about_to_run =
      code == nullptr && tasklet->thread != nullptr && tasklet->thread->switching_to_ == tasklet;
  if (tasklet->next != nullptr || tasklet->blocked != 0 || about_to_run) {
    return raise_runtime_error(ErrorCode::kBindScheduled);
  }
  if (nesting_level_of(tasklet) > 0) return raise_runtime_error(ErrorCode::kBindCState);
  if (tasklet->is_main && tasklet->thread != nullptr && !tasklet->ended &&
      !(with_arguments && settings_.defects.has(Defect::kBindDestroysMain))) {
    return raise_runtime_error(ErrorCode::kUnbindMain);
  }
  if (with_arguments && lacks_memory()) return nullptr;
  const FrameRef frame = tasklet->frame;
  tasklet->frame = FrameRef{};
  tasklet->bound = code;
  if (!settings_.defects.has(Defect::kRebindKeepsDepth)) tasklet->recursion_depth = 0;
  tasklet->ended = tasklet->started = tasklet->zombie = false;
  Object* const old = claim(tasklet);
  release_value(tasklet, old, ReleaseReason::kHolderRebound);
  if (frame) release_frame(frame);
  return none();
}

bool Thread::enters_killed() {
  if (settings_.defects.has(Defect::kKillRunsNew)) {
    release(take_error());
    return true;
  }
  return settings_.defects.has(Defect::kKillEntersNew);
}

// The function that an alive tasklet runs: that of its outermost frame.
Code* Thread::function_of(const Tasklet* tasklet) const {
  FrameRef frame = tasklet == current_ ? running_ : tasklet->frame;
  while (frame && frame.frame->back) frame = frame.frame->back;
  return frame ? frame.frame->code : nullptr;
}

Object* Thread::setup(Tasklet* tasklet) {
  if (is_alive(tasklet)) {
    if (!settings_.defects.has(Defect::kSetupReplacesFrame))
      return raise_runtime_error(ErrorCode::kSetupAlive);
    tasklet->bound = function_of(tasklet);
  }
  if (tasklet->bound == nullptr) return raise_runtime_error(ErrorCode::kNotBound);
  if (tasklet->thread == nullptr) return raise_runtime_error(ErrorCode::kNoThread);
  if (lacks_memory()) return nullptr;
  tasklet->frame = make_root_frame(*tasklet->bound);
  tasklet->bound = nullptr;
  tasklet->ended = tasklet->zombie = false;
  if (tasklet->next == nullptr && tasklet->blocked == 0) queue_append(retain(tasklet));
  if (!settings_.defects.has(Defect::kSetupDoesNotWake)) tasklet->thread->wake();
  return none();
}

bool Thread::is_current(const Tasklet* tasklet) const {
  const Thread* const home = tasklet->thread;
  if (home == nullptr) return false;
  // A thread may sleep at the very end of a tasklet, and goes on from there.
  return current_of(*home) == tasklet || (tasklet->ended && home->current_ == tasklet);
}

Object* Thread::insert(Tasklet* tasklet) {
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (tasklet->next != nullptr) return none();
  if (tasklet->thread == nullptr || tasklet->thread->main_ == nullptr) {
    require(tasklet->thread != nullptr || !settings_.defects.has(Defect::kInsertTrustsThread),
            "null-thread");
    return raise_runtime_error(ErrorCode::kThreadDead);
  }
  const bool seems_dead =
      !tasklet->frame && tasklet->thread != this && settings_.defects.has(Defect::kSleeperIsDead);
  if (seems_dead || !is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  queue_append(retain(tasklet));
  if (!settings_.defects.has(Defect::kInsertDoesNotWake)) tasklet->thread->wake();
  return none();
}

Object* Thread::remove(Tasklet* tasklet) {
  if (tasklet->thread == nullptr) return none();
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRemoveBlocked);
  if (is_current(tasklet)) return raise_runtime_error(ErrorCode::kRemoveCurrent);
  if (tasklet->next == nullptr) return none();
  queue_remove(settings_.defects.has(Defect::kRemoveFromCaller) ? *this : *tasklet->thread,
               tasklet);
  release(tasklet);
  return none();
}

// True, with an exception pending, where the running tasklet may not be switched away.
bool Thread::refuses_switch() {
  if (!switch_is_refused()) return false;
  if (switch_trap_ > 0) {
    refuse_trapped_switch(current_);
  } else {
    raise_runtime_error(ErrorCode::kRecursiveScheduleCallback);
  }
  return true;
}

Object* Thread::schedule(bool soft) {
  Tasklet* const me = current_;
  if (me->next == me) return give_way(me, nullptr, soft);
  if (!me->in_run_queue()) {
    // The schedule callback of a tasklet that has left the run queue; who is behind it now, in the
    // queue of a channel, is none of its business. The live defect looks for its successor all the
    // same.
    require(!settings_.defects.has(Defect::kScheduleWithoutSuccessor), "null-successor");
    if (refuses_switch()) return nullptr;
    return give_way(nullptr, retain(me), soft);
  }
  return give_way(me->next, retain(me), soft);
}

Object* Thread::preempt(bool soft) {
  log(EventKind::kPreempted);
  if (timeout_running()) return interrupt(soft);
  doing_ = "preempt";
  return schedule(soft);
}

Object* Thread::schedule_remove(bool soft) {
  Tasklet* const me = current_;
  if (is_leaving() && refuses_switch()) return nullptr;
  // The queue's reference lives until the switch is complete, and may be the last.
  queue_remove(me);
  require(head_ != nullptr || !settings_.defects.has(Defect::kRemoveWithoutSuccessor),
          "null-successor");
  if (settings_.defects.has(Defect::kRemoveDropsRunning)) {
    release(me);
    return give_way(head_, nullptr, soft, {.left_queue = true});
  }
  return give_way(head_, me, soft, {.left_queue = true});
}

// run() of a tasklet of another thread: it becomes runnable there, as the next one to run.
Object* Thread::run_elsewhere(Tasklet* tasklet) {
  if (tasklet->thread == nullptr) return raise_runtime_error(ErrorCode::kNoThread);
  Thread& home = *tasklet->thread;
  Tasklet* const head = home.head_;
  const bool idle = home.idle_;
  if (idle && settings_.defects.has(Defect::kRemoteRunComesLast)) return insert(tasklet);
  if (head != nullptr && !idle) home.head_ = head->next;
  Object* const inserted = insert(tasklet);
  if (head != nullptr && !idle) home.head_ = head;
  if (inserted != nullptr && idle) home.head_ = tasklet;
  return inserted;
}

Object* Thread::run_tasklet(Tasklet* tasklet, bool soft) {
  if (tasklet->thread != this) return run_elsewhere(tasklet);
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  if (tasklet == current_) return none();
  return give_way(tasklet, nullptr, soft);
}

Object* Thread::switch_to(Tasklet* tasklet, bool soft) {
  Tasklet* const me = current_;
  if (tasklet->thread != this) {
    return raise_runtime_error(tasklet->thread == nullptr ? ErrorCode::kNoThread
                                                          : ErrorCode::kSwitchThread);
  }
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  if (tasklet == me && !me->in_run_queue()) return none();
  if (tasklet != me && is_leaving() && refuses_switch()) return nullptr;
  queue_remove(me);
  return give_way(
      tasklet, me, soft,
      {.left_queue = true,
       .keeps_undue = tasklet == me && settings_.defects.has(Defect::kSwitchToSelfKeepsReference)});
}

// An exception at a tasklet: it becomes what the tasklet's next resumption raises, in place of any
// value that it holds.
Object* Thread::throw_at(Tasklet* tasklet, Bomb* bomb, bool soft, bool pending, bool kills) {
  if (tasklet == current_) return raise(bomb);
  const bool queues_dead =
      pending && tasklet->thread != nullptr && settings_.defects.has(Defect::kThrowQueuesDead);
  if (!is_alive(tasklet) && !queues_dead) return throw_at_dead(tasklet, bomb, kills);
  const bool elsewhere = tasklet->thread != this;
  if (pending && tasklet->thread->main_ == nullptr) {
    release(bomb);
    return raise_runtime_error(ErrorCode::kThreadDead);
  }
  Object* const old = tasklet->tempval;
  tasklet->tempval = bomb;
  if (!pending && !elsewhere && (refuses_switch() || !reserve_switch(tasklet, soft))) {
    if (settings_.defects.has(Defect::kRefusedThrowStays)) {
      release(old);  // The historical defect: the exception stays in the place of the value.
      return nullptr;
    }
    tasklet->tempval = old;
    release(bomb);
    return nullptr;
  }
  release_value(tasklet, old, ReleaseReason::kHolderKilled);
  if (pending) {
    (void)make_runnable(tasklet);
    tasklet->thread->wake();
    return none();
  }
  return give_way(tasklet, nullptr, soft);
}

// TaskletExit asks for no more than that it be dead: it leaves whatever queue it is still in. All
// other exceptions would be lost.
Object* Thread::throw_at_dead(Tasklet* tasklet, Bomb* bomb, bool kills) {
  const bool suspended = !tasklet->ended && (tasklet->frame || !tasklet->cstate->stub);
  const bool refused = bomb->type != ExceptionType::kTaskletExit ||
                       (tasklet->thread == nullptr && suspended && !kills);
  release(bomb);
  if (refused) {
    return raise_runtime_error(tasklet->thread == nullptr ? ErrorCode::kNoThread
                                                          : ErrorCode::kThrowDead);
  }
  if (tasklet->blocked != 0) {
    // Of a thread that has ended. Another one may adopt it, where it then goes on.
    ledger_.stop_waiting(*tasklet, tasklet->blocked > 0, ReleaseReason::kHolderKilled);
    channel_remove(tasklet);
    release(tasklet);
  } else if (tasklet->next != nullptr) {
    if (tasklet->thread != nullptr) {
      queue_remove(tasklet);
    } else {
      // The run queue of a thread that has ended: only the links are left of it.
      tasklet->next->previous = tasklet->previous;
      tasklet->previous->next = tasklet->next;
      tasklet->next = tasklet->previous = nullptr;
    }
    release(tasklet);
  }
  return none();
}

}  // namespace reweave::runtime
