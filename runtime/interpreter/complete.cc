// How an operation is completed when its switch, if any, is over. Those that send and receive are
// in exchange.cc.
#include "runtime/interpreter/locals.h"
#include "runtime/life/generator_object.h"
#include "runtime/tasklet/frame_cache.h"

namespace reweave::runtime {

// `value` is the operation's result, or null and an exception. Returns what it comes to, or kAgain.
Object* Interpreter::complete(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (op.code == OpCode::kAsync) return called_async(locals, frame, value);
  if (op.code == OpCode::kForeach) return looped(op, locals, value);
  if (locals.held != nullptr) value = let_go(op, locals, value);
  switch (op.code) {
    case OpCode::kAtomic:
    case OpCode::kIgnnest:
      if (value != nullptr) {
        thread().log(op.code == OpCode::kAtomic ? EventKind::kAtomic : EventKind::kIgnoreNesting,
                     {static_cast<std::int32_t>(locals.token)});
      }
      return value;
    case OpCode::kRunto:
      runto_returned_ = true;
      return ran(op, value);
    case OpCode::kRunall:
      return ran(op, value);
    case OpCode::kBurn:
      if (value == nullptr || locals.token == 0) return value;
      break;
    case OpCode::kAsyncstop:
      if (value == nullptr || pool_.has_stopped()) return value;
      break;
    case OpCode::kSpin:
    case OpCode::kSpinsched:
      if (value == nullptr || !spins_on(op, locals.turn + 1)) return value;
      break;
    default:
      return exchanged(op, locals, frame, value);
  }
  ++locals.turn;
  thread().release(value);
  return kAgain;
}

// The operation holds something no longer, which it may have to tell of before.
Object* Interpreter::let_go(const Op& op, Locals& locals, Object* value) {
  Object* const held = locals.held;
  if (op.code == OpCode::kTatomic && value != nullptr) {
    thread().log(EventKind::kTaskletAtomic,
                 {static_cast<std::int32_t>(static_cast<const Tasklet*>(held)->number),
                  static_cast<std::int32_t>(locals.token)});
  }
  if (op.code == OpCode::kNext && held->kind == ObjectKind::kGenerator)
    value = log_next(*static_cast<const GeneratorObject*>(held), value);
  locals.held = nullptr;
  thread().release(held);
  return value;
}

// What run() returned: None, or the tasklet that was interrupted.
Object* Interpreter::ran(const Op& op, Object* value) {
  if (value == nullptr) return nullptr;
  const bool interrupted = value->kind == ObjectKind::kTasklet;
  auto* const victim = interrupted ? static_cast<Tasklet*>(value) : nullptr;
  thread().log(EventKind::kRan, {interrupted ? static_cast<std::int32_t>(victim->number) : -1});
  if (op.code == OpCode::kRunto && op.args[2] >= 0)
    store(op.args[2], interrupted ? retain(victim) : nullptr);
  return value;
}

Object* Interpreter::bind_again(const Op& op, Tasklet* tasklet) {
  // The recorded programs leave main alone, because of the very defect.
  // Of a thread that has ended it is no main any more.
  if (tasklet->is_main && tasklet->thread != nullptr &&
      !thread().settings().defects.has(Defect::kBindDestroysMain))
    return thread().none();
  Code* const code =
      op.code == OpCode::kUnbind ? nullptr : &bodies_[static_cast<std::size_t>(op.args[1])].code;
  Code* const bound_before = tasklet->bound;
  if (op.code != OpCode::kSetupNobind) {
    Object* const bound = thread().rebind(tasklet, code, op.code == OpCode::kRebind);
    if (bound == nullptr || op.code == OpCode::kUnbind) return bound;
    thread().release(bound);
  }
  if (op.code == OpCode::kRebind) {
    if (tasklet->thread == nullptr) {
      tasklet->bound = bound_before;
      return thread().raise_runtime_error(ErrorCode::kNoThread);
    }
    tasklet->frame = make_root_frame(thread(), *code);
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
