// What a program can do with tasklets: create, queue, run, switch and throw; run() itself is in
// watchdog.cc.
#include <utility>

#include "runtime/life/generator_object.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/channel_queue.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/switching.h"
#include "runtime/tasklet/tasklet_state.h"
#include "runtime/tasklet/tempval.h"

namespace reweave::runtime {

Tasklet* Thread::bind(Code& code) {
  if (lacks_memory(*this)) return nullptr;  // For the tasklet,
  if (lacks_memory(*this)) return nullptr;  // and for its frame.
  Tasklet* const tasklet = make_tasklet(*this);
  tasklet->actor = execution_->spawn(current_->actor);
  shared_.name_actor(tasklet->actor, static_cast<std::int32_t>(tasklet->number));
  tasklet->frame = make_root_frame(*this, code);
  return tasklet;
}

namespace {

// A schedule callback may have taken the tasklet out of the run queue that is about to run. It can
// give it another function, but not leave it without one, even if memory is lacking: the real
// interpreter crashes there.
bool is_about_to_run(const Tasklet& tasklet) {
  return tasklet.thread != nullptr && tasklet.thread->guard().switching_to == &tasklet;
}

}  // namespace

Object* Thread::rebind(Tasklet* tasklet, Code* code, bool with_arguments) {
  // Its thread may sleep in the middle of it, and would go on there.
  const bool in_context = tasklet->thread != nullptr && tasklet->thread->current() == tasklet &&
                          !shared_.settings.defects.has(Defect::kRebindInContext);
  if (is_current(*this, tasklet) || in_context) return raise_runtime_error(ErrorCode::kBindCurrent);
  if (!tasklet->floats() || (code == nullptr && is_about_to_run(*tasklet)))
    return raise_runtime_error(ErrorCode::kBindScheduled);
  if (nesting_level_of(*this, tasklet) > 0) return raise_runtime_error(ErrorCode::kBindCState);
  if (tasklet->is_main && tasklet->thread != nullptr && !tasklet->ended &&
      !(with_arguments && shared_.settings.defects.has(Defect::kBindDestroysMain))) {
    return raise_runtime_error(ErrorCode::kUnbindMain);
  }
  if ((with_arguments || is_about_to_run(*tasklet)) && lacks_memory(*this)) return nullptr;
  const FrameRef frame = tasklet->frame;
  tasklet->frame = FrameRef{};
  tasklet->bound = code;
  if (!shared_.settings.defects.has(Defect::kRebindKeepsDepth)) tasklet->recursion_depth = 0;
  tasklet->ended = tasklet->started = tasklet->zombie = false;
  tasklet->early_end = {};
  Object* const old = claim(*this, tasklet);
  release_value(*this, tasklet, old, ReleaseReason::kHolderRebound);
  drop_frames(*this, frame);
  if (with_arguments && tasklet->thread != nullptr) give_new_stack(*tasklet->thread, tasklet);
  return none();
}

Object* Thread::setup(Tasklet* tasklet) {
  if (is_alive(tasklet) || is_ending(tasklet)) {
    if (!shared_.settings.defects.has(Defect::kSetupReplacesFrame))
      return raise_runtime_error(ErrorCode::kSetupAlive);
    tasklet->bound = function_of(*this, tasklet);
  }
  if (tasklet->bound == nullptr) return raise_runtime_error(ErrorCode::kNotBound);
  if (tasklet->thread == nullptr) return raise_runtime_error(ErrorCode::kNoThread);
  // For one that is about to run, rebind() has asked for it.
  if (!is_about_to_run(*tasklet) && lacks_memory(*this)) return nullptr;
  tasklet->frame = make_root_frame(*this, *tasklet->bound);
  tasklet->bound = nullptr;
  tasklet->left_level = 0;
  give_new_stack(*tasklet->thread, tasklet);
  tasklet->ended = tasklet->zombie = false;
  if (tasklet->floats()) queue_append(*this, retain(tasklet));
  if (!shared_.settings.defects.has(Defect::kSetupDoesNotWake)) wake(*tasklet->thread);
  return none();
}

Object* Thread::insert(Tasklet* tasklet) {
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!tasklet->floats()) return none();
  if (tasklet->thread == nullptr || tasklet->thread->main_tasklet() == nullptr) {
    require(
        *this,
        tasklet->thread != nullptr || !shared_.settings.defects.has(Defect::kInsertTrustsThread),
        "null-thread");
    return raise_runtime_error(ErrorCode::kThreadDead);
  }
  const bool seems_dead = !tasklet->frame && tasklet->thread != this &&
                          shared_.settings.defects.has(Defect::kSleeperIsDead);
  if (seems_dead || !is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  queue_append(*this, retain(tasklet));
  if (!shared_.settings.defects.has(Defect::kInsertDoesNotWake)) wake(*tasklet->thread);
  return none();
}

Object* Thread::remove(Tasklet* tasklet) {
  if (tasklet->thread == nullptr) return none();
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRemoveBlocked);
  if (is_current(*this, tasklet)) return raise_runtime_error(ErrorCode::kRemoveCurrent);
  if (tasklet->floats()) return none();
  queue_remove(*this,
               shared_.settings.defects.has(Defect::kRemoveFromCaller) ? *this : *tasklet->thread,
               tasklet);
  release(tasklet);
  return none();
}

Object* Thread::schedule(bool soft) {
  Tasklet* const me = current_;
  if (me->next == me) return give_way(*this, me, nullptr, soft, {.puts_none = true});
  if (!me->in_run_queue()) {
    // The schedule callback of a tasklet that has left the run queue; who is behind it now, in the
    // queue of a channel, is none of its business. The live defect looks for its successor all the
    // same.
    require(*this, !shared_.settings.defects.has(Defect::kScheduleWithoutSuccessor),
            "null-successor");
    if (refuses_switch(*this)) return nullptr;
    return give_way(*this, nullptr, retain(me), soft, {.puts_none = true});
  }
  return give_way(*this, me->next, retain(me), soft, {.puts_none = true});
}

Object* Thread::preempt(bool soft) {
  log(EventKind::kPreempted);
  if (watchdog_.has_limit()) return interrupt(*this, soft);
  evaluation_.doing = "preempt";
  return schedule(soft);
}

Object* Thread::schedule_remove(bool soft) {
  Tasklet* const me = current_;
  if (is_leaving(*this) && refuses_switch(*this)) return nullptr;
  // The queue's reference lives until the switch is complete, and may be the last.
  queue_remove(*this, me);
  require(*this,
          queue_.head != nullptr || !shared_.settings.defects.has(Defect::kRemoveWithoutSuccessor),
          "null-successor");
  if (shared_.settings.defects.has(Defect::kRemoveDropsRunning)) {
    release(me);
    return give_way(*this, queue_.head, nullptr, soft, {.left_queue = true, .puts_none = true});
  }
  return give_way(*this, queue_.head, me, soft, {.left_queue = true, .puts_none = true});
}

namespace {

// run() of a tasklet of another thread: it becomes runnable there, as the next one to run.
Object* run_elsewhere(Thread& thread, Tasklet* tasklet) {
  if (tasklet->thread == nullptr) return thread.raise_runtime_error(ErrorCode::kNoThread);
  Thread& home = *tasklet->thread;
  Tasklet* const head = home.queue().head;
  const bool idle = home.turn().idle;
  if (idle && thread.settings().defects.has(Defect::kRemoteRunComesLast))
    return thread.insert(tasklet);
  if (head != nullptr && !idle) home.queue().head = head->next;
  Object* const inserted = thread.insert(tasklet);
  if (head != nullptr && !idle) home.queue().head = head;
  if (inserted != nullptr && idle) home.queue().head = tasklet;
  // Also where it was queued already: not everybody who queues one wakes its thread.
  if (inserted != nullptr && !thread.settings().defects.has(Defect::kInsertDoesNotWake)) wake(home);
  return inserted;
}

}  // namespace

Object* Thread::run_tasklet(Tasklet* tasklet, bool soft) {
  if (tasklet->thread != this) return run_elsewhere(*this, tasklet);
  if (tasklet->blocked != 0) return raise_runtime_error(ErrorCode::kRunBlocked);
  if (!is_alive(tasklet)) return raise_runtime_error(ErrorCode::kRunDead);
  if (tasklet == current_) {
    // The live defect: in a channel callback its result is what is being sent.
    if (shared_.settings.defects.has(Defect::kValueTakenByCallback))
      return explode(*this, claim(*this, tasklet));
    return none();
  }
  return give_way(*this, tasklet, nullptr, soft);
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
  if (tasklet != me && is_leaving(*this) && refuses_switch(*this)) return nullptr;
  queue_remove(*this, me);
  return give_way(*this, tasklet, me, soft,
                  {.left_queue = true,
                   .keeps_undue = tasklet == me && shared_.settings.defects.has(
                                                       Defect::kSwitchToSelfKeepsReference)});
}

namespace {

// Of a thread that has ended only the links of the queue are left; but it may be about to end, and
// this one be there in spite of it.
void leave_queue_of_ended(Thread& thread, Tasklet* tasklet) {
  Thread* home = tasklet->thread;
  if (home == nullptr && tasklet->is_astray()) return unlink_from_channel(thread, tasklet);
  for (Tasklet* each = tasklet->next; home == nullptr && each != tasklet; each = each->next)
    home = each->thread;
  if (home != nullptr) return queue_remove(thread, *home, tasklet);
  tasklet->next->previous = tasklet->previous;
  tasklet->previous->next = tasklet->next;
  tasklet->next = tasklet->previous = nullptr;
}

// TaskletExit asks for no more than that it be dead: it leaves whatever queue it is still in. All
// other exceptions would be lost.
Object* throw_at_dead(Thread& thread, Tasklet* tasklet, Bomb* bomb, bool kills) {
  const bool refused = bomb->type != ExceptionType::kTaskletExit ||
                       (tasklet->thread == nullptr && tasklet->frame && !kills);
  thread.release(bomb);
  if (refused) {
    return thread.raise_runtime_error(tasklet->thread == nullptr ? ErrorCode::kNoThread
                                                                 : ErrorCode::kThrowDead);
  }
  if (tasklet->blocked != 0) {
    // Of a thread that has ended. Another one may adopt it, where it then goes on.
    thread.ledger().stop_waiting(*tasklet, tasklet->blocked > 0, ReleaseReason::kHolderKilled);
    (void)channel_remove(thread, tasklet);
    thread.release(tasklet);
  } else if (!tasklet->floats()) {
    leave_queue_of_ended(thread, tasklet);
    thread.release(tasklet);
  }
  return thread.none();
}

}  // namespace

// An exception at a tasklet: it becomes what the tasklet's next resumption raises, in place of any
// value that it holds.
Object* Thread::throw_at(Tasklet* tasklet, Bomb* bomb, bool soft, bool pending, bool kills) {
  if (tasklet == current_) return raise(bomb);
  const bool queues_dead = pending && tasklet->thread != nullptr &&
                           shared_.settings.defects.has(Defect::kThrowQueuesDead);
  if (!is_alive(tasklet) && !queues_dead) return throw_at_dead(*this, tasklet, bomb, kills);
  // The live defect: the exception becomes a tempval that nobody waits for.
  if (runs_just_now(*this, tasklet) && !shared_.settings.defects.has(Defect::kThrowAtRunning)) {
    release(bomb);
    return raise_runtime_error(ErrorCode::kThrowRunning);
  }
  const bool elsewhere = tasklet->thread != this;
  if (pending && tasklet->thread->main_tasklet() == nullptr) {
    release(bomb);
    return raise_runtime_error(ErrorCode::kThreadDead);
  }
  Object* const old = tasklet->tempval;
  tasklet->tempval = bomb;
  if (!pending && !elsewhere && (refuses_switch(*this) || !reserve_switch(*this, tasklet, soft))) {
    if (shared_.settings.defects.has(Defect::kRefusedThrowStays)) {
      release(old);  // The historical defect: the exception stays in the place of the value.
      return nullptr;
    }
    tasklet->tempval = old;
    release(bomb);
    return nullptr;
  }
  // Not what the runtime itself kills: who dies, or stands in the way of a thread's end.
  if (settings().lost_exceptions && !tasklet->zombie && life_.ended_main == nullptr) [[unlikely]]
    ledger().thrown(*bomb, *tasklet, *current_, evaluation_.here(), *old);
  release_value(*this, tasklet, old, ReleaseReason::kHolderKilled);
  if (pending) {
    // Not where it was queued already; setup() does not wake its thread.
    const bool wakes =
        !tasklet->in_run_queue() || !shared_.settings.defects.has(Defect::kSetupDoesNotWake);
    (void)make_runnable(*this, tasklet);
    if (wakes) wake(*tasklet->thread);
    return none();
  }
  return give_way(*this, tasklet, nullptr, soft);
}

Object* Thread::kill(Tasklet* tasklet, bool soft, bool pending) {
  Bomb* const bomb = make_bomb(ExceptionType::kTaskletExit);
  if (bomb == nullptr) return nullptr;
  // Whose thread has ended can be bound to another one, but comes back to life no more.
  if (tasklet->thread == nullptr) {
    give_up_frames(*this, std::exchange(tasklet->frame, FrameRef{}), !tasklet->cstate->stub);
  }
  return throw_at(tasklet, bomb, soft, pending, /*kills=*/true);
}

}  // namespace reweave::runtime
