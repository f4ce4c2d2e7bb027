// How things come to life: cells, functions, records, generators, references.
#pragma once

#include "runtime/life/lifetime.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// A new thing of type T with `extra` bytes behind it, which are not zeroed; owned. Who uses it has
/// asked for the memory already.
template <typename T>
T* make_thing(Thread& thread, ObjectKind kind, std::size_t extra = 0) {
  T* const thing = thread.heap().make<T>(kind, extra);
  number_thing(thread, thing);
  return thing;
}

}  // namespace reweave::runtime
