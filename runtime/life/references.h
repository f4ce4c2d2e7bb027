// Who refers to whom: the edges of the object graph, for the census and for the collector.
//
// Counted references are held by objects (a tasklet holds its frame and its tempval, a frame its
// caller and what its locals own, a channel the tasklets that wait in it), by the runtime (run
// queues, run(), whatever is on its way) and by the host (the slots of a scenario). These are
// visited one by one. Local variables of C++ code hold references, too, and are not: nobody knows
// them, least of all in a saved stack. So a count may exceed what is visited while code is running
// or suspended in C, and must equal it when nothing is.
//
// Looking for pointers in saved stacks would find some of those, and stale words beside them, as
// the compiler left them: another build would see another graph.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/frame/frame.h"
#include "runtime/object/object.h"

namespace reweave::runtime {

class Heap;
class Runtime;
class Thread;

/// Is told of counted references, each as often as it is held. May be given null and None, which
/// count for nothing.
class ReferenceVisitor {
 public:
  virtual ~ReferenceVisitor() = default;
  virtual void visit(Object* object) = 0;
  /// A reference to a frame that was parked meanwhile is not one any more, but dangles.
  virtual void visit_frame(FrameRef frame) = 0;
};

/// A host that holds references of its own between two steps, and can name them all.
class RootHolder {
 public:
  virtual ~RootHolder() = default;
  virtual void visit_roots(ReferenceVisitor& visitor) const = 0;
};

/// What `object`, which is alive, holds.
void visit_references(Object& object, ReferenceVisitor& visitor);

}  // namespace reweave::runtime
