// Sending and receiving beyond what the real thing has: without waiting, for a time, on one of two
// channels, and through a buffer.
//
// A buffer stands in front of its channel: who sends while it has room goes on, and nobody is
// switched to nor told; who receives takes from it first, and lets the first sender who waits put
// his value in.
#include <utility>

#include "runtime/interpreter/locals.h"
#include "runtime/tasklet/channel.h"
#include "runtime/tasklet/waits.h"

namespace reweave::runtime {

// Nobody sends on it: who waits here is taken out of it again (tasklet/waits.cc).
Channel* Interpreter::waiting_room() {
  if (waiting_room_ == nullptr)
    waiting_room_ = thread().make_channel(Channel::kUnnamed, /*beforehand=*/true);
  return waiting_room_;
}

bool Interpreter::can_send(std::int32_t number) {
  const Buffer* const buffer = buffer_of(number);
  return channel(number)->balance < 0 || (buffer != nullptr && buffer->has_room());
}

bool Interpreter::can_receive(std::int32_t number) {
  const Buffer* const buffer = buffer_of(number);
  return channel(number)->balance > 0 || (buffer != nullptr && !buffer->values.empty());
}

// `value` is owned.
Object* Interpreter::send_or_keep(std::int32_t number, Object* value, SiteId site) {
  Channel* const to = channel(number);
  Buffer* const buffer = buffer_of(number);
  if (buffer == nullptr || !buffer->has_room() || to->balance < 0)
    return send(thread(), to, value, site, soft());
  thread().ledger().enter(*value, *thread().current(), site);
  buffer->values.push_back(value);
  wake_selectors(thread(), to->number);
  return thread().none();
}

Object* Interpreter::take_from(std::int32_t number) {
  Channel* const from = channel(number);
  Buffer* const buffer = buffer_of(number);
  if (buffer == nullptr || buffer->values.empty()) return take(thread(), from, soft());
  Object* const value = buffer->values.front();
  buffer->values.erase(buffer->values.begin());
  Object* const next = buffer->has_room() ? relieve_sender(thread(), from) : nullptr;
  if (next != nullptr) buffer->values.push_back(next);
  return take_kept(thread(), value);
}

void Interpreter::set_buffer(std::int32_t number, std::int32_t most) {
  if (buffers_.empty()) buffers_.resize(channels_.size());
  Buffer& buffer = buffers_[static_cast<std::size_t>(number)];
  buffer.most = static_cast<std::size_t>(most);
  while (buffer.has_room()) {
    Object* const value = relieve_sender(thread(), channel(number));
    if (value == nullptr) break;
    buffer.values.push_back(value);
  }
}

Object* Interpreter::exchange_beyond(const Op& op, Locals& locals, Frame& frame) {
  const std::int32_t a = op.args[0];
  const std::uint64_t now = thread().clock().now();
  switch (op.code) {
    case OpCode::kTrysend: {
      locals.receiving = false;
      if (!can_send(a)) break;
      Token* const token = thread().make_token();
      if (token == nullptr) return nullptr;
      locals.receiving = true;
      locals.token = thread().ledger().draw(*token);
      thread().log(EventKind::kSend, {a, static_cast<std::int32_t>(token->number)});
      return send_or_keep(a, token, frame.site);
    }
    case OpCode::kTryrecv:
      locals.receiving = can_receive(a);
      if (!locals.receiving) break;
      open_reception(thread(), locals.reception);
      return take_from(a);
    case OpCode::kRecvt:
      open_reception(thread(), locals.reception);
      begin_early_end(thread(), locals.outer, now + static_cast<std::uint64_t>(op.args[1]), 0);
      return take_from(a);
    case OpCode::kNap:
      thread().note(EventKind::kSleeps, {a});
      begin_early_end(thread(), locals.outer, now + static_cast<std::uint64_t>(a), 0);
      return take(thread(), waiting_room(), soft());
    case OpCode::kSelect:
      return select(op, locals);
    default:
      set_buffer(a, op.args[1]);
      break;
  }
  return thread().none();
}

// One look: receives where there is something, or waits until there may be.
Object* Interpreter::select(const Op& op, Locals& locals) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (!can_receive(op.args[i])) continue;
    locals.receiving = true;
    locals.token = static_cast<std::uint32_t>(i);
    open_reception(thread(), locals.reception);
    return take_from(op.args[i]);
  }
  locals.receiving = false;
  const std::uint64_t both = std::uint64_t{1} << op.args[0] | std::uint64_t{1} << op.args[1];
  thread().note(EventKind::kSelectAwaited, {op.args[0], op.args[1]});
  begin_early_end(thread(), locals.outer, Clock::kNever, both);
  return take(thread(), waiting_room(), soft());
}

Object* Interpreter::selected(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (!std::exchange(locals.receiving, false)) {
    (void)end_early_end(thread(), locals.outer);
    if (value == nullptr) return nullptr;
    thread().release(value);
    return kAgain;
  }
  close_reception(thread(), locals.reception, frame.site, value);
  if (value == nullptr) return nullptr;
  say(static_cast<std::int32_t>(locals.token));
  thread().log(EventKind::kGot, {op.args[locals.token], number_of(*value)});
  return value;
}

// The switch of one of them is over.
Object* Interpreter::exchanged_beyond(const Op& op, Locals& locals, Frame& frame, Object* value) {
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kTrysend:
      if (value == nullptr) return nullptr;
      say(locals.receiving);
      if (locals.receiving)
        thread().log(EventKind::kSent, {a, static_cast<std::int32_t>(locals.token)});
      else
        thread().log(EventKind::kNotNow, {a});
      return value;
    case OpCode::kTryrecv:
      if (locals.receiving) close_reception(thread(), locals.reception, frame.site, value);
      if (value == nullptr) return nullptr;
      say(locals.receiving);
      if (locals.receiving)
        thread().log(EventKind::kGot, {a, number_of(*value)});
      else
        thread().log(EventKind::kNotNow, {a});
      return value;
    case OpCode::kRecvt: {
      const bool timed_out = end_early_end(thread(), locals.outer) && value != nullptr;
      if (timed_out)
        drop_reception(thread(), locals.reception);
      else
        close_reception(thread(), locals.reception, frame.site, value);
      if (value == nullptr) return nullptr;
      say(!timed_out);
      if (timed_out)
        thread().log(EventKind::kTimeout, {a});
      else
        thread().log(EventKind::kGot, {a, number_of(*value)});
      return value;
    }
    case OpCode::kNap:
      (void)end_early_end(thread(), locals.outer);
      return value;
    case OpCode::kSelect:
      return selected(op, locals, frame, value);
    default:
      return value;
  }
}

}  // namespace reweave::runtime
