// run(), its time limit, and the operations that do nothing but take time.
//
// A tick is one operation, or one turn of a loop. A tasklet that ran for longer than its slice is
// interrupted: the one that set the limit resumes, and its run() returns the victim. Where that is
// not allowed, the interrupt stays pending.
#include <algorithm>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

namespace {
constexpr std::int32_t kSlicesMax = 3, kSpinschedTurnsMax = 100'000, kTurnsPerStep = 64;
}

// run(): the others run until none is runnable, or until the limit. Always a hard switch.
Routine<Value> Specification::run_others(RunLimit limit) {
  const Id self = current_;
  if (watchdogs_.size() == kWatchdogsMax) co_return Value::error(ErrorCode::kNesting);
  const bool sets_limit = limit.ticks > 0 && limit_owner_ == kNobody;
  const Value refused = !me().queued || queue_.size() > 1 ? refusal() : Value{};
  if (refused.is_error()) {
    const bool stays_armed = me().queued && rules_.defects.has(Defect::kFailedRunStaysArmed);
    if (sets_limit && stays_armed) set_limit(limit);
    co_return refused;
  }
  if (sets_limit) {
    set_limit(limit);
    limit_owner_ = self;
    ++me().references;
  }
  watchdogs_.push_back(self);  // With the run queue's reference.
  take_out(self);
  const Id next = queue_.empty() ? kNobody : queue_.front();
  const Value value = co_await give_way(next, /*soft=*/false, kNobody);
  co_await leave_run(self);

  // The victim of an interrupt leaves the run queue, unless the interrupt was soft.
  const Id victim = std::exchange(interrupted_, kNobody);
  const bool stays = limit_.soft;
  if (sets_limit) {
    limit_ = {};
    watermark_ = kNever;
    co_await release(std::exchange(limit_owner_, kNobody));
  }
  if (victim == kNobody) co_return value;
  if (stays || value.is_error()) {
    co_await release(victim);
    co_return value;
  }
  if (at(victim).queued && victim != self) {
    take_out(victim);
    co_await release(victim);
  }
  co_return Value::tasklet(victim);  // With the reference that `interrupted_` had.
}

// Back from run(). Whoever woke this one left deeper ones inside theirs: they are runnable now. To
// give one up may run code that is in run() or leaves it.
Routine<Value> Specification::leave_run(Id tasklet) {
  bool found = false;
  while (!found && std::ranges::find(watchdogs_, tasklet) != watchdogs_.end()) {
    const Id innermost = watchdogs_.back();
    watchdogs_.pop_back();
    found = innermost == tasklet;
    if (!found && at(innermost).floating() && !elsewhere(innermost)) {
      append(innermost);
    } else {
      co_await release(innermost);
    }
  }
  co_return Value{};
}

void Specification::set_limit(const RunLimit& limit) {
  limit_ = limit;
  watermark_ = ticks_ + limit.ticks;
}

void Specification::restart_slice() {
  if (limited()) watermark_ = ticks_ + limit_.ticks;
}

bool Specification::nesting_allows_interrupt(const Tasklet& tasklet) const {
  return nesting_ == 0 || tasklet.ignore_nesting || limit_.ignore_nesting;
}

// The slice of the current tasklet is over.
Routine<Value> Specification::interrupt() {
  const Id victim = current_;
  restart_slice();
  if (victim == watchdog() || !limited()) co_return Value{};
  Tasklet& tasklet = at(victim);
  tasklet.pending_irq = limit_.soft || tasklet.atomic || callback_running_ || switch_trap_ > 0 ||
                        at(watchdog()).blocked != 0 || !nesting_allows_interrupt(tasklet);
  if (tasklet.pending_irq) co_return Value{};
  const Id earlier = std::exchange(interrupted_, victim);  // run() returns only the last one.
  ++tasklet.references;
  co_return co_await give_way(watchdog(), softly(), earlier);
}

// The reason why the current tasklet could not be interrupted is gone.
bool Specification::pending_irq_is_due() {
  return me().pending_irq && limited() && !limit_.soft && !me().atomic &&
         nesting_allows_interrupt(me());
}

// `prev`, which has a soft interrupt pending, switches by itself. The watchdog comes right before
// `next`; where this switch must not be diverted, the interrupt is `next`'s. Returns which runs.
Id Specification::divert_switch(Id prev, Id next, bool not_now) {
  const Id watcher = watchdog();
  if (!limit_.soft || watcher == prev || at(watcher).blocked != 0) return next;
  at(prev).pending_irq = false;
  if (not_now || switch_trap_ > 0 || in_schedule_callback_ || !nesting_allows_interrupt(at(prev))) {
    at(next).pending_irq = true;
    return next;
  }
  if (interrupted_ != kNobody) return next;
  interrupted_ = next;
  ++at(next).references;
  if (!at(watcher).queued) {
    ++at(watcher).references;
    at(watcher).queued = true;
    const auto place = std::find(queue_.begin(), queue_.end(), next);
    queue_.insert(place == queue_.begin() ? queue_.end() : place, watcher);  // It is a ring.
  }
  return watcher;
}

// The current tasklet works for `ticks`, interrupted whenever its slice is over.
Routine<Value> Specification::burn(std::uint32_t ticks, bool one_slice) {
  do {
    if (!limited() || watermark_ + 1 - ticks_ > ticks) {
      ticks_ += ticks;
      co_return Value{};
    }
    const std::uint64_t slice = watermark_ + 1 - ticks_;
    ticks_ += slice;
    ticks -= static_cast<std::uint32_t>(slice);
    const Value raised = co_await interrupt();
    if (raised.is_error()) co_return raised;
  } while (ticks > 0 && !one_slice);
  co_return Value{};
}

// spin, hspin: until some `runto` has returned; one that could never end gives up.
Routine<Value> Specification::spin() {
  for (std::int32_t turn = 0; turn < kSlicesMax && limited() && !runto_returned_; ++turn) {
    const auto slice = static_cast<std::uint32_t>(watermark_ + 1 - ticks_);
    const Value raised = co_await burn(slice, /*one_slice=*/true);
    if (raised.is_error()) co_return raised;
  }
  co_return Value{};
}

// The same, calling schedule() in every other turn. Others see how often it switches, so that it
// takes one tick a turn where there are others.
Routine<Value> Specification::spin_scheduling() {
  for (std::int32_t turn = 0; turn < kSpinschedTurnsMax && !runto_returned_; ++turn) {
    if (!limited() && queue_.size() <= 1) break;
    if (turn % kTurnsPerStep == kTurnsPerStep - 1 && !take_step()) co_await halt();
    Value raised;
    if (turn % 2 == 1) {
      raised = co_await schedule();
    } else {
      const std::uint64_t slice = limited() ? watermark_ + 1 - ticks_ : 0;
      const std::uint64_t ticks = queue_.size() > 1 ? std::min<std::uint64_t>(slice, 1) : slice;
      raised = co_await burn(static_cast<std::uint32_t>(ticks), /*one_slice=*/true);
    }
    if (raised.is_error()) co_return raised;
  }
  co_return Value{};
}

}  // namespace reweave::runtime::specification
