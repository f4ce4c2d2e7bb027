// Weak references to any object: with a callback, or as an object that yields its target. Both are
// for one life of the target, and cleared when that ends, or before.
#pragma once

#include "runtime/object/object.h"

namespace reweave::runtime {

class Thread;

/// `code` runs when `object` dies; newest first. Lives as long as the object. Returns None, or null
/// with MemoryError.
Object* add_weakref(Thread& thread, Object* object, Code* code);
/// An object that yields `object`, while that lives and nobody has cleared its weak references;
/// owned. Null with MemoryError.
Reference* make_reference(Thread& thread, Object* object);
/// What it refers to, owned; null: nothing any more, and no exception. An object of another life is
/// a finding, `dangling-object`, which ends the execution.
Object* dereference(Thread& thread, const Reference* reference);

/// All weak references to `object` refer to nothing from now on, as if it had died; `calls`: their
/// callbacks run, newest first. Whoever calls holds the object. May switch if `calls`.
void clear_weakrefs(Thread& thread, Object* object, bool calls);
/// The same in pieces: call_weakrefs() clears, and runs the callbacks. May switch.
void clear_references(Object* object);
void call_weakrefs(Thread& thread, Object* object);

}  // namespace reweave::runtime
