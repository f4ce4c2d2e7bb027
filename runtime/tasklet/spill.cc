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
#include "runtime/life/references.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

struct Thread::SpillLocals {
  FrameRef frame;   // What is evaluated; owned until it runs.
  Object* value;    // Its argument, then its result; owned. Null: the pending exception.
  Object* tempval;  // The current tasklet's, put aside; owned. Null under a defect.
  CStack* deep;     // The stack that was spilled.
  std::uint32_t nesting_level;
  std::uint32_t level;
};

Object* Thread::evaluate_spilled(FrameRef frame, Object* value) {
  ++spills_;
  log(EventKind::kSpill, {static_cast<std::int32_t>(level_)});
  spill_code_.locals_bytes = sizeof(SpillLocals);
  const FrameRef helper = make_called_frame(spill_code_, frame.frame->site);
  auto& locals = helper.frame->locals<SpillLocals>();
  const bool left_in_place = settings_.defects.has(Defect::kSpillDropsTempval) ||
                             settings_.defects.has(Defect::kSpillExplodesBomb);
  locals.frame = frame;
  locals.value = value;
  locals.tempval = left_in_place ? nullptr : claim(current_);
  locals.nesting_level = nesting_level_;
  locals.level = level_;
  locals.deep = make_cstack(nesting_level_ + 1);

  transfer_frame_ = retain_frame(helper);
  current_->cstate = locals.deep;
  transfer(locals.deep, &stub_cstack_);

  // Back on the deep stack; only the helper frame knows what happened.
  check_frame(helper, "spilled");
  Object* const result = helper.frame->locals<SpillLocals>().value;
  helper.frame->locals<SpillLocals>().value = nullptr;
  running_ = helper.frame->back;
  release_frame(helper);
  log(EventKind::kUnspill, {static_cast<std::int32_t>(level_)});
  return explode(result);
}

void Thread::visit_spilled(Frame& frame, ReferenceVisitor& visitor) {
  const auto& locals = frame.locals<SpillLocals>();
  if (locals.frame) visitor.visit_frame(locals.frame);
  visitor.visit(locals.value);
  visitor.visit(locals.tempval);
}

// The helper frame, on the shallow stack. Never returns: the way out is the jump back.
Object* Thread::run_spilled(Thread& thread, FrameRef self, Object* value) {
  auto& locals = self.frame->locals<SpillLocals>();
  Tasklet* const tasklet = thread.current_;
  tasklet->cstate = &thread.stub_cstack_;
  thread.nesting_level_ = locals.nesting_level + 1;
  thread.level_ = locals.level + 1;
  thread.root_ = thread.level_;

  // `value` is what the stub claimed: None, unless a defect left the tempval where the stub takes
  // it.
  if (thread.settings_.defects.has(Defect::kSpillDropsTempval)) {
    if (value != nullptr) {
      thread.doing_ = "spill";
      thread.release(value);
      thread.doing_ = nullptr;
    }
  } else if (thread.settings_.defects.has(Defect::kSpillExplodesBomb)) {
    Object* const none = tasklet->tempval;
    tasklet->tempval = value;
    thread.release(none);
    if (value == nullptr) {
      thread.ledger_.null_tempval(*tasklet, self.frame->site, "spill");
      thread.abandon();
    }
  } else {
    thread.require(value != nullptr, "null-without-error");
    thread.release(value);
    Object* const aside = locals.tempval;
    locals.tempval = nullptr;
    thread.set_tempval(tasklet, aside);
  }

  const FrameRef frame = locals.frame;
  locals.frame = FrameRef{};
  Object* const argument = locals.value;
  locals.value = nullptr;
  Object* argument_or_error = argument;
  if (thread.error_ != nullptr) {
    thread.release(argument);
    argument_or_error = nullptr;
  }
  ++thread.recursion_depth_;
  Object* result = thread.dispatch(frame, argument_or_error, /*whole_tasklet=*/false);
  if (result == nullptr) result = thread.take_error();
  locals.value = result;
  CStack* const deep = locals.deep;
  thread.running_ = FrameRef{};
  thread.release_frame(self);
  thread.transfer(nullptr, deep);
  __builtin_unreachable();
}

}  // namespace reweave::runtime
