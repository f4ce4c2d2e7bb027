// What a program can do with tasklets: create, queue, run, switch, throw, and run() itself.
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

Tasklet* Thread::bind(Code& code) {
  Tasklet* const tasklet = make_tasklet();
  tasklet->actor = execution_->spawn(current_->actor);
  tasklet->frame = make_root_frame(code);
  return tasklet;
}

std::uint32_t Thread::nesting_level_of(const Tasklet* tasklet) const {
  return tasklet == current_ ? nesting_level_ : tasklet->cstate->nesting_level;
}

Object* Thread::rebind(Tasklet* tasklet, Code* code) {
  if (tasklet == current_) return raise_runtime_error(ErrorCode::kBindCurrent);
  if (tasklet->next != nullptr || tasklet->blocked != 0) {
    return raise_runtime_error(ErrorCode::kBindScheduled);
  }
  if (nesting_level_of(tasklet) > 0) return raise_runtime_error(ErrorCode::kBindCState);
  if (tasklet == main_) return raise_runtime_error(ErrorCode::kUnbindMain);
  const FrameRef frame = tasklet->frame;
  tasklet->frame = FrameRef{};
  tasklet->bound = code;
  tasklet->ended = tasklet->started = tasklet->zombie = false;
  Object* const old = claim(tasklet);
  release_value(tasklet, old, ReleaseReason::kHolderRebound);
  if (frame) release_frame(frame);
  return none();
}

Object* Thread::setup(Tasklet* tasklet) {
  if (is_alive(tasklet)) return raise_runtime_error(ErrorCode::kSetupAlive);
  if (tasklet->bound == nullptr) return raise_runtime_error(ErrorCode::kNotBound);
  tasklet->frame = make_root_frame(*tasklet->bound);
  tasklet->bound = nullptr;
  tasklet->ended = tasklet->zombie = false;
  if (tasklet->next == nullptr) queue_append(retain(tasklet));
  return none();
}

Object* Thread::insert(Tasklet* tasklet) {
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (tasklet->next != nullptr) return none();
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  queue_append(retain(tasklet));
  return none();
}

Object* Thread::remove(Tasklet* tasklet) {
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRemoveBlocked);
  if (tasklet == current_) return raise_runtime_error(ErrorCode::kRemoveCurrent);
  if (tasklet->next == nullptr) return none();
  queue_remove(tasklet);
  release(tasklet);
  return none();
}

// True, with an exception pending, where the running tasklet may not be switched away.
bool Thread::refuses_switch() {
  if (switch_trap_ == 0 && !in_schedule_callback_) return false;
  if (switch_trap_ > 0) {
    refuse_trapped_switch(current_);
  } else {
    raise_runtime_error(ErrorCode::kRecursiveScheduleCallback);
  }
  return true;
}

// If the running tasklet, which is in the run queue, left it: would another one run?
bool Thread::blocking_would_switch() const {
  if (current_->next != current_) return true;
  const Tasklet* const wakeup = innermost_runner();
  return wakeup != current_ && wakeup->next == nullptr && wakeup->blocked == 0;
}

Object* Thread::schedule(bool soft) {
  Tasklet* const me = current_;
  if (me->next == me) return give_way(me, nullptr, soft);
  if (refuses_switch()) return nullptr;
  return give_way(me->next, retain(me), soft);
}

Object* Thread::preempt(bool soft) {
  log(EventKind::kPreempted);
  doing_ = "preempt";
  return schedule(soft);
}

Object* Thread::schedule_remove(bool soft) {
  Tasklet* const me = current_;
  if (blocking_would_switch() && refuses_switch()) return nullptr;
  // The queue's reference lives until the switch is complete, and may be the last.
  queue_remove(me);
  return give_way(head_, me, soft);
}

Object* Thread::run_tasklet(Tasklet* tasklet, bool soft) {
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  if (tasklet == current_) return none();
  if (refuses_switch()) return nullptr;
  return give_way(tasklet, nullptr, soft);
}

Object* Thread::switch_to(Tasklet* tasklet, bool soft) {
  Tasklet* const me = current_;
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  if (tasklet == me) return none();
  if (refuses_switch()) return nullptr;
  queue_remove(me);
  return give_way(tasklet, me, soft);
}

// An exception at a tasklet: it becomes what the tasklet's next resumption raises, in place of any
// value that it holds.
Object* Thread::throw_at(Tasklet* tasklet, Bomb* bomb, bool soft, bool pending) {
  if (tasklet == current_) return raise(bomb);
  if (!is_alive(tasklet)) {
    const bool silent = bomb->type == ExceptionType::kTaskletExit;
    release(bomb);
    return silent ? none() : raise_runtime_error(ErrorCode::kThrowDead);
  }
  if (!pending && refuses_switch()) {
    release(bomb);
    return nullptr;
  }
  Object* const old = tasklet->tempval;
  tasklet->tempval = bomb;
  release_value(tasklet, old, ReleaseReason::kHolderKilled);
  if (pending) {
    if (tasklet->blocked != 0) {
      channel_remove(tasklet);
      queue_append(tasklet);
    } else if (tasklet->next == nullptr) {
      queue_append(retain(tasklet));
    }
    return none();
  }
  return give_way(tasklet, nullptr, soft);
}

Object* Thread::run_others() {
  Tasklet* const me = current_;
  if (watchdog_count_ == kWatchdogsMax) return raise_runtime_error(ErrorCode::kNesting);
  if (!me->in_run_queue() || me->next != me) {
    if (refuses_switch()) return nullptr;
  }
  // The list's reference replaces the run queue's.
  watchdogs_[watchdog_count_++] = me;
  queue_remove(me);
  Object* const value = give_way(head_, nullptr, /*soft=*/false);
  leave_run(me);
  return value;
}

// Back from run(): whoever woke this one left deeper ones inside their run(); they are runnable
// from now on. One that was taken off the list in this way finds nothing to do when its own turn
// comes.
void Thread::leave_run(Tasklet* me) {
  std::uint32_t position = watchdog_count_;
  while (position > 0 && watchdogs_[position - 1] != me) --position;
  if (position == 0) return;
  while (watchdog_count_ > position) {
    Tasklet* const deeper = watchdogs_[--watchdog_count_];
    if (deeper->next == nullptr && deeper->blocked == 0) {
      queue_append(deeper);
    } else {
      release(deeper);
    }
  }
  --watchdog_count_;
  release(me);
}

}  // namespace reweave::runtime
