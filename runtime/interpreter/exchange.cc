// Operations that send and receive: on a channel of the scenario or one that only the operation
// holds, a sequence, a loop over a channel, and call_async (scenario_call_async.cc). What becomes
// of each value is the ledger's affair, inside send() and receive().
#include "runtime/interpreter/locals.h"
#include "runtime/tasklet/channel.h"

namespace reweave::runtime {

Object* Interpreter::exchange(const Op& op, Locals& locals, Frame& frame) {
  switch (op.code) {
    case OpCode::kSend: {
      Token* const token = thread().make_token();
      if (token == nullptr) return nullptr;
      locals.token = thread().ledger().draw(*token);
      thread().log(EventKind::kSend, {op.args[0], static_cast<std::int32_t>(token->number)});
      return send_or_keep(op.args[0], token, frame.site);
    }
    case OpCode::kSendx: {
      Bomb* const bomb = thread().make_bomb(static_cast<ExceptionType>(op.args[1]));
      if (bomb == nullptr) return nullptr;
      locals.token = thread().ledger().draw(*bomb);
      thread().log(EventKind::kSendx,
                   {op.args[0], op.args[1], static_cast<std::int32_t>(bomb->number)});
      return send_or_keep(op.args[0], bomb, frame.site);
    }
    case OpCode::kRecv:
      open_reception(thread(), locals.reception);
      return take_from(op.args[0]);
    case OpCode::kTrysend:
    case OpCode::kTryrecv:
    case OpCode::kBuffer:
    case OpCode::kRecvt:
    case OpCode::kNap:
    case OpCode::kSelect:
      return exchange_beyond(op, locals, frame);
    case OpCode::kRecvtmp:
    case OpCode::kSendtmp:
      return use_temporary_channel(op, locals, frame);
    case OpCode::kSendseq:
      return send_next(op, locals, frame);
    case OpCode::kIter:
      return iterate(op, locals);
    case OpCode::kAsync:
      return call_async(op, locals, frame);
    case OpCode::kAsyncstop:
      return stop_pool(locals);
    default:
      return perform_on_channel(op, locals, frame);
  }
}

// The switch of one of them is over.
Object* Interpreter::exchanged(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (op.code == OpCode::kIter) return iterated(op, locals, frame, value);
  if (op_info(op.code).topic == Topic::kBeyond) return exchanged_beyond(op, locals, frame, value);
  if (op.code == OpCode::kRecv || op.code == OpCode::kRecvtmp)
    close_reception(thread(), locals.reception, frame.site, value);
  if (value == nullptr) return nullptr;
  const auto sent = static_cast<std::int32_t>(locals.token);
  switch (op.code) {
    case OpCode::kRecv:
      thread().log(EventKind::kGot, {op.args[0], number_of(*value)});
      break;
    case OpCode::kRecvtmp:
      thread().log(EventKind::kGot, {-1, number_of(*value)});
      break;
    case OpCode::kSend:
      thread().log(EventKind::kSent, {op.args[0], sent});
      break;
    case OpCode::kSendtmp:
      thread().log(EventKind::kSent, {-1, sent});
      break;
    case OpCode::kSendx:
      thread().log(EventKind::kSentx, {op.args[0], sent});
      break;
    case OpCode::kSendseq:
      if (++locals.turn < static_cast<std::uint32_t>(op.args[1])) {
        thread().release(value);
        return kAgain;
      }
      thread().log(EventKind::kSentSequence, {op.args[0], op.args[1]});
      break;
    default:
      break;
  }
  return value;
}

// A channel that only this operation holds: its reference goes as soon as the C stack unwinds.
Object* Interpreter::use_temporary_channel(const Op& op, Locals& locals, Frame& frame) {
  Object* value;
  if (op.code == OpCode::kRecvtmp) open_reception(thread(), locals.reception);
  Channel* const channel = thread().make_channel(Channel::kUnnamed);
  if (channel == nullptr) return nullptr;
  if (op.code == OpCode::kRecvtmp) {
    value = take(thread(), channel, soft());
  } else {
    Token* const token = thread().make_token();
    if (token == nullptr) {
      thread().release(channel);
      return nullptr;
    }
    locals.token = thread().ledger().draw(*token);
    thread().log(EventKind::kSend, {-1, static_cast<std::int32_t>(token->number)});
    value = send(thread(), channel, token, frame.site, soft());
  }
  thread().release(channel);
  return value;
}

// One value of a send_sequence. Their numbers are drawn together, before the first is sent.
Object* Interpreter::send_next(const Op& op, Locals& locals, Frame& frame) {
  const std::int32_t count = op.args[1];
  if (locals.turn == 0) {
    locals.token = thread().ledger().reserve(static_cast<std::uint32_t>(count));
    thread().log(EventKind::kSendSequence,
                 {op.args[0], static_cast<std::int32_t>(locals.token), count});
    if (count == 0) return thread().none();
  }
  Token* const token = thread().make_token();
  if (token == nullptr) return nullptr;
  token->number = locals.token + locals.turn;
  return send_or_keep(op.args[0], token, frame.site);
}

// One turn of a for loop over a channel.
Object* Interpreter::iterate(const Op& op, Locals& locals) {
  Channel* const at = channel(op.args[0]);
  const Buffer* const buffer = buffer_of(op.args[0]);
  if (at->closing && at->balance <= 0 && (buffer == nullptr || buffer->values.empty()))
    return thread().raise(thread().make_error(ExceptionType::kStopIteration));
  open_reception(thread(), locals.reception);
  locals.receiving = true;
  return take_from(op.args[0]);
}

Object* Interpreter::iterated(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (locals.receiving) {
    close_reception(thread(), locals.reception, frame.site, value);
    locals.receiving = false;
  }
  if (value == nullptr) {
    if (thread().error()->type != ExceptionType::kStopIteration) return nullptr;
    thread().release(thread().take_error());
    value = thread().none();
  } else {
    thread().log(EventKind::kIterated, {op.args[0], number_of(*value)});
    if (++locals.turn < static_cast<std::uint32_t>(op.args[1])) {
      thread().release(value);
      return kAgain;
    }
  }
  thread().log(EventKind::kIterationEnd, {op.args[0], static_cast<std::int32_t>(locals.turn)});
  return value;
}

}  // namespace reweave::runtime
