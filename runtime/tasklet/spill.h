// Spilling: a C stack that has grown too deep is moved to the heap, and the program goes on at the
// top.
//
// The evaluation that would be one level too deep is packed in a helper frame, the deep stack is
// saved as the current tasklet's cstate, and the thread is entered through its stub, as if a
// tasklet started. The stub runs the helper frame, which evaluates what was wanted on the shallow
// stack, puts the result in the frame and jumps back. Nothing but the heap carries arguments and
// results: the deep stack is not there meanwhile.
//
// The stub claims the tempval of the current tasklet, because that is what a starting tasklet gets.
// A value that waits there for a receiver must therefore be put aside first: that it once was not
// is half of the bug that Reweave was started for (defects spill-drops-tempval and
// spill-explodes-bomb).
#pragma once

#include "runtime/frame/frame.h"

namespace reweave::runtime {

/// Evaluates `frame` on a shallow stack; consumes `frame` and `value`. Returns on the deep one. May
/// switch.
Object* evaluate_spilled(Thread& thread, FrameRef frame, Object* value);

/// The code of the helper frame.
Object* run_spilled(Thread& thread, FrameRef self, Object* value);
void visit_spilled(Frame& frame, ReferenceVisitor& visitor);

}  // namespace reweave::runtime
