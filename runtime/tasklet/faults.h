// Rules of the runtime that only a defect can break, seen where they are broken: each is a finding
// about memory or structure, and after most of them the execution cannot go on.
//
// Cost: one comparison for each rule.
#pragma once

#include <string>

#include "runtime/frame/frame.h"
#include "runtime/tasklet/tasklet.h"
#include "scheduler/finding.h"

namespace reweave::runtime {

struct StackWindow;

/// A finding `structure RULE`, and the execution ends.
[[noreturn]] void violated(Thread& thread, const char* rule);
/// A rule that only a defect can break. Broken: violated().
inline void require(Thread& thread, bool holds, const char* rule) {
  if (!holds) [[unlikely]]
    violated(thread, rule);
}
/// The same finding for a rule whose breach leaves everything in order: the execution goes on.
void notice(Thread& thread, const char* rule);

/// A finding of another kind, about what the running frame does; the caller ends the execution, for
/// no destructor runs where it ends.
void report_fault(Thread& thread, FindingKind kind, std::string signature, std::string message);
/// Something was used after its last reference was gone; `doing` says for what, and goes into the
/// signature.
[[noreturn]] void report_dangling_tasklet(Thread& thread, const Tasklet* tasklet,
                                          const char* doing);
[[noreturn]] void report_dangling_object(Thread& thread, const Object* object, const char* doing);
[[noreturn]] void report_dangling_frame(Thread& thread, FrameRef frame, const char* doing);
/// One reference too many was given back.
[[noreturn]] void report_over_release(Thread& thread, const Object* object);
/// With windows: AddressSanitizer has found a use of a stack that was sliced away, and will end the
/// process.
void report_dangling_stack(Thread& thread, const StackWindow& window);

/// Ends the execution with `dangling-tasklet` if `tasklet` was destroyed.
inline void check_tasklet(Thread& thread, const Tasklet* tasklet, const char* doing) {
  if (tasklet->dead) [[unlikely]]
    report_dangling_tasklet(thread, tasklet, doing);
}
/// What is being destroyed has called back, and was destroyed by that.
inline void check_not_destroyed(Thread& thread, const Object* object) {
  if (object->dead) [[unlikely]]
    report_over_release(thread, object);
}
/// Ends the execution with `dangling-frame` unless the reference is good.
inline void check_frame(Thread& thread, FrameRef frame, const char* doing) {
  if (frame.frame->generation != frame.generation) [[unlikely]]
    report_dangling_frame(thread, frame, doing);
}

}  // namespace reweave::runtime
