#include "runtime/oracle/census.h"

#include <utility>

#include "runtime/oracle/parked_frames.h"
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

void Census::visit(Object* object) {
  if (object == nullptr || object->kind == ObjectKind::kNone) return;
  if (object == &runtime_->shared().memory_error) return;
  if (object->dead) {
    if (dangling_ == nullptr) dangling_ = object;
    return;
  }
  if (object->references == 0 && !all_met_) met_.push_back(object);
  if (object->references < kReferencesMax) ++object->references;
}

void Census::visit_frame(FrameRef frame) {
  if (frame.frame->generation == frame.generation) {
    visit(frame.frame);
  } else if (dangling_ == nullptr) {
    dangling_ = frame.frame;
  }
}

void Census::visit_thread(const Thread& thread) {
  visit(thread.main_tasklet());
  Tasklet* queued = thread.queue().head;
  for (std::uint32_t left = thread.queue().count; left > 0 && queued != nullptr; --left) {
    visit(queued);
    queued = queued->next;
    if (queued == thread.queue().head) break;  // A live defect counts it too long.
  }
  for (std::uint32_t i = 0; i < thread.watchdog().runner_count; ++i)
    visit(thread.watchdog().runners[i]);
  visit(thread.watchdog().owner);
  visit(thread.watchdog().interrupted);
  visit(thread.error());
  if (thread.evaluation().transfer_frame) visit_frame(thread.evaluation().transfer_frame);
  visit(thread.evaluation().transfer_value);
  visit(thread.evaluation().del_post_switch);
}

void Census::visit_roots(const RootHolder& host) {
  host.visit_roots(*this);
  visit_thread(runtime_->main_thread());
  for (const Thread* const thread : runtime_->shared().lock.threads) {
    if (thread == &runtime_->main_thread()) continue;
    if (thread->turn().is_awake() || thread->turn().phase == ThreadPhase::kAsleep ||
        thread->turn().phase == ThreadPhase::kParked)
      visit_thread(*thread);
  }
  for (Object* const object : runtime_->shared().collector.kept()) visit(object);
  if (runtime_->shared().given_up == 0) return;
  for (Tasklet* t = runtime_->shared().first_tasklet; t != nullptr; t = t->next_made) {
    if (!t->dead && t->given_up) visit(t);
  }
}

void Census::take(Runtime& runtime, const RootHolder& host) {
  runtime_ = &runtime;
  dangling_ = nullptr;
  all_met_ = false;
  lingering_ = 0;
  look_at_caches();
  visit_roots(host);
  for (std::size_t i = 0; i < met_.size(); ++i) visit_references(*met_[i], *this);
  if (!reached_agree()) count_the_rest();
  forget();
}

// Before the counts: what a parked frame keeps looks like a leak to those.
void Census::look_at_caches() {
  const ParkedFrameFault fault = look_at_parked_frames(runtime_->shared().frames);
  if (fault.rule == nullptr) return;
  Execution& execution = runtime_->main_thread().execution();
  Finding finding;
  finding.kind = FindingKind::kStructure;
  finding.step = execution.steps();
  finding.signature = std::string("structure ") + fault.rule;
  finding.message = "at the program's end " + describe(fault, *runtime_->shared().names);
  finding.oracle = "structure";
  execution.report(std::move(finding), /*stops=*/false);
}

// Almost always: whatever is alive was reached, and every count is right.
bool Census::reached_agree() const {
  if (dangling_ != nullptr || met_.size() != runtime_->shared().heap.live_objects()) return false;
  for (const Object* const object : met_) {
    if (object->references != object->refs) return false;
  }
  return true;
}

// The rest is what nobody reached. It may refer to itself, and to what was reached.
void Census::count_the_rest() {
  const std::size_t reached = met_.size();
  runtime_->shared().heap.for_each([this](Object& object) {
    if (object.dead || object.references != 0) return;
    if (object.kind != ObjectKind::kWeakRef) met_.push_back(&object);
  });
  all_met_ = true;
  for (std::size_t i = reached; i < met_.size(); ++i) visit_references(*met_[i], *this);
  // A thread that has not ended is suspended on a stack of its own; one that has leaves what it
  // held.
  const bool strict = !runtime_->shared().lock.threaded && !runtime_->main_thread().saved().any();
  if (dangling_ != nullptr) {
    report(dangling_->kind == ObjectKind::kFrame ? FindingKind::kDanglingFrame
                                                 : FindingKind::kDanglingTasklet,
           *dangling_, "referred-to");
    return;
  }
  for (std::size_t i = 0; i < met_.size(); ++i) {
    if (i >= reached && met_[i]->references > 0 && met_[i]->references == met_[i]->refs)
      ++lingering_;
    judge(*met_[i], strict);
  }
}

void Census::judge(Object& object, bool strict) {
  if (object.references == kReferencesMax) return;
  if (object.refs < object.references) {
    report(FindingKind::kRefcount, object, "too-low");
  } else if (strict && object.refs > object.references) {
    // The ledger tells of values that were received and kept.
    if (object.kind == ObjectKind::kToken &&
        static_cast<const Token&>(object).place == TokenPlace::kDelivered)
      return;
    report(object.references == 0 ? FindingKind::kLeak : FindingKind::kRefcount, object,
           object.references == 0 ? "" : "too-high");
  }
}

// One finding of a signature is enough.
void Census::report(FindingKind kind, Object& object, const char* how) {
  const std::string word = object_kind_name(object.kind);
  Execution& execution = runtime_->main_thread().execution();
  Finding finding;
  finding.kind = kind;
  finding.step = execution.steps();
  finding.signature = std::string(finding_kind_name(kind)) + " " + word;
  if (*how != '\0') finding.signature += std::string(" ") + how;
  for (const Finding& known : execution.findings()) {
    if (known.signature == finding.signature) return;
  }
  finding.oracle = "census";
  finding.message = "at the program's end ";
  if (kind == FindingKind::kLeak) {
    finding.message += "nobody refers to " + name_of(object) + ", which is alive";
  } else if (kind == FindingKind::kRefcount) {
    finding.message += "there are " + std::to_string(object.references) + " references to " +
                       name_of(object) + ", whose count is " + std::to_string(object.refs);
  } else {
    finding.message +=
        name_of(object) + " is still referred to, though its last reference was given back";
  }
  execution.report(std::move(finding), /*stops=*/false);
}

std::string Census::name_of(Object& object) const {
  sanitizer::unpoison(&object, object.bytes);
  switch (object.kind) {
    case ObjectKind::kToken:
    case ObjectKind::kBomb: {
      const auto number = static_cast<const Token&>(object).number;
      const char* const letter = object.kind == ObjectKind::kToken ? "value" : "exception";
      return number == 0 ? std::string("an ") + letter : letter + (" " + std::to_string(number));
    }
    case ObjectKind::kFrame:
      return "the frame that stands at " +
             runtime_->shared().names->site(static_cast<const Frame&>(object).site);
    case ObjectKind::kTasklet:
      return runtime_->shared().names->tasklet(static_cast<const Tasklet&>(object).number);
    case ObjectKind::kChannel:
      return "channel " + std::to_string(static_cast<const Channel&>(object).number);
    case ObjectKind::kPair:
      return "a pair of objects";
    default:
      return object_kind_name(object.kind) +
             (" " + std::to_string(static_cast<const Thing&>(object).number));
  }
}

void Census::forget() {
  for (Object* const object : met_) object->references = 0;
  met_.clear();
}

}  // namespace reweave::runtime
