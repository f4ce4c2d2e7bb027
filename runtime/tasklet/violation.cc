// Rules of the runtime that only a defect can break, seen where they are broken: each is a finding
// about memory or structure, after which the execution cannot go on.
#include <utility>

#include "runtime/stack/window.h"
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

// Returns, unlike its callers: what it allocates must be gone before the stack is abandoned, for no
// destructor runs afterwards.
void Thread::report_fault(FindingKind kind, std::string signature, std::string message) {
  // The frame that runs may be the very thing that is wrong.
  const bool known = running_ && running_.frame->generation == running_.generation;
  if (known) {
    signature += " " + names_->operation(running_.frame->site);
    message += ", at " + names_->site(running_.frame->site);
  }
  if (current_ != nullptr && !current_->dead)
    message += ", in tasklet " + std::to_string(current_->number);
  Finding finding;
  finding.kind = kind;
  finding.step = execution_->steps();
  finding.signature = std::string(finding_kind_name(kind)) + " " + signature;
  finding.message = std::move(message);
  finding.oracle = kind == FindingKind::kStructure       ? "structure"
                   : kind == FindingKind::kDanglingStack ? "stack windows"
                                                         : "generations";
  execution_->report(std::move(finding), /*stops=*/true);
}

void Thread::violated(const char* rule) {
  report_fault(FindingKind::kStructure, rule,
               std::string("a rule of the runtime is broken (") + rule +
                   "); the real interpreter fails an assertion here, or crashes");
  abandon();
}

void Thread::notice(const char* rule) {
  Finding finding;
  finding.kind = FindingKind::kStructure;
  finding.step = execution_->steps();
  finding.signature = std::string("structure ") + rule;
  finding.message = std::string("a rule of the runtime is broken (") + rule + "), in tasklet " +
                    std::to_string(current_->number);
  finding.oracle = "structure";
  execution_->report(std::move(finding), /*stops=*/false);
}

void Thread::report_dangling_tasklet(const Tasklet* tasklet, const char* doing) {
  sanitizer::unpoison(&tasklet->number, sizeof tasklet->number);
  report_fault(FindingKind::kDanglingTasklet, doing,
               "tasklet " + std::to_string(tasklet->number) + " was used (" + doing +
                   ") after its last reference was gone");
  abandon();
}

// Called when AddressSanitizer has found the use, and before it ends the process.
void Thread::report_dangling_stack(const StackWindow& window) {
  std::string whose = "a stack that was spilled";
  for (const Tasklet* t = runtime_.first_tasklet_; t != nullptr; t = t->next_made) {
    if (!t->dead && t->cstate->slice.window == &window)
      whose = "the stack of tasklet " + std::to_string(t->number);
  }
  report_fault(FindingKind::kDanglingStack, "used",
               "a pointer into " + whose + ", which has been sliced away, was used");
}

void Thread::report_dangling_object(const Object* object, const char* doing) {
  if (object->kind == ObjectKind::kTasklet)
    report_dangling_tasklet(static_cast<const Tasklet*>(object), doing);
  const char* const word = object_kind_name(object->kind);
  report_fault(
      FindingKind::kDanglingObject, std::string(word) + " " + doing,
      std::string("a ") + word + " was used (" + doing + ") after its last reference was gone");
  abandon();
}

void Thread::report_over_release(const Object* object) {
  if (object->kind == ObjectKind::kTasklet)
    report_dangling_tasklet(static_cast<const Tasklet*>(object), "released");
  const char* const word = object_kind_name(object->kind);
  report_fault(FindingKind::kRefcount, word,
               std::string("one reference too many of an object was given back (") + word + ")");
  abandon();
}

}  // namespace reweave::runtime
