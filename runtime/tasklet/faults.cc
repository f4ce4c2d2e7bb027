#include "runtime/tasklet/faults.h"

#include <utility>

#include "runtime/stack/window.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

// Returns, unlike its callers: what it allocates must be gone before the stack is abandoned, for no
// destructor runs afterwards.
void report_fault(Thread& thread, FindingKind kind, std::string signature, std::string message) {
  // The frame that runs may be the very thing that is wrong.
  if (thread.evaluation().is_known()) {
    signature += " " + thread.shared().names->operation(thread.evaluation().here());
    message += ", at " + thread.shared().names->site(thread.evaluation().here());
  }
  if (thread.current() != nullptr && !thread.current()->dead)
    message += ", in " + thread.shared().names->tasklet(thread.current()->number);
  Finding finding;
  finding.kind = kind;
  finding.step = thread.execution().steps();
  finding.signature = std::string(finding_kind_name(kind)) + " " + signature;
  finding.message = std::move(message);
  finding.oracle = kind == FindingKind::kStructure       ? "structure"
                   : kind == FindingKind::kDanglingStack ? "stack windows"
                                                         : "generations";
  thread.execution().report(std::move(finding), /*stops=*/true);
}

void violated(Thread& thread, const char* rule) {
  report_fault(thread, FindingKind::kStructure, rule,
               std::string("a rule of the runtime is broken (") + rule +
                   "); the real interpreter fails an assertion here, or crashes");
  thread.abandon();
}

void notice(Thread& thread, const char* rule) {
  Finding finding;
  finding.kind = FindingKind::kStructure;
  finding.step = thread.execution().steps();
  finding.signature = std::string("structure ") + rule;
  finding.message = std::string("a rule of the runtime is broken (") + rule + "), in " +
                    thread.shared().names->tasklet(thread.current()->number);
  finding.oracle = "structure";
  thread.execution().report(std::move(finding), /*stops=*/false);
}

void report_dangling_tasklet(Thread& thread, const Tasklet* tasklet, const char* doing) {
  sanitizer::unpoison(&tasklet->number, sizeof tasklet->number);
  report_fault(thread, FindingKind::kDanglingTasklet, doing,
               thread.shared().names->tasklet(tasklet->number) + " was used (" + doing +
                   ") after its last reference was gone");
  thread.abandon();
}

// Called when AddressSanitizer has found the use, and before it ends the process.
void report_dangling_stack(Thread& thread, const StackWindow& window) {
  std::string whose = "a stack that was spilled";
  for (const Tasklet* t = thread.shared().first_tasklet; t != nullptr; t = t->next_made) {
    if (!t->dead && t->cstate->slice.window == &window)
      whose = "the stack of " + thread.shared().names->tasklet(t->number);
  }
  report_fault(thread, FindingKind::kDanglingStack, "used",
               "a pointer into " + whose + ", which has been sliced away, was used");
}

void report_dangling_object(Thread& thread, const Object* object, const char* doing) {
  if (object->kind == ObjectKind::kTasklet)
    report_dangling_tasklet(thread, static_cast<const Tasklet*>(object), doing);
  const char* const word = object_kind_name(object->kind);
  report_fault(
      thread, FindingKind::kDanglingObject, std::string(word) + " " + doing,
      std::string("a ") + word + " was used (" + doing + ") after its last reference was gone");
  thread.abandon();
}

void report_over_release(Thread& thread, const Object* object) {
  if (object->kind == ObjectKind::kTasklet)
    report_dangling_tasklet(thread, static_cast<const Tasklet*>(object), "released");
  const char* const word = object_kind_name(object->kind);
  report_fault(thread, FindingKind::kRefcount, word,
               std::string("one reference too many of an object was given back (") + word + ")");
  thread.abandon();
}

void report_dangling_frame(Thread& thread, FrameRef ref, const char* doing) {
  // Everything but the header may be poisoned if the frame is still parked: open it for the report.
  Frame* const frame = ref.frame;
  const bool parked = frame->dead;
  if (parked) thread.heap().revive(frame);
  {  // Nothing that allocates may be alive where the stack is abandoned.
    const std::string site = thread.shared().names->site(frame->site);
    const std::string user = thread.current() == nullptr
                                 ? "nobody"
                                 : thread.shared().names->tasklet(thread.current()->number);
    std::string message = "the frame that stood at " + site + " was " + doing + " by " + user +
                          ", but " + thread.shared().names->tasklet(frame->parked_by) +
                          " had released it for the last time at step " +
                          std::to_string(frame->parked_step) +
                          (parked ? "; it is parked" : "; it serves another call now");
    Finding finding;
    finding.kind = FindingKind::kDanglingFrame;
    finding.step = thread.execution().steps();
    finding.signature = std::string("dangling-frame ") + doing;
    finding.message = std::move(message);
    finding.oracle = "generations";
    thread.execution().report(std::move(finding), /*stops=*/true);
  }
  thread.abandon();
}

}  // namespace reweave::runtime
