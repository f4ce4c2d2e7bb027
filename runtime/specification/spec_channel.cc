// Sending and receiving: one rule for both directions.
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

namespace {
const Channel kEmpty;
}

// `direction`: 1 sends `value`, -1 receives. Returns what it comes to; an operation that fails has
// changed nothing.
Routine<Value> Specification::channel_action(Id number, int direction, Value value) {
  const Id self = current_;
  const bool soft = softly();  // The callback may change it for those after this one.
  // Not None only in the callback of another operation, whose value it is.
  const Value waiting = std::exchange(at(self).tempval, value);
  const Channel& ch = number == kTemporary ? kEmpty : channel(number);
  const auto peer_waits = [&ch, direction] {
    return direction > 0 ? ch.balance < 0 : ch.balance > 0;
  };
  if (channel_callback_.installed && callback_running_) {
    if (!rules_.defects.has(Defect::kRefusedSendReplaces)) at(self).tempval = waiting;
    co_return Value::error(ErrorCode::kRecursiveChannelCallback);
  }
  // Between threads the callback comes after the action, else before it. Whether a peer waits is
  // looked at again after the callback, which may have let others come or go; in 3.7.5 it is not.
  bool peer = peer_waits();
  const bool told = !peer || !elsewhere(ch.waiting.front());
  if (told) co_await tell_channel_callback(number, direction, !peer);
  if (!rules_.defects.has(Defect::kPeerLookedUpEarly)) peer = peer_waits();
  if (peer && ch.waiting.empty()) co_await halt();  // There the real thing crashes.
  // What the current tasklet held before, here as the callback of another operation of its own.
  const Value kept = rules_.defects.has(Defect::kValueTakenByCallback) ? Value{} : waiting;

  // In the schedule callback of a tasklet that has left the run queue: it cannot go on.
  const bool leaving = !at(self).queued;
  if (peer && !leaving && elsewhere(ch.waiting.front())) {
    // It becomes runnable there, and the current one continues.
    const Id other = ch.waiting.front();
    Value result = Value::error(ErrorCode::kNoThread);
    if (at(other).thread != kNobody) {
      stop_waiting(other);
      std::swap(at(self).tempval, at(other).tempval);
      append(other);
      wake(other);
      result = claim(self);
      if (!told) co_await tell_channel_callback(number, direction, /*will_block=*/false);
      at(self).tempval = kept;
    } else {
      at(self).tempval = waiting;
    }
    co_return result;
  }
  const bool hands_over = peer && !ch.schedule_all && ch.preference != -direction;
  const bool switches = peer ? !hands_over : leaving_would_switch();
  Value refused = switches ? refusal() : Value{};
  if (leaving) refused = Value::error(ErrorCode::kRecursiveScheduleCallback);
  if (!peer && ch.closing) refused = Value::error(ErrorCode::kClosed, ExceptionType::kValueError);
  if (!peer && at(self).block_trap) refused = Value::error(ErrorCode::kBlockTrap);
  if (refused.is_error()) {
    at(self).tempval = waiting;
    co_return refused;
  }

  Id next = self;
  if (peer) {
    const Id other = ch.waiting.front();
    stop_waiting(other);
    std::swap(at(self).tempval, at(other).tempval);
    append(other);
    if (ch.schedule_all) {
      next = queue_[1];
    } else if (!hands_over) {
      // It runs at once; the current one, which stays first in the ring, becomes the last.
      queue_.pop_back();
      queue_.insert(queue_.begin() + 1, other);
      next = other;
    }
  } else {
    take_out(self);
    wait_on(number, self, direction);
    // Where its own switch is refused it does not stay there.
    if (direction > 0 && !refusal().is_error()) wake_selectors(number);
    next = queue_.empty() ? kNobody : queue_.front();
  }
  // Where the program says which tasklet runs, no pending interrupt interferes.
  const bool no_soft_irq = peer && !ch.schedule_all;
  bool back = false;
  const Value result = co_await switch_tasks(self, next, soft, kNobody, no_soft_irq, &back);
  at(self).tempval = back ? waiting : kept;
  co_return result;
}

Routine<Value> Specification::tell_channel_callback(Id number, int direction, bool will_block) {
  if (!channel_callback_.installed) co_return Value{};
  log(EventKind::kChannelCallback,
      {shown(number), number_of(current_), direction > 0 ? 1 : 0, will_block ? 1 : 0});
  if (channel_callback_.function < 0) co_return Value{};
  const Id self = current_;
  callback_running_ = true;
  ++at(self).references;  // One of its arguments.
  const Value error = co_await callback(channel_callback_.function);
  if (error.is_error()) log_error(EventKind::kCaught, error);
  callback_running_ = false;
  co_return co_await release(self);
}

}  // namespace reweave::runtime::specification
