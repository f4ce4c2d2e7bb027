// Operations on things: cells, functions, generators, records and weak references, or on any object
// in a slot.
#include <utility>

#include "runtime/interpreter/locals.h"

#include "runtime/life/closure.h"
#include "runtime/life/generator_object.h"
#include "runtime/life/record.h"
#include "runtime/life/weakref.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/faults.h"
#include "runtime/tasklet/frame_cache.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

void Interpreter::log_object(EventKind kind, const Object* object) {
  if (object == nullptr) return thread().log(kind, {0, 0});
  const std::uint32_t number = object->kind == ObjectKind::kTasklet
                                   ? static_cast<const Tasklet*>(object)->number
                                   : static_cast<const Thing*>(object)->number;
  thread().log(kind, {static_cast<std::int32_t>(object->kind), static_cast<std::int32_t>(number)});
}

// Retained; null: it shares no variable.
Cell* Interpreter::cell_of(const FunctionObject& function) {
  if (function.closure == nullptr) return nullptr;
  return static_cast<Cell*>(retain(function.closure->items()[0]));
}

Object* Interpreter::make_closure(const Op& op) {
  Object* const shared = in_slot(op.args[2]);
  const bool has_cell = shared != nullptr && shared->kind == ObjectKind::kCell;
  Cell* const cell = has_cell ? static_cast<Cell*>(shared) : nullptr;
  FunctionObject* const function =
      make_function(thread(), code_of(op.args[0]), std::span(&cell, has_cell ? 1 : 0));
  if (function == nullptr) return nullptr;
  store(op.args[1], function);
  return thread().none();
}

Object* Interpreter::make_generator(const FunctionObject& function, std::int32_t slot) {
  if (lacks_memory(thread())) return nullptr;
  const FrameRef frame = make_root_frame(thread(), *function.code);
  auto& locals = frame.frame->locals<Locals>();
  locals.cell = cell_of(function);
  GeneratorObject* const generator = runtime::make_generator(thread(), frame);
  if (generator == nullptr) return nullptr;
  locals.generator = generator;
  store(slot, generator);
  return thread().none();
}

// What it yields is a value of its own, which no ledger follows: it never leaves the caller.
Object* Interpreter::yield(const Op& op, Locals& locals) {
  if (locals.generator == nullptr) return thread().none();
  Token* const word = thread().make_token();
  if (word == nullptr) return nullptr;
  word->payload = op.args[0];
  locals.held = word;
  // Only a defect frees a generator while it runs, as whoever resumed it would see next.
  if (locals.generator->dead) [[unlikely]]
    report_dangling_object(thread(), locals.generator, "resumed");
  locals.generator->yielded = true;
  return kYields;
}

// The end of a generator is no error for a program.
Object* Interpreter::log_next(const GeneratorObject& generator, Object* value) {
  const auto kind = static_cast<std::int32_t>(generator.kind);
  const auto number = static_cast<std::int32_t>(generator.number);
  if (value != nullptr) {
    const auto word = static_cast<std::int32_t>(static_cast<const Token*>(value)->payload);
    say(1);
    thread().log(EventKind::kYielded, {kind, number, word});
    return value;
  }
  if (thread().error()->type != ExceptionType::kStopIteration) return nullptr;
  thread().release(thread().take_error());
  say(0);
  thread().log(EventKind::kExhausted, {kind, number});
  return thread().none();
}

// One turn of a for loop over a generator. In a function that was entered hard it is a call
// through C.
Object* Interpreter::loop_over(GeneratorObject* generator, Locals& locals) {
  locals.looping = soft() && generator->is_ready();
  return locals.looping ? begin_soft_turn(thread(), generator) : next_value(thread(), generator);
}

Object* Interpreter::looped(const Op& op, Locals& locals, Object* value) {
  if (locals.held == nullptr) return value;  // The slot was empty.
  if (locals.held->kind != ObjectKind::kGenerator) return let_go(op, locals, value);
  auto* const generator = static_cast<GeneratorObject*>(locals.held);
  if (std::exchange(locals.looping, false)) value = end_soft_turn(thread(), generator, value);
  const bool yielded = value != nullptr;
  value = log_next(*generator, value);
  if (!yielded || ++locals.turn >= static_cast<std::uint32_t>(op.args[1]))
    return let_go(op, locals, value);
  thread().release(value);
  return kAgain;
}

// Operations that make things, or act on dicts, locks and time.
Object* Interpreter::perform_on_things(const Op& op, Locals& locals, Frame& frame) {
  switch (op.code) {
    case OpCode::kCell:
      return keep(op.args[0], make_cell(thread()));
    case OpCode::kRecord:
      return keep(op.args[0], make_record(thread()));
    case OpCode::kClosure:
      return make_closure(op);
    case OpCode::kFreevar:
      store(op.args[0], locals.cell == nullptr ? nullptr : retain(locals.cell));
      return thread().none();
    case OpCode::kSetlocal:
    case OpCode::kGetlocal:
    case OpCode::kDellocal:
    case OpCode::kClearlocals:
    case OpCode::kLocals:
      return perform_on_locals(op);
    case OpCode::kClearkeys:
      clear_keys();
      return thread().none();
    case OpCode::kLock:
    case OpCode::kTrylock:
    case OpCode::kUnlock:
    case OpCode::kPollwait:
    case OpCode::kWait:
    case OpCode::kNotify:
    case OpCode::kNotifyall:
    case OpCode::kSleep:
    case OpCode::kNow:
      return use_service(op, frame.site);
    default:
      return perform_on_content(op, locals);
  }
}

// `made` (owned; null: there was no memory for it) is in the slot from now on.
Object* Interpreter::keep(std::int32_t slot, Object* made) {
  if (made == nullptr) return nullptr;
  store(slot, made);
  return thread().none();
}

// `object` is held by the operation.
Object* Interpreter::perform_on_object(const Op& op, Object* object) {
  const std::int32_t b = op.args[1];
  switch (op.code) {
    case OpCode::kWeakref:
      return add_weakref(thread(), object, &code_of(b));
    case OpCode::kSetcell: {
      if (!holds_one(object->kind)) break;
      Object* const content = in_slot(b);
      set_cell(thread(), static_cast<Cell*>(object),
               content == nullptr ? nullptr : retain(content));
      break;
    }
    case OpCode::kGetcell:
      if (holds_one(object->kind)) store(b, cell_content(thread(), static_cast<Cell*>(object)));
      break;
    case OpCode::kCallobj: {
      if (object->kind != ObjectKind::kFunction) break;
      const auto& function = *static_cast<const FunctionObject*>(object);
      const FrameRef frame = make_frame(thread(), *function.code, function.code->entry);
      if (frame) frame.frame->locals<Locals>().cell = cell_of(function);
      return call_softly(thread(), frame, thread().none());
    }
    case OpCode::kGenerator:
      if (object->kind != ObjectKind::kFunction) break;
      return make_generator(*static_cast<const FunctionObject*>(object), b);
    case OpCode::kForeach:
      break;
    case OpCode::kNext:
      if (object->kind != ObjectKind::kGenerator) break;
      return next_value(thread(), static_cast<GeneratorObject*>(object));
    case OpCode::kRef: {
      Reference* const reference = make_reference(thread(), object);
      if (reference == nullptr) return nullptr;
      store(b, reference);
      break;
    }
    case OpCode::kDeref: {
      if (object->kind != ObjectKind::kReference) break;
      Object* const target = dereference(thread(), static_cast<const Reference*>(object));
      say(target != nullptr);
      log_object(EventKind::kDereferenced, target);
      if (b >= 0) {
        store(b, target);
      } else if (target != nullptr) {
        thread().release(target);
      }
      break;
    }
    case OpCode::kClearrefs:
      clear_weakrefs(thread(), object, b != 0);
      break;
    case OpCode::kSetkey:
    case OpCode::kGetkey:
    case OpCode::kDelkey:
      return perform_on_keys(op, object);
    default:
      CHECK_MSG(false, "an operation of the table has no case in the interpreter");
  }
  return thread().none();
}

}  // namespace reweave::runtime
