// What a program can do with tasklets: create, queue, run, switch, throw, and run() itself.
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

Tasklet* Thread::bind(Code& code) {
  Tasklet* const tasklet = make_tasklet();
  tasklet->actor = execution_->spawn(current_->actor);
  tasklet->frame = make_root_frame(code);
  return tasklet;
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

Object* Thread::schedule(bool soft) {
  Tasklet* const tasklet = current_;
  set_tempval(tasklet, none());
  CHECK(del_post_switch_ == nullptr);
  if (tasklet->next == tasklet) return schedule_task(tasklet, tasklet, soft, nullptr);
  del_post_switch_ = retain(tasklet);
  bool switched = false;
  Object* const value = schedule_task(tasklet, tasklet->next, soft, &switched);
  if (!switched) {
    Object* const keep = del_post_switch_;
    del_post_switch_ = nullptr;
    release(keep);
  }
  return value;
}

Object* Thread::schedule_remove(bool soft) {
  Tasklet* const tasklet = current_;
  Tasklet* const next = tasklet->next == tasklet ? nullptr : tasklet->next;
  if (switch_trap_ > 0 && next != nullptr) return schedule_task(tasklet, next, soft, nullptr);
  set_tempval(tasklet, none());
  CHECK(del_post_switch_ == nullptr);
  // The queue's reference lives until the switch is complete, and may be the last.
  queue_remove_current();
  del_post_switch_ = tasklet;
  bool switched = false;
  Object* const value = schedule_task(tasklet, next, soft, &switched);
  if (!switched) {
    Object* const keep = del_post_switch_;
    del_post_switch_ = nullptr;
    release(keep);
  }
  return value;
}

Object* Thread::run_tasklet(Tasklet* tasklet, bool soft) {
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  const bool queued = tasklet->next != nullptr;
  bool switched = false;
  if (switch_trap_ > 0 && tasklet != current_ && !queued) {
    return schedule_task(current_, tasklet, soft, nullptr);
  }
  set_tempval(current_, none());
  return schedule_task(current_, tasklet, soft, &switched);
}

Object* Thread::switch_to(Tasklet* tasklet, bool soft) {
  Tasklet* const me = current_;
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  if (tasklet == me) return none();
  if (switch_trap_ > 0) return schedule_task(me, tasklet, soft, nullptr);
  set_tempval(me, none());
  CHECK(del_post_switch_ == nullptr);
  queue_remove_current();
  del_post_switch_ = me;
  bool switched = false;
  Object* const value = schedule_task(me, tasklet, soft, &switched);
  CHECK_MSG(switched || error_ != nullptr, "switching to another tasklet did not switch");
  if (!switched) {
    Object* const keep = del_post_switch_;
    del_post_switch_ = nullptr;
    queue_restore_current(me);
    static_cast<void>(keep);
  }
  return value;
}

// An exception at a tasklet: it becomes what the tasklet's next resumption raises, in place of any
// value that it holds.
Object* Thread::throw_at(Tasklet* tasklet, Bomb* bomb, bool soft) {
  if (tasklet == current_) return raise(bomb);
  if (!is_alive(tasklet)) {
    const bool silent = bomb->type == ExceptionType::kTaskletExit;
    release(bomb);
    return silent ? none() : raise_runtime_error(ErrorCode::kThrowDead);
  }
  if (switch_trap_ > 0 || in_schedule_callback_) {
    release(bomb);
    return raise_runtime_error(switch_trap_ > 0 ? ErrorCode::kSwitchTrap
                                                : ErrorCode::kRecursiveScheduleCallback);
  }
  Object* const old = tasklet->tempval;
  tasklet->tempval = bomb;
  ledger_.forget_expectation(*tasklet);
  release_value(old, ReleaseReason::kHolderKilled);
  set_tempval(current_, none());
  return schedule_task(current_, tasklet, soft, nullptr);
}

Object* Thread::run_others() {
  Tasklet* const me = current_;
  if (watchdog_count_ == kWatchdogsMax) return raise_runtime_error(ErrorCode::kNesting);
  if (switch_trap_ > 0 && me->next != me) {
    return schedule_task(me, me->next, /*soft=*/false, nullptr);
  }
  set_tempval(me, none());
  // The list's reference replaces the run queue's.
  watchdogs_[watchdog_count_++] = me;
  const std::uint32_t depth = watchdog_count_;
  queue_remove_current();
  bool switched = false;
  Object* const value = schedule_task(me, current_, /*soft=*/false, &switched);
  // Whoever woke this one left deeper ones inside their run(): they are runnable from now on.
  CHECK(watchdog_count_ >= depth);
  while (watchdog_count_ > depth) {
    Tasklet* const deeper = watchdogs_[--watchdog_count_];
    if (deeper->next == nullptr && deeper->blocked == 0) {
      queue_append(deeper);
    } else {
      release(deeper);
    }
  }
  --watchdog_count_;
  release(me);
  return value;
}

}  // namespace reweave::runtime
