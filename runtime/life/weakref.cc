#include "runtime/life/weakref.h"

#include "runtime/life/make_thing.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/callbacks.h"

namespace reweave::runtime {

Object* add_weakref(Thread& thread, Object* object, Code* code) {
  if (lacks_memory(thread)) return nullptr;
  auto* const weakref = thread.heap().make<WeakRef>(ObjectKind::kWeakRef);
  weakref->next = object->weakrefs;
  weakref->target_generation = object->generation;
  weakref->code = code;
  object->weakrefs = weakref;
  return thread.none();
}

// Weak references without a callback are one object, as long as that lives.
Reference* make_reference(Thread& thread, Object* object) {
  for (const WeakRef* each = object->weakrefs; each != nullptr; each = each->next) {
    Reference* const known = each->reference;
    if (known == nullptr || known->dead || known->generation != each->reference_generation)
      continue;
    if (known->target == object && known->refs > 0) return retain(known);
  }
  if (lacks_memory(thread) || lacks_memory(thread)) return nullptr;
  auto* const reference = make_thing<Reference>(thread, ObjectKind::kReference);
  reference->target = object;
  reference->target_generation = object->generation;
  auto* const weakref = thread.heap().make<WeakRef>(ObjectKind::kWeakRef);
  weakref->next = object->weakrefs;
  weakref->target_generation = object->generation;
  weakref->reference = reference;
  weakref->reference_generation = reference->generation;
  object->weakrefs = weakref;
  return reference;
}

Object* dereference(Thread& thread, const Reference* reference) {
  Object* const target = reference->target;
  if (target == nullptr) return nullptr;
  if (target->dead || target->refs == 0 || target->generation != reference->target_generation)
    report_dangling_object(thread, target, "dereferenced");
  return retain(target);
}

// A reference that died before its target has another generation by now.
void clear_references(Object* object) {
  for (const WeakRef* weakref = object->weakrefs; weakref != nullptr; weakref = weakref->next) {
    Reference* const reference = weakref->reference;
    if (reference == nullptr || reference->dead) continue;
    if (reference->generation == weakref->reference_generation) reference->target = nullptr;
  }
}

void clear_weakrefs(Thread& thread, Object* object, bool calls) {
  if (calls) {
    call_weakrefs(thread, object);
  } else {
    clear_references(object);
    object->weakrefs = nullptr;
  }
}

// All weak references are cleared before the first callback runs; newest first.
void call_weakrefs(Thread& thread, Object* object) {
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
      report_dangling_object(thread, object, "called-back");
    if (thing) {
      thread.log(EventKind::kThingCallback, {kind, number});
      run_callback(thread, *weakref->code);
      thread.log(EventKind::kThingCallbackEnd, {kind, number});
    } else {
      thread.log(EventKind::kWeakCallback, {number});
      run_callback(thread, *weakref->code);
      thread.log(EventKind::kWeakCallbackEnd, {number});
    }
  }
}

}  // namespace reweave::runtime
