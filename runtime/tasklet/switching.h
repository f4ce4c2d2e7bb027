// Switching between tasklets: the heart of the runtime, after Stackless's slp_schedule_task and
// slp_transfer.
//
// A switch is soft when the running frame can be left by returning to the dispatcher (nesting level
// 0), hard when a C stack has to be put aside. Either way the value for the resumed tasklet waits
// in its tempval, and one object, the previous tasklet or a channel, may be due to die as soon as
// the switch is complete (Evaluation::del_post_switch).
#pragma once

#include "runtime/tasklet/tempval.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

/// Makes `next` runnable if it is not, and switches to it from `prev`, which is the running tasklet
/// although it may have left the run queue; null: nothing is runnable. `did_switch` is told whether
/// it was; may be null. Null and an exception, with everything undone, if the switch is refused.
/// Switches.
Object* schedule_task(Thread& thread, Tasklet* prev, Tasklet* next, bool soft, bool* did_switch,
                      bool no_soft_irq = false);

struct GivingWay {
  bool left_queue = false;   // The running tasklet has just left the run queue.
  bool puts_none = false;    // As its own result: what was in the tempval is an old value to it.
  bool keeps_undue = false;  // A defect: what was to die after the switch is forgotten there.
  bool* switched = nullptr;  // Told whether it was; may be null.
};
/// The common part of all operations that switch without a channel and return None. `dying` (owned,
/// may be null) goes when the switch is complete. Switches.
Object* give_way(Thread& thread, Tasklet* next, Object* dying, bool soft, GivingWay how = {});
/// Nothing was switched, so nothing is left to die after it.
void release_undue(Thread& thread);

/// Where a tasklet was before a switch that may be refused.
struct QueuePlace {
  Channel* channel = nullptr;    // Where it was blocked,
  Tasklet* successor = nullptr;  // before whom,
  int direction = 0;             // and in what.
  bool floating = false;         // In no queue.
};
/// Appends it to its run queue, if it is not there. Does not switch.
QueuePlace make_runnable(Thread& thread, Tasklet* tasklet);
/// True, with an exception pending, where the running tasklet may not be switched away.
bool refuses_switch(Thread& thread);
/// The running tasklet is on its way out: this is its schedule callback. Another thread may have
/// made it runnable again meanwhile, as the last one.
inline bool is_leaving(const Thread& thread) { return thread.queue().head != thread.current(); }

/// Leaves the running C stack for `target`, saving it in `save`; null: it is abandoned. Switches.
void transfer(Thread& thread, CStack* save, CStack* target);
/// The switch is complete, and what was left to die dies now. May switch.
void release_post_switch(Thread& thread);
/// The current tasklet's last frame has returned `value`, or failed (null). Switches to the next
/// one: kUnwind; or ends the run: null.
Object* tasklet_end(Thread& thread, Object* value);

/// The code of the helper frame of a soft switch to a tasklet with a C stack.
Object* run_jump(Thread& thread, FrameRef self, Object* value);
void visit_jump(Frame& frame, ReferenceVisitor& visitor);

}  // namespace reweave::runtime
