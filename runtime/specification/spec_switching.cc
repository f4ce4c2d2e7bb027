// Who runs next: schedule(), and the switch that all of them come down to.
#include <algorithm>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// What a switch to another tasklet would be refused with; None: nothing forbids it.
Value Specification::refusal() const {
  if (switch_trap_ > 0) return Value::error(ErrorCode::kSwitchTrap);
  if (in_schedule_callback_) return Value::error(ErrorCode::kRecursiveScheduleCallback);
  return {};
}

// If the current tasklet left the run queue, would another one run?
bool Specification::leaving_would_switch() const {
  if (!at(current_).queued || queue_.size() > 1) return true;
  const Id wakeup = innermost_runner();
  return wakeup != current_ && at(wakeup).floating();
}

// The tasklet that runs when nothing is runnable. Those that the end of the thread has passed over
// never return from run().
Id Specification::innermost_runner() const {
  const auto own = [this](Id id) { return !elsewhere(id); };
  const auto found = std::find_if(watchdogs_.rbegin(), watchdogs_.rend(), own);
  return found == watchdogs_.rend() ? main_ : *found;
}

// Switches from `prev`, which is current, to `next`; nobody: nothing is runnable. Returns when
// `prev` runs again, with what waits in its tempval. The reference to `dying` goes when the switch
// is complete, or did not come about.
Routine<Value> Specification::switch_tasks(Id prev, Id next, bool soft, Id dying, bool no_soft_irq,
                                           bool* was_refused) {
  Id held = kNobody;
  if (next == kNobody) {
    const Id wakeup = innermost_runner();
    const bool revives = at(wakeup).floating();
    const bool waits = at(prev).blocked != 0;
    while (!revives && queue_.empty()) {
      if (awaits_timer()) {
        co_await await_timer();
        continue;
      }
      if (!others_awake()) break;
      co_await fall_asleep();
    }
    if (!revives && !queue_.empty()) {
      // Whoever is first; or itself, if others served it or made it runnable meanwhile and it may
      // not switch.
      const bool served = at(prev).queued || (waits && at(prev).blocked == 0);
      next = served && refusal().is_error() ? prev : queue_.front();
      // Held until `prev` resumes, if a C stack is kept that holds it.
      if (!soft || nesting_ > 0) held = next;
    } else if (revives) {
      // The innermost run() returns; an exception that nobody can receive comes out of it. In 3.7.5
      // one that its own callback was called with is lost.
      if (at(prev).tempval.is_error()) at(wakeup).tempval = at(prev).tempval;
      if (prev == wakeup && rules_.defects.has(Defect::kValueTakenByCallback) &&
          at(prev).tempval.is_error())
        claim(prev);
      next = wakeup;
    } else {
      if (rules_.defects.has(Defect::kDeadlockDropsValue)) claim(wakeup);
      at(prev).tempval = Value::error(ErrorCode::kDeadlock);
      next = prev;
    }
  }
  if (prev != next) {
    const Value refused = refusal();
    if (refused.is_error()) {
      come_back(prev);
      if (dying != kNobody) co_await release(dying);
      if (was_refused != nullptr) *was_refused = true;
      co_return refused;
    }
  }
  if (at(next).astray) co_await halt();  // The real run queue would go on in a channel's.
  make_runnable(next);
  if (held != kNobody) ++at(held).references;
  if (at(prev).pending_irq) next = divert_switch(prev, next, no_soft_irq);
  if (prev == next) {
    make_head(next);
    const Value value = claim(prev);
    if (held != kNobody) co_await release(held);
    if (dying != kNobody) co_await release(dying);
    co_return value;
  }

  co_await tell_schedule_callback(prev, next);
  if (!limit_.total) restart_slice();
  make_head(next);
  Tasklet& leaver = at(prev);
  const std::int32_t nesting = nesting_;
  leaver.nesting = soft && nesting == 0 ? 0 : nesting + 1;
  if (leaver.state == Tasklet::State::kRunning) leaver.state = Tasklet::State::kSuspended;
  // Who has bound it to another thread meanwhile has done so in vain.
  if (leaver.nesting == 0) leaver.thread = number_;
  drop_stack(prev);
  if (leaver.nesting > 0 || number_ != 0) keep_stack(prev);
  if (leaver.nesting == 0 && number_ != 0 && !has_stack(next)) keep_stack(next);
  current_ = next;
  del_post_switch_ = dying;
  if (leaver.blocked != 0 && leaver.channel == kTemporary && leaver.nesting == 0) {
    // Nobody but its operation held the channel, and a soft switch leaves no operation behind.
    stop_waiting(prev);
    del_post_switch_ = prev;
  }
  Tasklet& arriver = at(next);
  const bool fresh = arriver.state == Tasklet::State::kNew;
  nesting_ = fresh ? 0 : arriver.nesting;
  arriver.state = Tasklet::State::kRunning;
  co_await Switch{*this, leaver.point, fresh ? life(next).start(*this) : arriver.point};
  // Resumed.
  const Value value = co_await arrive(prev);
  nesting_ = nesting;
  if (held != kNobody) co_await release(held);
  co_return value;
}

// Its switch was refused only after it had left the run queue, because the thread had slept.
void Specification::come_back(Id tasklet) {
  if (at(tasklet).queued) return;
  make_runnable(tasklet);
  make_head(tasklet);
}

// The first thing that a tasklet does which was switched to. Its value is out of harm's way before
// anything dies.
Routine<Value> Specification::arrive(Id tasklet) {
  const Value value = claim(tasklet);
  if (del_post_switch_ != kNobody) co_await release(std::exchange(del_post_switch_, kNobody));
  co_return value;
}

// The callback sees `prev` as the current tasklet.
Routine<Value> Specification::tell_schedule_callback(Id prev, Id next) {
  if (!schedule_callback_.installed || callback_running_) co_return Value{};
  log(EventKind::kScheduleCallback, {number_of(prev), number_of(next)});
  if (schedule_callback_.function < 0) co_return Value{};
  callback_running_ = in_schedule_callback_ = true;
  ++at(next).references;
  const Id outer = std::exchange(switching_to_, next);
  ++at(prev).references;
  co_await callback(schedule_callback_.function);  // What it raises is printed, which nobody sees.
  switching_to_ = outer;
  callback_running_ = in_schedule_callback_ = false;
  const Tasklet& caller = at(prev);
  if (caller.references == 1 && !caller.queued && caller.blocked == 0 &&
      caller.state != Tasklet::State::kEnded) {
    append(prev);  // Another thread has taken it out of everything, in the middle of its switch.
  } else {
    co_await release(prev);
  }
  // It may have taken the very tasklet out of the run queue that is about to run.
  if (at(next).queued) {
    co_await release(next);
  } else {
    append(next);
  }
  co_return Value{};
}

// The common part of all operations that switch without a channel. The current tasklet may be in
// the middle of another operation, whose callback this is: what waits in its tempval stays there.
// In 3.7.5 it is put down where the operation has a result of its own (`puts_none`), unless the
// switch is refused, and is taken for its result where not.
Routine<Value> Specification::give_way(Id next, bool soft, Id dying, bool puts_none) {
  const Id self = current_;
  const bool taken = rules_.defects.has(Defect::kValueTakenByCallback);
  const Value waiting = taken && !puts_none ? Value{} : claim(self);
  bool refused = false;
  const Value value = co_await switch_tasks(self, next, soft, dying, false, &refused);
  if (!taken || (puts_none && refused)) at(self).tempval = waiting;
  co_return value;
}

Routine<Value> Specification::schedule() {
  const Id self = current_;
  if (queue_.size() == 1 && at(self).queued)
    co_return co_await give_way(self, softly(), kNobody, /*puts_none=*/true);
  const Value refused = refusal();
  if (refused.is_error()) co_return refused;
  ++at(self).references;
  co_return co_await give_way(at(self).queued ? queue_[1] : kNobody, softly(), self,
                              /*puts_none=*/true);
}

Routine<Value> Specification::schedule_remove() {
  const Id self = current_;
  if (leaving_would_switch()) {
    const Value refused = refusal();
    if (refused.is_error()) co_return refused;
  }
  take_out(self);
  co_return co_await give_way(queue_.empty() ? kNobody : queue_.front(), softly(), self,
                              /*puts_none=*/true);
}

Routine<Value> Specification::run_tasklet(Id tasklet) {
  if (elsewhere(tasklet)) co_return run_elsewhere(tasklet);
  if (at(tasklet).blocked != 0) co_return Value::error(ErrorCode::kRunBlocked);
  if (!at(tasklet).alive()) co_return Value::error(ErrorCode::kRunDead);
  if (tasklet == current_)
    co_return rules_.defects.has(Defect::kValueTakenByCallback) ? claim(tasklet) : Value{};
  const Value refused = refusal();
  if (refused.is_error()) co_return refused;
  co_return co_await give_way(tasklet, softly(), kNobody);
}

Routine<Value> Specification::switch_to(Id tasklet) {
  const Id self = current_;
  if (elsewhere(tasklet)) {
    co_return Value::error(at(tasklet).thread == kNobody ? ErrorCode::kNoThread
                                                         : ErrorCode::kSwitchThread);
  }
  if (at(tasklet).blocked != 0) co_return Value::error(ErrorCode::kRunBlocked);
  if (!at(tasklet).alive()) co_return Value::error(ErrorCode::kRunDead);
  if (tasklet == self && !at(self).queued) co_return Value{};
  const Value refused = tasklet == self ? Value{} : refusal();
  if (refused.is_error()) co_return refused;
  take_out(self);  // To itself it comes back at once, unless an interrupt is due.
  co_return co_await give_way(tasklet, softly(), self);
}

}  // namespace reweave::runtime::specification
