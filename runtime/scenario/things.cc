// Operations on things: cells, functions, generators, records and weak references, or on any object
// in a slot.
#include "runtime/scenario/locals.h"

namespace reweave::runtime {

// `object` is held by the operation.
Object* Interpreter::perform_on_object(const Op& op, Locals&, Object* object) {
  const std::int32_t b = op.args[1];
  switch (op.code) {
    case OpCode::kWeakref:
      return thread().add_weakref(object, &bodies_[static_cast<std::size_t>(b)].code);
    case OpCode::kSetcell: {
      if (!holds_one(object->kind)) break;
      Object* const content = in_slot(b);
      thread().set_cell(static_cast<Cell*>(object), content == nullptr ? nullptr : retain(content));
      break;
    }
    case OpCode::kGetcell:
      if (holds_one(object->kind)) store(b, thread().cell_content(static_cast<Cell*>(object)));
      break;
    default:
      CHECK_MSG(false, "an operation of the table has no case in the interpreter");
  }
  return thread().none();
}

}  // namespace reweave::runtime
