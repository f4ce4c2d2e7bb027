// Weak references to any object: with a callback, or as an object that yields its target. Both are
// for one life of the target, and cleared when that ends, or before.
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

Object* Thread::add_weakref(Object* object, Code* code) {
  if (lacks_memory()) return nullptr;
  auto* const weakref = heap_.make<WeakRef>(ObjectKind::kWeakRef);
  weakref->next = object->weakrefs;
  weakref->target_generation = object->generation;
  weakref->code = code;
  object->weakrefs = weakref;
  return none();
}

Reference* Thread::make_reference(Object* object) {
  if (lacks_memory() || lacks_memory()) return nullptr;
  auto* const reference = make_thing<Reference>(ObjectKind::kReference);
  reference->target = object;
  reference->target_generation = object->generation;
  auto* const weakref = heap_.make<WeakRef>(ObjectKind::kWeakRef);
  weakref->next = object->weakrefs;
  weakref->target_generation = object->generation;
  weakref->reference = reference;
  weakref->reference_generation = reference->generation;
  object->weakrefs = weakref;
  return reference;
}

Object* Thread::dereference(const Reference* reference) {
  Object* const target = reference->target;
  if (target == nullptr) return nullptr;
  if (target->dead || target->refs == 0 || target->generation != reference->target_generation)
    report_dangling_object(target, "dereferenced");
  return retain(target);
}

// A reference that died before its target has another generation by now.
void Thread::clear_references(Object* object) {
  for (const WeakRef* weakref = object->weakrefs; weakref != nullptr; weakref = weakref->next) {
    Reference* const reference = weakref->reference;
    if (reference == nullptr || reference->dead) continue;
    if (reference->generation == weakref->reference_generation) reference->target = nullptr;
  }
}

void Thread::clear_weakrefs(Object* object, bool calls) {
  if (calls) {
    call_weakrefs(object);
  } else {
    clear_references(object);
    object->weakrefs = nullptr;
  }
}

// All weak references are cleared before the first callback runs; newest first.
void Thread::call_weakrefs(Object* object) {
  if (object->weakrefs == nullptr) return;
  clear_references(object);
  const WeakRef* weakref = object->weakrefs;
  object->weakrefs = nullptr;
  const bool thing = is_thing(object->kind);
  const auto kind = static_cast<std::int32_t>(object->kind);
  const auto number = static_cast<std::int32_t>(thing ? static_cast<Thing*>(object)->number
                                                      : static_cast<Tasklet*>(object)->number);
  for (; weakref != nullptr; weakref = weakref->next) {
    if (weakref->code == nullptr) continue;
    if (weakref->target_generation != object->generation)
      report_dangling_object(object, "called-back");
    if (thing) {
      log(EventKind::kThingCallback, {kind, number});
      run_callback(*weakref->code);
      log(EventKind::kThingCallbackEnd, {kind, number});
    } else {
      log(EventKind::kWeakCallback, {number});
      run_callback(*weakref->code);
      log(EventKind::kWeakCallbackEnd, {number});
    }
  }
}

}  // namespace reweave::runtime
