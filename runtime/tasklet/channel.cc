#include "runtime/tasklet/channel.h"

#include <utility>

#include "runtime/tasklet/callbacks.h"
#include "runtime/tasklet/channel_queue.h"
#include "runtime/tasklet/switching.h"
#include "runtime/tasklet/tempval.h"
#include "runtime/tasklet/waits.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

Object* send(Thread& thread, Channel* channel, Object* value, SiteId site, bool soft) {
  // The one MemoryError may be on its way to several receivers at once.
  if (value != &thread.shared().memory_error)
    thread.ledger().enter(*value, *thread.current(), site);
  return channel_action(thread, channel, 1, value, soft);
}

void close_reception(Thread& thread, const Reception& reception, SiteId site, Object* value) {
  thread.ledger().received(value != nullptr ? *value : *thread.error(), *thread.current(), site);
  thread.current()->expects = reception.interrupted;
}

namespace {

// What the defect reads is somebody else's by now. Only a build with windows can tell, and so only
// there AddressSanitizer may look: what it says elsewhere would depend on whose frame it happens to
// be.
#if !defined(REWEAVE_STACK_WINDOWS)
REWEAVE_UNINSTRUMENTED
#endif
std::uint64_t read_wait_note(const std::uint64_t* note) {
  return *const_cast<const volatile std::uint64_t*>(note);
}

// The switch to `peer`, or past it, was refused (switch_trap): the hand-over is undone, place in
// the queues and values alike. Each defect forgets one part of it.
void undo_hand_over(Thread& thread, Channel* channel, Tasklet* peer, int direction) {
  Tasklet* const source = thread.current();
  const DefectSet defects = thread.settings().defects;
  if (!defects.has(Defect::kRefusedSwitchKeepsValue)) {
    std::swap(source->tempval, peer->tempval);
    thread.ledger().take_back(*(direction > 0 ? source : peer)->tempval,
                              direction > 0 ? *peer : *source);
  }
  queue_remove(thread, peer);
  if (defects.has(Defect::kRefusedSwitchLosesPeer)) return;
  // The live defect, which only debug builds of the real thing show: the end of the queue is the
  // channel itself, which is taken for the tasklet to insert before.
  require(thread, channel->head != nullptr || !defects.has(Defect::kUndoTakesChannelForTasklet),
          "channel-taken-for-tasklet");
  channel_insert(thread, channel, channel->head, peer, -direction);
  if (defects.has(Defect::kRefusedSwitchKeepsBalance)) channel->balance += direction;
}

// One action on a channel, in phases. It lives on the C stack of the acting tasklet, and nothing
// else refers to it. The phases of the usual ways are inline: calls would cost a tenth of a
// hand-over.
struct ChannelAction {
  Channel* channel;
  int direction;  // 1 sends, -1 receives.
  bool soft;
  Tasklet* source;            // Who acts.
  Object* old;                // What was in its tempval; owned.
  Tasklet* peer = nullptr;    // Who waited at the other end, once it has been served.
  Tasklet* target = nullptr;  // Who is to run next.

  bool peer_waits() const { return direction > 0 ? channel->balance < 0 : channel->balance > 0; }
  bool peer_is_elsewhere(const Thread* here) const {
    return peer_waits() && channel->head->thread != here;
  }
};

// An exception is pending: the action has not taken place.
Object* fail(Thread& thread, const ChannelAction& action) {
  Object* const unsent = action.source->tempval;
  action.source->tempval = action.old;
  release_value(thread, action.source, unsent, ReleaseReason::kSendFailed);
  return nullptr;
}

// It has. In the middle of another operation, whose callback this is, that one's value has to be
// found where it was, but under a live defect.
[[gnu::always_inline]] inline void finish(Thread& thread, const ChannelAction& action) {
  if (thread.guard().callback_running && thread.evaluation().nesting_level > 0 &&
      !thread.is_none(action.old) &&
      !thread.settings().defects.has(Defect::kValueTakenByCallback)) {
    set_tempval(thread, action.source, action.old);
  } else {
    thread.release(action.old);
  }
}

// The first who waits leaves the channel, and both have what the other had.
[[gnu::always_inline]] inline void exchange_values(Thread& thread, ChannelAction& action) {
  Tasklet* const source = action.source;
  Tasklet* const peer = action.peer = channel_pop(thread, action.channel);
  if (peer->wait_note != nullptr && peer->thread == &thread) [[unlikely]]
    (void)read_wait_note(peer->wait_note);
  std::swap(source->tempval, peer->tempval);
  const bool sends = action.direction > 0;
  Tasklet* const receiver = sends ? peer : source;
  thread.ledger().hand_over(*receiver->tempval, sends ? *source : *peer, *receiver);
}

// With one of another thread: it becomes runnable there, and this one goes on.
Object* hand_over_elsewhere(Thread& thread, ChannelAction& action, bool notified) {
  if (action.channel->head->thread == nullptr) {
    thread.raise_runtime_error(ErrorCode::kNoThread);
    return fail(thread, action);
  }
  exchange_values(thread, action);
  queue_append(thread, action.peer);
  wake(*action.peer->thread);
  Object* const result = claim(thread, action.source);
  const bool told = notified || notify_channel(thread, action.channel, action.direction > 0,
                                               /*will_block=*/false);
  finish(thread, action);
  if (told) return explode(thread, result);
  thread.release(result);
  return nullptr;
}

// With one of this thread; the channel says who of the two runs on.
[[gnu::always_inline]] inline void serve(Thread& thread, ChannelAction& action) {
  exchange_values(thread, action);
  if (action.channel->schedule_all) {
    queue_append(thread, action.peer);
    action.target = action.source->next;
  } else if (action.channel->preference == -action.direction) {
    queue_insert_after_head(thread, action.peer);
    action.target = action.peer;
  } else {
    queue_append(thread, action.peer);
    action.target = action.source;
  }
}

// Nobody waits. False: the action has failed, for the tasklet may not wait either.
[[gnu::always_inline]] inline bool may_wait(Thread& thread, const ChannelAction& action) {
  if (action.source->block_trap) {
    thread.raise_runtime_error(ErrorCode::kBlockTrap);
  } else if (action.channel->closing) {
    thread.raise(thread.make_error(ExceptionType::kValueError, ErrorCode::kClosed));
  } else if (!action.source->in_run_queue()) {
    thread.raise_runtime_error(ErrorCode::kRecursiveScheduleCallback);
  } else if (!is_leaving(thread) || !refuses_switch(thread)) {
    return true;
  }
  fail(thread, action);
  return false;
}

[[gnu::always_inline]] inline Object* switch_or_undo(Thread& thread, ChannelAction& action) {
  Tasklet* const source = action.source;
  Channel* const channel = action.channel;
  const bool served = action.peer != nullptr;
  // The defect: since when it waits stands in this very frame, which is sliced away while it waits.
  const std::uint64_t since = thread.execution().steps();
  const bool notes = thread.settings().defects.has(Defect::kWaitNoteOnStack);
  if (notes && !served && (!action.soft || thread.evaluation().nesting_level > 0))
    source->wait_note = &since;
  require(thread, thread.evaluation().del_post_switch == nullptr, "post-switch-occupied");
  if (!thread.settings().defects.has(Defect::kChannelDiesUnwinding))
    thread.evaluation().del_post_switch = retain(channel);
  bool switched = false;
  // Where the program says who runs on, no pending interrupt interferes.
  const bool no_soft_irq = served && !channel->schedule_all;
  Object* const result =
      schedule_task(thread, source, action.target, action.soft, &switched, no_soft_irq);
  source->wait_note = nullptr;
  if (!switched) release_undue(thread);
  if (result == nullptr && !switched && served && action.target != source) {
    undo_hand_over(thread, channel, action.peer, action.direction);
    return fail(thread, action);
  }
  if (!switched && source->blocked != 0) {
    (void)channel_remove(thread, source);
    queue_unremove(thread, source);
    return fail(thread, action);
  }
  finish(thread, action);
  return result;
}

}  // namespace

// `value` (owned) is what is sent; None for a receive.
//
// It stands in the acting tasklet's tempval from the beginning, as in the real thing, so that a
// callback that runs meanwhile has something to lose. Every failure puts everything back.
Object* channel_action(Thread& thread, Channel* channel, int direction, Object* value, bool soft) {
  Tasklet* const source = thread.current();
  ChannelAction action{channel, direction, soft, source, claim(thread, source)};
  set_tempval(thread, source, value);
  const DefectSet defects = thread.settings().defects;
  bool peer = action.peer_waits();
  // The callback comes after an action between threads, before any other.
  const bool notified = !action.peer_is_elsewhere(&thread);
  // The live defect: that it may not run now is seen when the values are exchanged already.
  const bool refused =
      notified ? !notify_channel(thread, channel, direction > 0, !peer)
               : !defects.has(Defect::kCallbackRefusedLate) && !may_notify_channel(thread);
  if (refused) {
    if (!defects.has(Defect::kRefusedSendReplaces)) return fail(thread, action);
    thread.release(
        action.old);  // The defect: what was refused stays where the outer operation finds it.
    return nullptr;
  }
  // The callback may have switched, and others may have come or gone meanwhile. The live defect
  // does not look again.
  if (defects.has(Defect::kPeerLookedUpEarly)) {
    require(thread, !peer || channel->head != nullptr, "peer-has-gone");
  } else {
    peer = action.peer_waits();
  }
  if (peer && !source->in_run_queue()) {
    // A schedule callback of a tasklet that is on its way out: it cannot be switched to, nor go on.
    thread.raise_runtime_error(ErrorCode::kRecursiveScheduleCallback);
    return fail(thread, action);
  }
  if (peer && channel->head->thread != &thread)
    return hand_over_elsewhere(thread, action, notified);
  if (peer) {
    serve(thread, action);
  } else if (!may_wait(thread, action)) {
    return defects.has(Defect::kFailedBlockGoesOn) && source->block_trap ? claim(thread, source)
                                                                         : nullptr;
  } else {
    queue_remove(thread, source);
    channel_append(thread, channel, source, direction);
    if (channel->number != Channel::kUnnamed)
      thread.note(direction > 0 ? EventKind::kSendAwaited : EventKind::kReceiveAwaited,
                  {static_cast<std::int32_t>(channel->number)});
    // Where its own switch is refused it does not stay there.
    if (direction > 0 && !thread.guard().refuses()) wake_selectors(thread, channel->number);
    action.target = thread.queue().head;
  }
  return switch_or_undo(thread, action);
}

}  // namespace reweave::runtime
