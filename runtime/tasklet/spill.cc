#include "runtime/tasklet/spill.h"

#include "runtime/life/references.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/switching.h"
#include "runtime/tasklet/tempval.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

struct SpillLocals {
  FrameRef frame;   // What is evaluated; owned until it runs.
  Object* value;    // Its argument, then its result; owned. Null: the pending exception.
  Object* tempval;  // The current tasklet's, put aside; owned. Null under a defect.
  CStack* deep;     // The stack that was spilled.
  std::uint32_t nesting_level;
  std::uint32_t level;
};

Object* evaluate_spilled(Thread& thread, FrameRef frame, Object* value) {
  ++thread.saved().spills;
  thread.log(EventKind::kSpill, {static_cast<std::int32_t>(thread.evaluation().level)});
  thread.shared().spill_code.locals_bytes = sizeof(SpillLocals);
  const FrameRef helper = make_called_frame(thread, thread.shared().spill_code, frame.frame->site);
  auto& locals = helper.frame->locals<SpillLocals>();
  const bool left_in_place = thread.settings().defects.has(Defect::kSpillDropsTempval) ||
                             thread.settings().defects.has(Defect::kSpillExplodesBomb);
  locals.frame = frame;
  locals.value = value;
  locals.tempval = left_in_place ? nullptr : claim(thread, thread.current());
  locals.nesting_level = thread.evaluation().nesting_level;
  locals.level = thread.evaluation().level;
  locals.deep = make_cstack(thread, thread.evaluation().nesting_level + 1);

  thread.evaluation().transfer_frame = retain_frame(thread, helper);
  thread.current()->cstate = locals.deep;
  transfer(thread, locals.deep, &thread.saved().stub);

  // Back on the deep stack; only the helper frame knows what happened.
  check_frame(thread, helper, "spilled");
  Object* const result = helper.frame->locals<SpillLocals>().value;
  helper.frame->locals<SpillLocals>().value = nullptr;
  thread.evaluation().running = helper.frame->back;
  release_frame(thread, helper);
  thread.log(EventKind::kUnspill, {static_cast<std::int32_t>(thread.evaluation().level)});
  return explode(thread, result);
}

void visit_spilled(Frame& frame, ReferenceVisitor& visitor) {
  const auto& locals = frame.locals<SpillLocals>();
  if (locals.frame) visitor.visit_frame(locals.frame);
  visitor.visit(locals.value);
  visitor.visit(locals.tempval);
}

// The helper frame, on the shallow stack. Never returns: the way out is the jump back.
Object* run_spilled(Thread& thread, FrameRef self, Object* value) {
  auto& locals = self.frame->locals<SpillLocals>();
  Tasklet* const tasklet = thread.current();
  tasklet->cstate = &thread.saved().stub;
  thread.evaluation().nesting_level = locals.nesting_level + 1;
  // The live defect: the spill counts, too.
  if (thread.settings().defects.has(Defect::kSpillAddsLevel)) ++thread.evaluation().nesting_level;
  thread.evaluation().level = locals.level + 1;
  thread.evaluation().root = thread.evaluation().level;

  // `value` is what the stub claimed: None, unless a defect left the tempval where the stub takes
  // it.
  if (thread.settings().defects.has(Defect::kSpillDropsTempval)) {
    if (value != nullptr) {
      thread.evaluation().doing = "spill";
      thread.release(value);
      thread.evaluation().doing = nullptr;
    }
  } else if (thread.settings().defects.has(Defect::kSpillExplodesBomb)) {
    Object* const none = tasklet->tempval;
    tasklet->tempval = value;
    thread.release(none);
    if (value == nullptr) {
      thread.ledger().null_tempval(*tasklet, self.frame->site, "spill");
      thread.abandon();
    }
  } else {
    require(thread, value != nullptr, "null-without-error");
    thread.release(value);
    Object* const aside = locals.tempval;
    locals.tempval = nullptr;
    set_tempval(thread, tasklet, aside);
  }

  const FrameRef frame = locals.frame;
  locals.frame = FrameRef{};
  Object* const argument = locals.value;
  locals.value = nullptr;
  Object* argument_or_error = argument;
  if (thread.error() != nullptr) {
    thread.release(argument);
    argument_or_error = nullptr;
  }
  ++thread.evaluation().recursion_depth;
  Object* result = dispatch(thread, frame, argument_or_error, /*whole_tasklet=*/false);
  if (result == nullptr) result = thread.take_error();
  locals.value = result;
  CStack* const deep = locals.deep;
  thread.evaluation().running = FrameRef{};
  release_frame(thread, self);
  transfer(thread, nullptr, deep);
  __builtin_unreachable();
}

}  // namespace reweave::runtime
