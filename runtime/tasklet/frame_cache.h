// The life of frames: made, parked as the zombie of their code or on the free list, revived, found
// dangling. The caches themselves are in frame/frame.h.
//
// Cost: most executions spend most of their time here; nothing is allocated while a cache has one.
#pragma once

#include "runtime/frame/frame.h"
#include "runtime/tasklet/faults.h"

namespace reweave::runtime {

/// A new activation of `code`, called from the running frame; owned. From the zombie or the free
/// list if possible. Null if there is no memory, and MemoryError is pending: evaluate() and
/// call_softly() take that for their own failure.
FrameRef make_frame(Thread& thread, Code& code, SiteId site);
/// The same for a tasklet's first frame: called from nowhere, and never null. Who uses it has asked
/// for the memory already.
FrameRef make_root_frame(Thread& thread, Code& code);
/// Called from the running frame, and never null.
FrameRef make_called_frame(Thread& thread, Code& code, SiteId site);
/// The last reference is gone. May switch.
void end_frame(Thread& thread, Frame* frame);

inline FrameRef retain_frame(Thread& thread, FrameRef frame) {
  check_frame(thread, frame, "retained");
  ++frame.frame->refs;
  return frame;
}
/// May switch, when the frame's locals die with it. A frame that was parked meanwhile is a finding.
inline void release_frame(Thread& thread, FrameRef frame) {
  check_frame(thread, frame, "released");
  require(thread, frame.frame->refs > 0, "frame-without-references");
  if (--frame.frame->refs == 0) end_frame(thread, frame.frame);
}

}  // namespace reweave::runtime
