#include "runtime/tasklet/evaluation.h"

#include <array>
#include <utility>

#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/spill.h"
#include "runtime/tasklet/switching.h"
#include "runtime/tasklet/tempval.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

namespace {

FrameRef take_transfer(Thread& thread, Object*& value) {
  const FrameRef frame = thread.evaluation().transfer_frame;
  require(thread, frame.frame != nullptr, "no-frame-to-go-on-with");
  value = thread.evaluation().transfer_value;
  thread.check_result(value);
  thread.evaluation().transfer_frame = FrameRef{};
  thread.evaluation().transfer_value = nullptr;
  return frame;
}

// Where the C stack has unwound to. The switch was soft: the value is safe in a local while
// whatever died with the switch is released.
FrameRef finish_unwinding(Thread& thread, Object*& value) {
  const FrameRef frame = take_transfer(thread, value);
  if (thread.evaluation().del_post_switch == nullptr) {
    --thread.evaluation().transfers;
    return frame;
  }
  Object* const dying = thread.evaluation().del_post_switch;
  thread.evaluation().del_post_switch = nullptr;
  thread.evaluation().running = frame;
  // The historical defect: the value stays in the one place for values that are on their way.
  const bool shared = thread.settings().defects.has(Defect::kUnwindingValueShared);
  if (shared) thread.evaluation().transfer_value = std::exchange(value, nullptr);
  thread.release(dying);
  if (shared) {
    value = std::exchange(thread.evaluation().transfer_value, nullptr);
    if (value == nullptr && thread.error() == nullptr) {
      thread.ledger().null_tempval(*thread.current(), frame.frame->site, "unwinding");
      thread.abandon();
    }
  }
  --thread.evaluation().transfers;
  return frame;
}

// The top of every fresh stack. Whoever arrives here wants the transfer frame to run in the current
// tasklet. Returns when main has ended.
void stub(Thread& thread) {
  thread.evaluation().nesting_level = thread.evaluation().level = thread.evaluation().root = 0;
  // Taken first: what dies now may run code that switches, through this very door.
  FrameRef frame = thread.evaluation().transfer_frame;
  thread.evaluation().transfer_frame = FrameRef{};
  if (thread.settings().defects.has(Defect::kStubRunsFirstFrame))
    frame = thread.evaluation().entry_frame;
  require(thread, frame.frame != nullptr, "no-frame-to-go-on-with");
  thread.evaluation().running = frame;
  release_post_switch(thread);
  Object* value = explode(thread, claim(thread, thread.current()));
  for (;;) {
    value = dispatch(thread, frame, value, /*whole_tasklet=*/true);
    value = tasklet_end(thread, value);
    if (thread.life().ending.ended) return;
    require(thread, value == kUnwind, "tasklet-did-not-end");
    frame = finish_unwinding(thread, value);
  }
}

}  // namespace

void stub_entry(void* thread) {
  auto* const self = static_cast<Thread*>(thread);
  stub(*self);
  // The program has ended. As abandon(), but by a call that the compiler takes for one that
  // returns: before any other AddressSanitizer would unpoison the whole stack, and ask the system
  // where it ends.
  switch_slices(self->saved().machine, nullptr, self->saved().host);
}

// Runs `main_code` in a fresh main tasklet, on this machine stack, until it has ended or the
// execution is stopped.
void run_main(Thread& thread, Code& main_code) {
  thread.set_main(nullptr);
  thread.life().ending = {};
  Tasklet* const main = make_tasklet(thread);
  thread.set_main(main);
  main->is_main = true;
  main->actor = thread.life().actor;
  main->frame = make_root_frame(thread, main_code);
  main->started = true;
  queue_append(thread, retain(main));
  thread.queue().head = main;
  thread.set_current(main);
  thread.evaluation().transfer_frame = thread.evaluation().entry_frame = main->frame;
  main->frame = FrameRef{};
  enter_sliced(thread.saved().machine, thread.saved().host);
}

namespace {

// The live defect: whether the bottom frame of a spilled stack has handed over to another one, as
// it does whenever it is left, is read off the thread's count of transfers that are under way. If
// other tasklets complete as many meanwhile as this frame has begun, it seems to go on itself.
// `begun`: the count with the frame's own, if nobody else had changed it.
bool seems_to_go_on(const Thread& thread, std::int64_t begun) {
  const Evaluation& at = thread.evaluation();
  return at.transfers < begun && at.level == at.root && at.root != 0 &&
         thread.settings().defects.has(Defect::kFrameCountsCancel);
}

}  // namespace

// Runs frames until `frame` itself has returned or, for a whole tasklet, until a frame has no
// caller. Soft switches happen only in the latter, so `frame` may then come to belong to another
// tasklet.
Object* dispatch(Thread& thread, FrameRef frame, Object* value, bool whole_tasklet) {
  const FrameRef entry = frame;
  const std::int64_t entered = thread.evaluation().transfers;
  for (;;) {
    thread.evaluation().running = frame;
    check_frame(thread, frame, "resumed");
    const std::int64_t transfers = thread.evaluation().transfers;
    value = frame.frame->code->execute(thread, frame, value);
    if (value == kUnwind) {
      // What goes on then is taken for the frame's own, and loses a reference.
      if (seems_to_go_on(thread, transfers + 1))
        release_frame(thread, thread.evaluation().transfer_frame);
      thread.evaluation().running = FrameRef{};
      release_frame(thread, frame);
      frame = finish_unwinding(thread, value);
      continue;
    }
    check_frame(thread, frame, "returned");
    thread.check_result(value);
    const FrameRef back = frame.frame->back;
    if (!whole_tasklet && frame.frame == entry.frame) {
      // A return hands over to the caller, which only the real thing counts. That runs the frame
      // again, which has nothing left to run.
      require(thread, !seems_to_go_on(thread, entered), "finished-frame-goes-on");
      --thread.evaluation().recursion_depth;
      // The caller's own dispatcher holds the caller's frame.
      thread.evaluation().running = back;
      release_frame(thread, frame);
      return value;
    }
    if (back) {
      --thread.evaluation().recursion_depth;
      retain_frame(thread, back);
    }
    thread.evaluation().running = back;
    release_frame(thread, frame);
    if (!back) return value;
    frame = back;
  }
}

Object* call_softly(Thread& thread, FrameRef callee, Object* value) {
  if (!callee) {
    thread.release(value);
    return nullptr;
  }
  ++thread.evaluation().recursion_depth;
  ++thread.evaluation().transfers;
  thread.evaluation().transfer_frame = callee;
  thread.evaluation().transfer_value = value;
  return kUnwind;
}

Object* evaluate(Thread& thread, FrameRef frame, Object* value) {
  if (!frame) {
    thread.release(value);
    return nullptr;
  }
  if (thread.evaluation().nesting_level >= Evaluation::kNestingMax) {
    thread.release(value);
    release_frame(thread, frame);
    return thread.raise_runtime_error(ErrorCode::kNesting);
  }
  // As in the real thing nothing spills while an exception is pending; the point is passed all the
  // same.
  const bool possible = thread.error() == nullptr;
  const bool opposite = thread.execution().ask(QuestionKind::kSpill, thread.current()->actor,
                                               frame.frame->site, possible ? 2 : 1) != 0;
  const bool deep =
      thread.evaluation().level + 1 - thread.evaluation().root >= thread.settings().spill_levels;
  // Where there is no memory to spill, nothing is spilled.
  if (possible && deep != opposite && !out_of_memory(thread) && !out_of_memory(thread)) {
    value = evaluate_spilled(thread, frame, value);
  } else {
    ++thread.evaluation().nesting_level;
    ++thread.evaluation().level;
    ++thread.evaluation().recursion_depth;
    value = dispatch(thread, frame, value, /*whole_tasklet=*/false);
    --thread.evaluation().nesting_level;
    --thread.evaluation().level;
  }
  // A nested level was the reason why it could not be interrupted: the next tick does it.
  if (thread.current()->pending_irq && pending_irq_is_due(thread)) [[unlikely]]
    thread.watchdog().watermark = thread.watchdog().ticks;
  return value;
}

namespace {

// The same with the steps of both: of the running tasklet and of the one that would go on instead.
bool ask_preempt_with_steps(Thread& thread, SiteId site) {
  const Tasklet* next = thread.watchdog().has_limit()
                            ? thread.watchdog().target(&thread, thread.main_tasklet())
                            : thread.queue().head;
  if (next == thread.current()) next = thread.current()->next;
  std::array<Option, 2> options;
  options[0] = {thread.current()->actor, pending_step(thread, thread.evaluation().running)};
  options[1] = {next->actor, pending_step(thread, next->frame)};
  return thread.execution().ask(QuestionKind::kPreempt, thread.current()->actor, site, 2,
                                options) != 0;
}

}  // namespace

bool ask_preempt(Thread& thread, SiteId site, bool slice_over) {
  const bool possible = thread.watchdog().has_limit()
                            ? !slice_over && thread.current() != thread.watchdog().target(
                                                                     &thread, thread.main_tasklet())
                            : thread.queue().count > 1 && thread.guard().trap == 0 &&
                                  !thread.current()->atomic && !thread.guard().callback_running;
  if (possible && thread.execution().wants_steps()) [[unlikely]]
    return ask_preempt_with_steps(thread, site);
  return thread.execution().ask(QuestionKind::kPreempt, thread.current()->actor, site,
                                possible ? 2 : 1) != 0;
}

bool enters_killed(Thread& thread) {
  if (thread.settings().defects.has(Defect::kKillRunsNew)) {
    thread.release(thread.take_error());
    return true;
  }
  return thread.settings().defects.has(Defect::kKillEntersNew);
}

}  // namespace reweave::runtime
