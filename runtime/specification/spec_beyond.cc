// What the real thing does not have: waits that something else ends, too, and channels that keep
// values.
#include <algorithm>
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// ---- A time that is over, or a value on another channel, ends a wait ----

Specification::EarlyEnd Specification::begin_early_end(std::uint64_t until, std::uint64_t selects) {
  const EarlyEnd outer{me().timer, me().selects, me().timed_out};
  me().timer = until == kNever ? 0 : ++tasklet_timers_made_;
  me().selects = selects;
  me().timed_out = false;
  if (until != kNever) tasklet_timers_.push_back({until, current_, me().timer});
  return outer;
}

// True: its time was over.
bool Specification::end_early_end(Id id, const EarlyEnd& outer) {
  Tasklet& tasklet = at(id);
  const bool timed_out = tasklet.timed_out;
  std::erase_if(tasklet_timers_, [serial = tasklet.timer](const TaskletTimer& timer) {
    return timer.serial == serial;
  });
  tasklet.timer = outer.timer;
  tasklet.selects = outer.selects;
  tasklet.timed_out = outer.timed_out;
  return timed_out;
}

// Of the running thread's tasklets that wait for a time the one whose time is over first.
Id Specification::first_timed(std::uint64_t& due) const {
  Id first = kNobody;
  for (const TaskletTimer& timer : tasklet_timers_) {
    const Tasklet& tasklet = at(timer.tasklet);
    if (tasklet.state == Tasklet::State::kDestroyed || tasklet.dying) continue;
    if (tasklet.thread != number_ || tasklet.blocked == 0 || tasklet.timer != timer.serial)
      continue;
    if (first != kNobody && timer.due >= due) continue;
    first = timer.tasklet;
    due = timer.due;
  }
  return first;
}

void Specification::end_wait(Id tasklet) {
  stop_waiting(tasklet);
  append(tasklet);
  wake(tasklet);
}

bool Specification::awaits_timer() const {
  std::uint64_t due = 0;
  return first_timed(due) != kNobody;
}

// Nothing of this thread can run, and one of its tasklets waits for a time.
Routine<Value> Specification::await_timer() {
  std::uint64_t due = 0;
  first_timed(due);
  if (due > now_) {
    const auto later = [due](const Timer& timer) { return timer.due > due; };
    timers_.insert(std::find_if(timers_.begin(), timers_.end(), later), Timer{due, number_});
    co_await fall_asleep();
    std::erase_if(timers_, [this](const Timer& timer) { return timer.thread == number_; });
  }
  if (!queue_.empty()) co_return Value{};
  const Id first = first_timed(due);
  if (first == kNobody || due > now_) co_return Value{};
  at(first).timed_out = true;
  end_wait(first);
  co_return Value{};
}

void Specification::wake_selectors(Id number) {
  if (waiting_room_ == kNobody) return;  // That is where they wait.
  if (number < 0 || number >= 64 || is_private(number)) return;
  for (Id id = 0; id < static_cast<Id>(tasklet_count_); ++id) {
    const Tasklet& tasklet = at(id);
    if (tasklet.state == Tasklet::State::kDestroyed || tasklet.dying) continue;
    if (tasklet.blocked == 0 || tasklet.thread == kNobody) continue;
    if ((tasklet.selects >> number & 1) != 0) end_wait(id);
  }
}

Id Specification::waiting_room() {
  if (waiting_room_ == kNobody) waiting_room_ = new_channel();
  return waiting_room_;
}

Routine<Value> Specification::nap(std::uint64_t until) {
  const Id self = current_;
  const EarlyEnd outer = begin_early_end(until, 0);
  const Value result = co_await channel_action(waiting_room(), -1, Value{});
  end_early_end(self, outer);
  co_return result;
}

Routine<Value> Specification::receive_until(Id from, std::uint64_t until) {
  const Id self = current_;
  const EarlyEnd outer = begin_early_end(until, 0);
  const Value result = co_await take(from);
  const bool timed_out = end_early_end(self, outer);
  if (result.is_error()) co_return result;
  say(!timed_out);
  if (timed_out)
    log(EventKind::kTimeout, {from});
  else
    log(EventKind::kGot, {from, static_cast<std::int32_t>(result.number)});
  co_return Value{};
}

Routine<Value> Specification::select(Id one, Id other) {
  const Id self = current_;
  while (!can_receive(one) && !can_receive(other)) {
    const EarlyEnd outer =
        begin_early_end(kNever, std::uint64_t{1} << one | std::uint64_t{1} << other);
    const Value woken = co_await channel_action(waiting_room(), -1, Value{});
    end_early_end(self, outer);
    if (woken.is_error()) co_return woken;
  }
  const bool first = can_receive(one);
  const Id from = first ? one : other;
  const Value result = co_await take(from);
  if (result.is_error()) co_return result;
  say(!first);
  log(EventKind::kGot, {from, static_cast<std::int32_t>(result.number)});
  co_return Value{};
}

// ---- Channels that keep values ----

bool Specification::can_send(Id number) {
  return channel(number).balance < 0 || channel(number).has_room();
}

bool Specification::can_receive(Id number) {
  return channel(number).balance > 0 || !channel(number).kept.empty();
}

// The first sender who waits puts his value in, and goes on. False: there is none.
bool Specification::relieve_sender(Id number) {
  Channel& from = channel(number);
  if (!from.has_room() || from.balance <= 0) return false;
  const Id sender = from.waiting.front();
  if (at(sender).thread == kNobody) return false;
  stop_waiting(sender);
  from.kept.push_back(claim(sender));
  append(sender);
  wake(sender);
  return true;
}

void Specification::set_buffer(Id number, std::int32_t most) {
  channel(number).keeps = static_cast<std::size_t>(most);
  while (relieve_sender(number)) {
  }
}

// What is sent goes into the buffer, or to a receiver. Plain functions, as in operation.cc.
Routine<Value> Specification::pass(Id to, Value value) {
  const bool kept = to != kTemporary && channel(to).has_room() && channel(to).balance >= 0;
  return kept ? keep(to, value) : channel_action(to, 1, value);
}

Routine<Value> Specification::take(Id from) {
  const bool kept = from != kTemporary && !channel(from).kept.empty();
  return kept ? take_kept(from) : channel_action(from, -1, Value{});
}

Routine<Value> Specification::keep(Id to, Value value) {
  channel(to).kept.push_back(value);
  wake_selectors(to);
  co_return Value{};
}

Routine<Value> Specification::take_kept(Id from) {
  std::vector<Value>& kept = channel(from).kept;
  const Value value = kept.front();
  kept.erase(kept.begin());
  relieve_sender(from);
  co_return value;
}

Routine<Value> Specification::try_send(Id to) {
  if (!can_send(to)) {
    say(0);
    log(EventKind::kNotNow, {to});
    co_return Value{};
  }
  const Value result = co_await send(to);
  if (!result.is_error()) say(1);
  co_return result;
}

Routine<Value> Specification::try_receive(Id from) {
  if (!can_receive(from)) {
    say(0);
    log(EventKind::kNotNow, {from});
    co_return Value{};
  }
  const Value result = co_await receive(from);
  if (!result.is_error()) say(1);
  co_return result;
}

}  // namespace reweave::runtime::specification
