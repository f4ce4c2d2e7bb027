// How an operation is completed when its switch, if any, is over; and the operations that take
// several turns or steps.
#include "runtime/interpreter/locals.h"

namespace reweave::runtime {

// What an operation does when its switch, if any, is over. `value` is its result, or null and an
// exception.
Object* Interpreter::complete(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (op.code == OpCode::kAsync) return called_async(locals, frame, value);
  if (op.code == OpCode::kTatomic && value != nullptr && locals.held != nullptr) {
    const auto* const tasklet = static_cast<const Tasklet*>(locals.held);
    thread().log(EventKind::kTaskletAtomic, {static_cast<std::int32_t>(tasklet->number),
                                             static_cast<std::int32_t>(locals.token)});
  }
  if (op.code == OpCode::kNext && locals.held != nullptr &&
      locals.held->kind == ObjectKind::kGenerator)
    value = log_next(*static_cast<const GeneratorObject*>(locals.held), value);
  if (locals.held != nullptr) {
    Object* const held = locals.held;
    locals.held = nullptr;
    thread().release(held);
  }
  const bool temporary = op.code == OpCode::kRecvtmp || op.code == OpCode::kSendtmp;
  const std::int32_t channel = temporary ? -1 : op.args[0];
  switch (op.code) {
    case OpCode::kRecv:
    case OpCode::kRecvtmp:
      thread().ledger().received(value != nullptr ? *value : *thread().error(), *thread().current(),
                                 frame.site);
      thread().current()->expects = locals.expected;
      if (value != nullptr) {
        const bool token = value->kind == ObjectKind::kToken;
        thread().log(
            EventKind::kGot,
            {channel, token ? static_cast<std::int32_t>(static_cast<Token*>(value)->number) : 0});
      }
      break;
    case OpCode::kSend:
    case OpCode::kSendtmp:
      if (value != nullptr)
        thread().log(EventKind::kSent, {channel, static_cast<std::int32_t>(locals.token)});
      break;
    case OpCode::kSendx:
      if (value != nullptr)
        thread().log(EventKind::kSentx, {channel, static_cast<std::int32_t>(locals.token)});
      break;
    case OpCode::kSendseq:
      if (value == nullptr) break;
      if (++locals.turn < static_cast<std::uint32_t>(op.args[1])) {
        thread().release(value);
        return kAgain;
      }
      thread().log(EventKind::kSentSequence, {channel, op.args[1]});
      break;
    case OpCode::kIter:
      return iterated(op, locals, frame, value);
    case OpCode::kAtomic:
    case OpCode::kIgnnest:
      if (value != nullptr) {
        thread().log(op.code == OpCode::kAtomic ? EventKind::kAtomic : EventKind::kIgnoreNesting,
                     {static_cast<std::int32_t>(locals.token)});
      }
      break;
    case OpCode::kRunall:
    case OpCode::kRunto:
      if (op.code == OpCode::kRunto) runto_returned_ = true;
      if (value != nullptr) {
        const bool victim = value->kind == ObjectKind::kTasklet;
        auto* const tasklet = victim ? static_cast<Tasklet*>(value) : nullptr;
        thread().log(EventKind::kRan, {victim ? static_cast<std::int32_t>(tasklet->number) : -1});
        if (op.code == OpCode::kRunto && op.args[2] >= 0)
          store(op.args[2], victim ? retain(tasklet) : nullptr);
      }
      break;
    case OpCode::kBurn:
      if (value == nullptr || locals.token == 0) break;
      ++locals.turn;
      thread().release(value);
      return kAgain;
    case OpCode::kAsyncstop:
      ++locals.turn;
      if (value == nullptr || pool_.has_stopped()) break;
      thread().release(value);
      return kAgain;
    case OpCode::kSpin:
    case OpCode::kSpinsched:
      ++locals.turn;
      if (value == nullptr || !spins_on(op, locals.turn)) break;
      thread().release(value);
      return kAgain;
    default:
      break;
  }
  return value;
}

// A channel that only this operation holds: its reference goes as soon as the C stack unwinds.
Object* Interpreter::use_temporary_channel(const Op& op, Locals& locals, Frame& frame) {
  Object* value;
  if (op.code == OpCode::kRecvtmp) {
    locals.expected = thread().current()->expects;
    thread().current()->expects = 0;
  }
  Channel* const channel = thread().make_channel(static_cast<std::uint32_t>(-1));
  if (channel == nullptr) return nullptr;
  if (op.code == OpCode::kRecvtmp) {
    value = thread().receive(channel, soft());
  } else {
    Token* const token = thread().make_token();
    if (token == nullptr) {
      thread().release(channel);
      return nullptr;
    }
    thread().ledger().enter(*token, *thread().current(), frame.site);
    locals.token = token->number;
    thread().log(EventKind::kSend, {-1, static_cast<std::int32_t>(token->number)});
    value = thread().send(channel, token, soft());
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
  thread().ledger().enter(*token, *thread().current(), frame.site, locals.token + locals.turn);
  return thread().send(channel(op.args[0]), token, soft());
}

// One turn of a for loop over a channel.
Object* Interpreter::iterate(const Op& op, Locals& locals) {
  Channel* const at = channel(op.args[0]);
  if (at->closing && at->balance <= 0)
    return thread().raise(thread().make_error(ExceptionType::kStopIteration));
  Tasklet* const current = thread().current();
  locals.expected = current->expects;
  current->expects = 0;
  locals.receiving = true;
  return thread().receive(at, soft());
}

Object* Interpreter::iterated(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (locals.receiving) {
    thread().ledger().received(value != nullptr ? *value : *thread().error(), *thread().current(),
                               frame.site);
    thread().current()->expects = locals.expected;
    locals.receiving = false;
  }
  if (value == nullptr) {
    if (thread().error()->type != ExceptionType::kStopIteration) return nullptr;
    thread().release(thread().take_error());
    value = thread().none();
  } else {
    const bool token = value->kind == ObjectKind::kToken;
    thread().log(
        EventKind::kIterated,
        {op.args[0], token ? static_cast<std::int32_t>(static_cast<Token*>(value)->number) : 0});
    if (++locals.turn < static_cast<std::uint32_t>(op.args[1])) {
      thread().release(value);
      return kAgain;
    }
  }
  thread().log(EventKind::kIterationEnd, {op.args[0], static_cast<std::int32_t>(locals.turn)});
  return value;
}

Object* Interpreter::bind_again(const Op& op, Tasklet* tasklet) {
  // The recorded programs leave main alone, because of the very defect.
  if (tasklet->is_main && !thread().settings().defects.has(Defect::kBindDestroysMain))
    return thread().none();
  Code* const code =
      op.code == OpCode::kUnbind ? nullptr : &bodies_[static_cast<std::size_t>(op.args[1])].code;
  if (op.code != OpCode::kSetupNobind) {
    Object* const bound = thread().rebind(tasklet, code, op.code == OpCode::kRebind);
    if (bound == nullptr || op.code == OpCode::kUnbind) return bound;
    thread().release(bound);
  }
  if (op.code == OpCode::kRebind) {
    if (tasklet->thread == nullptr) return thread().raise_runtime_error(ErrorCode::kNoThread);
    tasklet->frame = thread().make_root_frame(*code);
    tasklet->bound = nullptr;
  } else {
    Object* const ready = thread().setup(tasklet);
    if (ready == nullptr) return nullptr;
    thread().release(ready);
  }
  tasklet->frame.frame->locals<Locals>().root = true;
  return thread().none();
}

}  // namespace reweave::runtime
