// How tasklets begin, end, are thrown at and die.
#include <utility>
#include <vector>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

namespace {
constexpr int kKillsMax = 10;  // A tasklet that survives them is given up.
}

// The caller holds the only reference.
Id Specification::create(std::int32_t function) {
  const Id tasklet = make(next_number_, new_actor(next_number_));
  if (++next_number_ == kThreadMains) next_number_ += kThreadsMax;
  at(tasklet).function = function;
  return tasklet;
}

ActorId Specification::new_actor(std::int32_t number) {
  tasklet_numbers_.push_back(number);
  return static_cast<ActorId>(tasklet_numbers_.size() - 1);
}

Id Specification::make_object() {
  if (tasklet_count_ == tasklets_.size()) tasklets_.emplace_back();
  Tasklet& object = tasklets_[tasklet_count_];
  object.held.clear();
  object.calls.clear();
  Tasklet fresh;
  fresh.held.swap(object.held);  // Their memory is used again.
  fresh.calls.swap(object.calls);
  fresh.references = 1;
  object = std::move(fresh);
  return static_cast<Id>(tasklet_count_++);
}

Id Specification::make(std::int32_t number, ActorId actor) {
  const Id id = make_object();
  Tasklet& tasklet = at(id);
  tasklet.state = Tasklet::State::kNew;
  tasklet.number = number;
  tasklet.serial = tasklets_made_++;
  tasklet.actor = actor;
  tasklet.thread = number_;
  if (number_ != 0) keep_stack(id);
  return id;
}

// From the first switch to it until its last away.
Routine<Value> Specification::life(Id self) {
  const std::int32_t function = at(self).function;
  at(self).hard = false;
  Value result = co_await arrive(self);
  // Thrown at before it ran: nothing of it runs.
  if (!result.is_error()) {
    const bool told = !at(self).main;
    if (told) log(EventKind::kStart);
    result = co_await call(function);
    if (told && !result.is_error()) log(EventKind::kEnd);
    if (told && result.is_error()) log_error(EventKind::kDied, result);
  }
  co_await finish(self, result);
  co_return Value{};
}

Routine<Value> Specification::finish(Id self, Value result) {
  if (self == main_) {
    end_state_.ended = true;
    end_state_.failed = result.is_error();
    end_state_.exception = result.type;
    end_state_.code = result.code;
    end_state_.token = result.number;
    co_await halt();
  }
  if (result.is_error() && result.type == ExceptionType::kTaskletExit) result = Value{};
  if (result.is_error() && error_handler_) {
    log(EventKind::kErrorHandler, {static_cast<std::int32_t>(result.type)});
    result = Value{};
  }
  at(self).tempval = Value{};
  at(self).state = Tasklet::State::kEnded;
  take_out(self);
  const Id wakeup = innermost_runner();
  while (queue_.empty() && at(wakeup).blocked != 0 && !result.is_error()) {
    if (awaits_timer()) {
      co_await await_timer();
      continue;
    }
    if (!others_awake() || rules_.defects.has(Defect::kEndIgnoresThreads)) break;
    co_await fall_asleep();
  }
  Id next = queue_.empty() ? kNobody : queue_.front();
  if (next == kNobody) {
    next = wakeup;
    if (at(wakeup).blocked != 0 && !result.is_error()) {
      result = Value::error(at(wakeup).blocked < 0 ? ErrorCode::kMainRecvDeadlock
                                                   : ErrorCode::kMainSendDeadlock);
    }
  }
  if (result.is_error()) {
    // Whatever it had received and not yet returned is overwritten.
    next = wakeup;
    at(wakeup).tempval = result;
  }
  co_await switch_tasks(self, next, /*soft=*/true, /*dying=*/self);
  co_await halt();  // Only where its end was refused, by a switch trap: the real thing aborts.
  co_return Value{};
}

// Gives a reference back. The last one ends the tasklet, from within the current one.
Routine<Value> Specification::release(Id id) {
  Tasklet& tasklet = at(id);
  if (--tasklet.references > 0) co_return Value{};
  if (!is_tasklet(id)) co_return co_await destroy_thing(id);
  // Its thread may sleep in one of its switches, and will resume there.
  const bool slept_in = tasklet.thread != kNobody && elsewhere(id) &&
                        thread(tasklet.thread).current_ == id &&
                        tasklet.state == Tasklet::State::kRunning;
  if (!tasklet.finalized && (tasklet.has_c_state() || slept_in) && tasklet.thread != kNobody) {
    // It cannot just vanish: it is killed, so that its stack unwinds.
    tasklet.finalized = true;
    tasklet.references = 1;
    if (elsewhere(id)) {
      // It raises the exception there, and is never freed.
      ++tasklet.references;
      append(id);
      wake(id);
      tasklet.tempval = Value::error(ExceptionType::kTaskletExit);
    }
    for (int kills = 0; kills < kKillsMax && !elsewhere(id) && tasklet.alive(); ++kills) {
      co_await throw_at(id, Value::error(ExceptionType::kTaskletExit), /*soft=*/false,
                        /*pending=*/false);
    }
    if (tasklet.alive()) {
      ++tasklet.references;  // Given up: never freed.
      if (rules_.defects.has(Defect::kSurvivorLosesValue)) tasklet.tempval = Value{};
    }
    if (--tasklet.references > 0) co_return Value{};
  }
  co_await tell_of_end(id);
  // What lies on the C stack of an ended thread is never released.
  const bool frames_go = !tasklet.has_c_state();
  tasklet.state = Tasklet::State::kDestroyed;
  if (frames_go) co_await forget_frames(id);
  co_await clear_dict(tasklet.locals);
  if (id != leaves_ring_last_) drop_stack(id);
  co_return Value{};
}

// Its weak references are cleared, and called. The collector does it before anything dies.
Routine<Value> Specification::tell_of_end(Id id) {
  Tasklet& tasklet = at(id);
  tasklet.dying = true;
  co_await call_weakrefs(id);
  if (std::exchange(tasklet.told_of_end, true)) co_return Value{};
  if (!tasklet.main) log(EventKind::kFin, {number_of(id)});
  co_return Value{};
}

// What it is in the middle of vanishes without running on, and gives back what it held. Generators
// that it runs in a for loop end, and what their frames held goes when it is their turn. All of it
// is taken from the tasklet before the first of it goes: a callback may set the tasklet up anew.
Routine<Value> Specification::forget_frames(Id id) {
  if (at(id).held.empty() && at(id).calls.empty()) co_return Value{};
  const std::size_t mine = spare_list();
  take_frames(id, going_[mine]);
  while (!going_[mine].empty()) {
    const Id held = going_[mine].back();
    going_[mine].pop_back();
    co_await release(held);
  }
  spare_going_.push_back(mine);
  co_return Value{};
}

// An empty one. Of a routine that is never gone on with it comes back with the next prediction.
std::size_t Specification::spare_list() {
  if (spare_going_.empty()) {
    going_.emplace_back();
    return going_.size() - 1;
  }
  const std::size_t list = spare_going_.back();
  spare_going_.pop_back();
  return list;
}

// Appends what the frames hold, from the outermost one to the innermost one.
void Specification::take_frames(Id id, std::vector<Id>& going) {
  for (const Id reply : at(id).calls) channel(reply).closing = true;
  at(id).calls.clear();
  for (const Id held : at(id).held) {
    going.push_back(held);
    if (at(held).runner != id) continue;
    at(held).runner = kNobody;
    at(held).running = false;
    at(held).state = Tasklet::State::kEnded;
    take_frames(held, going);
  }
  at(id).held.clear();
}

// Throws at a tasklet, which raises the exception when it resumes, in place of any awaited value.
Routine<Value> Specification::throw_at(Id id, Value error, bool soft, bool pending, bool kills) {
  Tasklet& tasklet = at(id);
  if (id == current_) co_return error;
  if (kills && tasklet.thread == kNobody) co_await drop_frames(id);
  if (!tasklet.alive()) co_return co_await throw_at_dead(id, error, kills);
  const ThreadState& home = thread(tasklet.thread);
  if (elsewhere(id) && home.current_ == id && !home.idle_ && tasklet.queued &&
      !home.in_schedule_callback_ && !rules_.defects.has(Defect::kThrowAtRunning))
    co_return Value::error(ErrorCode::kThrowRunning);
  if (!pending && !elsewhere(id)) {
    const Value refused = refusal();
    if (refused.is_error()) co_return refused;
    tasklet.tempval = error;
    co_return co_await give_way(id, soft, kNobody);
  }
  tasklet.tempval = error;
  // Who is queued already, by set_up(), did not wake its thread.
  const bool wakes = !pending || !tasklet.queued || !rules_.defects.has(Defect::kSetupDoesNotWake);
  make_runnable(id);
  if (wakes) wake(id);
  co_return Value{};
}

// Who is killed when its thread has ended can be bound to another one, but comes back to life no
// more: its frames go, but for what its C stack holds, which nobody will ever unwind.
Routine<Value> Specification::drop_frames(Id id) {
  Tasklet& tasklet = at(id);
  if (tasklet.has_c_state()) {
    tasklet.frames_dropped = true;
    co_return Value{};
  }
  if (tasklet.state != Tasklet::State::kNew && tasklet.state != Tasklet::State::kSuspended)
    co_return Value{};
  tasklet.state = Tasklet::State::kUnbound;
  tasklet.function = -1;
  co_return co_await forget_frames(id);
}

// TaskletExit asks for no more than that it be dead: it leaves whatever queue it is still in, that
// of a thread that has ended. All other exceptions would be lost.
Routine<Value> Specification::throw_at_dead(Id id, Value error, bool kills) {
  const Tasklet& tasklet = at(id);
  const bool gone = tasklet.thread == kNobody;
  const bool suspended = tasklet.state == Tasklet::State::kNew ||
                         (tasklet.state == Tasklet::State::kSuspended && !tasklet.frames_dropped);
  if (error.type != ExceptionType::kTaskletExit || (gone && suspended && !kills))
    co_return Value::error(gone ? ErrorCode::kNoThread : ErrorCode::kThrowDead);
  if (tasklet.floating()) co_return Value{};
  if (tasklet.blocked != 0) {
    stop_waiting(id);
  } else {
    take_out(id);
  }
  co_return co_await release(id);
}

// bind(function): what it was in the middle of is forgotten. -1: no function.
Routine<Value> Specification::bind(Id id, std::int32_t function) {
  Tasklet& tasklet = at(id);
  // Its thread may sleep in one of its switches, and would resume there.
  const bool in_context = tasklet.thread != kNobody && thread(tasklet.thread).current_ == id &&
                          !rules_.defects.has(Defect::kRebindInContext);
  if (is_current(id) || in_context) co_return Value::error(ErrorCode::kBindCurrent);
  // One that is about to run may have been taken out of the run queue, but keeps its function.
  const bool about_to_run =
      function < 0 && tasklet.thread != kNobody && id == thread(tasklet.thread).switching_to_;
  if (!tasklet.floating() || about_to_run) co_return Value::error(ErrorCode::kBindScheduled);
  if (nesting_of(id) > 0) co_return Value::error(ErrorCode::kBindCState);
  tasklet.state = Tasklet::State::kUnbound;
  tasklet.function = function;
  tasklet.finalized = false;
  tasklet.tempval = Value{};
  tasklet.timer = 0;
  tasklet.selects = 0;
  tasklet.timed_out = false;
  co_await forget_frames(id);
  co_return Value{};
}

// t(): makes it runnable with the function that it was bound to.
Value Specification::set_up(Id id) {
  Tasklet& tasklet = at(id);
  if (tasklet.alive() || is_ending(id)) return Value::error(ErrorCode::kSetupAlive);
  if (tasklet.state != Tasklet::State::kUnbound || tasklet.function < 0)
    return Value::error(ErrorCode::kNotBound);
  if (tasklet.thread == kNobody) return Value::error(ErrorCode::kNoThread);
  give_new_stack(id);
  tasklet.state = Tasklet::State::kNew;
  tasklet.finalized = false;
  make_runnable(id);
  if (!rules_.defects.has(Defect::kSetupDoesNotWake)) wake(id);
  return {};
}

}  // namespace reweave::runtime::specification
