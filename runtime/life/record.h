// Records: objects that are recycled. One that dies is put on a free list and is initialised again
// instead of being made anew; it has one more life then, which is another generation.
//
// A weak reference is good for one life. A record that dies must therefore clear those to it, as an
// object does that is destroyed: the defect `recycled-keeps-weakrefs` does not.
#pragma once

#include "runtime/life/closure.h"

namespace reweave::runtime {

/// Holds one object, as a cell does.
struct Record : Cell {};

/// A weak reference as an object of the program: yields its target while that lives.
struct Reference : Thing {
  Object* target = nullptr;             // Not counted. Null: cleared.
  std::uint32_t target_generation = 0;  // The life of the target that it is for.
};

/// An empty record, from the free list if there is one; owned. Null with MemoryError.
Record* make_record(Thread& thread);

}  // namespace reweave::runtime
