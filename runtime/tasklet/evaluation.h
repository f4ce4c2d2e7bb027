// Where a thread is: the frame that runs, what goes on after it, and how deep it is.
//
// A soft switch leaves the running frame by returning kUnwind to the dispatcher; what goes on then
// stands in the transfer fields. Everything here is of the tasklet that runs, and changes with it.
#pragma once

#include <cstdint>

#include "runtime/frame/frame.h"
#include "scheduler/execution.h"

namespace reweave::runtime {

struct Evaluation {
  /// C-recursive levels of one tasklet; one more is a RuntimeError.
  static constexpr std::uint32_t kNestingMax = 2000;

  FrameRef running;                  // The executing frame; borrowed from its dispatcher.
  FrameRef transfer_frame;           // The frame that goes on next; owned.
  Object* transfer_value = nullptr;  // What it goes on with; owned; null: the pending exception.
  // Hand-overs to another frame, of all tasklets of the thread, that are not complete: it is not
  // entered before what died with a switch is gone. Only a defect looks.
  std::int64_t transfers = 0;
  FrameRef entry_frame;               // What this thread was entered with; not counted.
  Object* del_post_switch = nullptr;  // Released when the switch under way is complete; owned.
  std::uint32_t nesting_level = 0;    // C-recursive interpreter levels under the tasklet.
  std::uint32_t recursion_depth = 0;  // Calls in progress in the tasklet, of both kinds.
  std::uint32_t level = 0;            // The same as a depth: never set back by a spill.
  std::uint32_t root = 0;             // Level at which this stack begins.
  const char* doing = nullptr;  // What the runtime does when a value dies; null: the operation.

  /// The running frame is one, in the life that it was called for.
  bool is_known() const { return running && running.frame->generation == running.generation; }
  /// The operation that runs; kNowhere: none.
  SiteId here() const { return is_known() ? running.frame->site : kNowhere; }
};

/// Runs a frame to its end one C level deeper; consumes `frame` and `value`. `frame` without one:
/// null, for it could not be made. May switch (hard) and may spill.
Object* evaluate(Thread& thread, FrameRef frame, Object* value);
/// Calls softly: the callee goes on when the caller's execute returns kUnwind, which this returns.
Object* call_softly(Thread& thread, FrameRef callee, Object* value);
/// Asks whether the running tasklet is switched away here, if that is possible here. `slice_over`:
/// it is interrupted anyway. Does not switch.
bool ask_preempt(Thread& thread, SiteId site, bool slice_over);

/// A tasklet was killed before it started: whether its function runs nevertheless, which it does
/// under two defects.
bool enters_killed(Thread& thread);

/// The whole life of a thread's machine stack: `main_code` in a fresh main tasklet, until that has
/// ended or the execution is stopped.
void run_main(Thread& thread, Code& main_code);
/// The top of every fresh stack.
void stub_entry(void* thread);
/// Runs frames until `frame` itself has returned or, for a whole tasklet, until a frame has no
/// caller. Soft switches happen only in the latter, so `frame` may then come to belong to another
/// tasklet.
Object* dispatch(Thread& thread, FrameRef frame, Object* value, bool whole_tasklet);

}  // namespace reweave::runtime
