// Operations on dicts: the locals of the running tasklet, by number, and the dict of the program,
// whose keys are objects.
#include "runtime/interpreter/locals.h"
#include "runtime/life/dict_object.h"

namespace reweave::runtime {

// Locals. The running tasklet has a dict once something is stored in it.
Object* Interpreter::perform_on_locals(const Op& op) {
  Tasklet* const current = thread().current();
  switch (op.code) {
    case OpCode::kSetlocal: {
      Object* const value = in_slot(op.args[1]);
      if (value == nullptr) break;
      if (current->locals == nullptr) current->locals = make_dict(thread(), /*counts_keys=*/false);
      if (current->locals == nullptr) return nullptr;
      return dict_set(thread(), current->locals, local_key(op), retain(value));
    }
    case OpCode::kGetlocal: {
      DictObject* const dict = current->locals;
      store(op.args[1], dict == nullptr ? nullptr : dict_get(thread(), dict, local_key(op)));
      break;
    }
    case OpCode::kDellocal:
      if (current->locals != nullptr) dict_remove(thread(), current->locals, local_key(op));
      break;
    case OpCode::kClearlocals:
      if (current->locals != nullptr) dict_clear(thread(), current->locals);
      break;
    default: {
      const std::size_t used = current->locals == nullptr ? 0 : current->locals->dict().used();
      say(static_cast<std::int32_t>(used));
      thread().log(EventKind::kLocals, {static_cast<std::int32_t>(used)});
      break;
    }
  }
  return thread().none();
}

// The program's dict. The operation holds the key.
Object* Interpreter::perform_on_keys(const Op& op, Object* key) {
  const std::int32_t b = op.args[1];
  switch (op.code) {
    case OpCode::kSetkey: {
      Object* const value = in_slot(b);
      if (value == nullptr) break;
      if (keys_ == nullptr) keys_ = make_dict(thread(), /*counts_keys=*/true);
      if (keys_ == nullptr) return nullptr;
      return dict_set(thread(), keys_, DictKey::of(key), retain(value));
    }
    case OpCode::kGetkey:
      store(b, keys_ == nullptr ? nullptr : dict_get(thread(), keys_, DictKey::of(key)));
      break;
    case OpCode::kDelkey:
      if (keys_ != nullptr) dict_remove(thread(), keys_, DictKey::of(key));
      break;
    default:
      break;
  }
  return thread().none();
}

void Interpreter::clear_keys() {
  if (keys_ != nullptr) dict_clear(thread(), keys_);
}

}  // namespace reweave::runtime
