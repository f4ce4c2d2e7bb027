#include "runtime/tasklet/callbacks.h"

#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/thread.h"

#include <utility>

namespace reweave::runtime {

// The operation has an answer of its own, and what ends its wait is none of a callback's business.
Interruption interrupt_operation(Thread& thread) {
  Tasklet* const self = thread.current();
  // Only a defect frees the running tasklet.
  if (self->dead) [[unlikely]]
    report_dangling_object(thread, self, "interrupted");
  return {
      .tasklet = self, .said = self->said, .early_end = std::exchange(self->early_end, EarlyEnd{})};
}

void resume_operation(const Interruption& interruption) {
  interruption.tasklet->said = interruption.said;
  interruption.tasklet->early_end = interruption.early_end;
}

// An exception of a callback has nobody to go to.
bool run_callback(Thread& thread, Code& code, CallbackError error) {
  require(thread, thread.error() == nullptr, "callback-over-exception");
  const Interruption interruption = interrupt_operation(thread);
  Object* const value = evaluate(thread, make_frame(thread, code, code.entry), thread.none());
  resume_operation(interruption);
  if (value != nullptr) {
    thread.release(value);
    return true;
  }
  if (error == CallbackError::kStays) return false;
  Bomb* const bomb = thread.take_error();
  if (error == CallbackError::kLogged) {
    thread.log(EventKind::kCaught,
               {static_cast<std::int32_t>(bomb->type) | static_cast<std::int32_t>(bomb->code) << 8,
                static_cast<std::int32_t>(bomb->number)});
  }
  thread.release(bomb);
  return true;
}

// The schedule callback sees `prev` as the current tasklet, and nothing that waits to die. False:
// an exception is pending, which only a defect lets out of a callback.
bool notify_schedule(Thread& thread, Tasklet* prev, Tasklet* next) {
  if (!thread.shared().schedule_callback.installed || thread.guard().callback_running) return true;
  Tasklet* const current = thread.current();
  Object* const dying = thread.evaluation().del_post_switch;
  thread.evaluation().del_post_switch = nullptr;
  bool fine = true;
  // The historical defect: the head of the run queue was taken for the running tasklet.
  const bool sees_head = thread.settings().defects.has(Defect::kScheduleCallbackSeesHead);
  thread.set_current(sees_head && thread.queue().head != nullptr ? thread.queue().head : prev);
  thread.log(EventKind::kScheduleCallback,
             {static_cast<std::int32_t>(prev->number), static_cast<std::int32_t>(next->number)});
  if (thread.shared().schedule_callback.code != nullptr) {
    thread.guard().callback_running = thread.guard().in_schedule_callback = true;
    thread.guard().switching_to = next;
    retain(prev);
    retain(next);
    fine = run_callback(thread, *thread.shared().schedule_callback.code,
                        thread.settings().defects.has(Defect::kScheduleCallbackErrorAborts)
                            ? CallbackError::kStays
                            : CallbackError::kPrinted);
    thread.guard().callback_running = thread.guard().in_schedule_callback = false;
    thread.guard().switching_to = nullptr;
    // Another thread may have taken `prev` out of everything meanwhile: it is in the middle of its
    // switch, and goes on with that.
    if (prev->refs == 1 && prev->floats() && !prev->ended) {
      queue_append(thread, prev);
    } else {
      thread.release(prev);
    }
    // The callback may have taken the very tasklet out of the run queue that is about to run.
    if (next->floats()) {
      queue_append(thread, next);
    } else {
      thread.release(next);
    }
  }
  thread.set_current(current);
  thread.evaluation().del_post_switch = dying;
  return fine;
}

bool may_notify_channel(Thread& thread) {
  if (!thread.shared().channel_callback.installed || !thread.guard().callback_running) return true;
  thread.raise_runtime_error(ErrorCode::kRecursiveChannelCallback);
  return false;
}

// Tells the channel callback. False: it may not run now, because a callback is running; an
// exception is pending.
bool notify_channel(Thread& thread, Channel* channel, bool sending, bool will_block) {
  if (!may_notify_channel(thread)) return false;
  if (!thread.shared().channel_callback.installed) return true;
  thread.log(EventKind::kChannelCallback, {static_cast<std::int32_t>(channel->number),
                                           static_cast<std::int32_t>(thread.current()->number),
                                           sending ? 1 : 0, will_block ? 1 : 0});
  if (thread.shared().channel_callback.code == nullptr) return true;
  // Its arguments, which hold what they are while it runs: also while it is switched away.
  Tasklet* const acting = retain(thread.current());
  retain(channel);
  thread.guard().callback_running = true;
  run_callback(thread, *thread.shared().channel_callback.code,
               thread.settings().defects.has(Defect::kChannelCallbackErrorStays)
                   ? CallbackError::kStays
                   : CallbackError::kLogged);
  thread.guard().callback_running = false;
  thread.release(channel);
  thread.release(acting);
  return true;
}

}  // namespace reweave::runtime
