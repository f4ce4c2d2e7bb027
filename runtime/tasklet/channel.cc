// Sending and receiving: one action for both directions, after Stackless's generic_channel_action.
#include <utility>

#include "runtime/tasklet/runtime.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

Object* Thread::send(Channel* channel, Object* value, SiteId site, bool soft) {
  // The one MemoryError may be on its way to several receivers at once.
  if (value != &memory_error_) ledger_.enter(*value, *current_, site);
  return channel_action(channel, 1, value, soft);
}

void Thread::close_reception(const Reception& reception, SiteId site, Object* value) {
  ledger_.received(value != nullptr ? *value : *error_, *current_, site);
  current_->expects = reception.interrupted;
}

bool Thread::may_notify_channel() {
  if (!channel_callback_.installed || !callback_running_) return true;
  raise_runtime_error(ErrorCode::kRecursiveChannelCallback);
  return false;
}

// What the defect reads is somebody else's by now. Only a build with windows can tell, and so only
// there AddressSanitizer may look: what it says elsewhere would depend on whose frame it happens to
// be.
#if !defined(REWEAVE_STACK_WINDOWS)
REWEAVE_UNINSTRUMENTED
#endif
std::uint64_t Thread::read_wait_note(const std::uint64_t* note) {
  return *const_cast<const volatile std::uint64_t*>(note);
}

// Tells the channel callback. False: it may not run now, because a callback is running; an
// exception is pending.
bool Thread::notify_channel(Channel* channel, bool sending, bool will_block) {
  if (!may_notify_channel()) return false;
  if (!channel_callback_.installed) return true;
  log(EventKind::kChannelCallback,
      {static_cast<std::int32_t>(channel->number), static_cast<std::int32_t>(current_->number),
       sending ? 1 : 0, will_block ? 1 : 0});
  if (channel_callback_.code != nullptr) {
    callback_running_ = true;
    run_callback(*channel_callback_.code,
                 settings_.defects.has(Defect::kChannelCallbackErrorStays));
    callback_running_ = false;
  }
  return true;
}

// The switch to `peer`, or past it, was refused (switch_trap): the hand-over is undone, place in
// the queues and values alike. Each defect forgets one part of it.
void Thread::undo_hand_over(Channel* channel, Tasklet* peer, int direction) {
  Tasklet* const source = current_;
  const DefectSet defects = settings_.defects;
  if (!defects.has(Defect::kRefusedSwitchKeepsValue)) {
    std::swap(source->tempval, peer->tempval);
    ledger_.take_back(*(direction > 0 ? source : peer)->tempval, direction > 0 ? *peer : *source);
  }
  queue_remove(peer);
  if (defects.has(Defect::kRefusedSwitchLosesPeer)) return;
  // The live defect, which only debug builds of the real thing show: the end of the queue is the
  // channel itself, which is taken for the tasklet to insert before.
  require(channel->head != nullptr || !defects.has(Defect::kUndoTakesChannelForTasklet),
          "channel-taken-for-tasklet");
  channel_insert(channel, channel->head, peer, -direction);
  if (defects.has(Defect::kRefusedSwitchKeepsBalance)) channel->balance += direction;
}

// One action on a channel, in phases. It lives on the C stack of the acting tasklet, and nothing
// else refers to it. The phases of the usual ways are inline: calls would cost a tenth of a
// hand-over.
struct Thread::ChannelAction {
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
Object* Thread::fail(const ChannelAction& action) {
  Object* const unsent = action.source->tempval;
  action.source->tempval = action.old;
  release_value(action.source, unsent, ReleaseReason::kSendFailed);
  return nullptr;
}

// It has. In the middle of another operation, whose callback this is, that one's value has to be
// found where it was.
[[gnu::always_inline]] inline void Thread::finish(const ChannelAction& action) {
  if (callback_running_ && nesting_level_ > 0 && !is_none(action.old)) {
    set_tempval(action.source, action.old);
  } else {
    release(action.old);
  }
}

// The first who waits leaves the channel, and both have what the other had.
[[gnu::always_inline]] inline void Thread::exchange_values(ChannelAction& action) {
  Tasklet* const source = action.source;
  Tasklet* const peer = action.peer = channel_pop(action.channel);
  if (peer->wait_note != nullptr && peer->thread == this) [[unlikely]]
    steps_waited_ += execution_->steps() - read_wait_note(peer->wait_note);
  std::swap(source->tempval, peer->tempval);
  const bool sends = action.direction > 0;
  Tasklet* const receiver = sends ? peer : source;
  ledger_.hand_over(*receiver->tempval, sends ? *source : *peer, *receiver);
}

// With one of another thread: it becomes runnable there, and this one goes on.
Object* Thread::hand_over_elsewhere(ChannelAction& action, bool notified) {
  if (action.channel->head->thread == nullptr) {
    raise_runtime_error(ErrorCode::kNoThread);
    return fail(action);
  }
  exchange_values(action);
  queue_append(action.peer);
  action.peer->thread->wake();
  Object* const result = claim(action.source);
  const bool told =
      notified || notify_channel(action.channel, action.direction > 0, /*will_block=*/false);
  finish(action);
  if (told) return explode(result);
  release(result);
  return nullptr;
}

// With one of this thread; the channel says who of the two runs on.
[[gnu::always_inline]] inline void Thread::serve(ChannelAction& action) {
  exchange_values(action);
  if (action.channel->schedule_all) {
    queue_append(action.peer);
    action.target = action.source->next;
  } else if (action.channel->preference == -action.direction) {
    queue_insert_after_head(action.peer);
    action.target = action.peer;
  } else {
    queue_append(action.peer);
    action.target = action.source;
  }
}

// Nobody waits. False: the action has failed, for the tasklet may not wait either.
[[gnu::always_inline]] inline bool Thread::may_wait(const ChannelAction& action) {
  if (action.source->block_trap) {
    raise_runtime_error(ErrorCode::kBlockTrap);
  } else if (action.channel->closing) {
    raise(make_error(ExceptionType::kValueError, ErrorCode::kClosed));
  } else if (!is_leaving() || !refuses_switch()) {
    return true;
  }
  fail(action);
  return false;
}

[[gnu::always_inline]] inline Object* Thread::switch_or_undo(ChannelAction& action) {
  Tasklet* const source = action.source;
  Channel* const channel = action.channel;
  const bool served = action.peer != nullptr;
  // The defect: since when it waits stands in this very frame, which is sliced away while it waits.
  const std::uint64_t since = execution_->steps();
  const bool notes = settings_.defects.has(Defect::kWaitNoteOnStack);
  if (notes && !served && (!action.soft || nesting_level_ > 0)) source->wait_note = &since;
  require(del_post_switch_ == nullptr, "post-switch-occupied");
  if (!settings_.defects.has(Defect::kChannelDiesUnwinding)) del_post_switch_ = retain(channel);
  bool switched = false;
  // Where the program says who runs on, no pending interrupt interferes.
  const bool no_soft_irq = served && !channel->schedule_all;
  Object* const result = schedule_task(source, action.target, action.soft, &switched, no_soft_irq);
  source->wait_note = nullptr;
  if (!switched) release_undue();
  if (result == nullptr && !switched && served && action.target != source) {
    undo_hand_over(channel, action.peer, action.direction);
    return fail(action);
  }
  if (!switched && source->blocked != 0) {
    channel_remove(source);
    queue_unremove(source);
    return fail(action);
  }
  // Served by another thread while this one slept, and taken out of the run queue again:
  // it goes on all the same, for its switch was refused.
  if (result == nullptr && !switched && !source->in_run_queue()) queue_unremove(retain(source));
  require(result != kUnwind || !callback_running_ || is_none(action.old),
          "soft-switch-in-callback");
  finish(action);
  return result;
}

// `value` (owned) is what is sent; None for a receive.
//
// It stands in the acting tasklet's tempval from the beginning, as in the real thing, so that a
// callback that runs meanwhile has something to lose. Every failure puts everything back.
Object* Thread::channel_action(Channel* channel, int direction, Object* value, bool soft) {
  Tasklet* const source = current_;
  if (!source->in_run_queue()) {
    // A schedule callback of a tasklet that is on its way out: it cannot wait, nor be switched to.
    release_value(source, value, ReleaseReason::kSendFailed);
    return raise_runtime_error(ErrorCode::kRecursiveScheduleCallback);
  }
  ChannelAction action{channel, direction, soft, source, claim(source)};
  set_tempval(source, value);
  // The callback comes after an action between threads, before any other.
  const bool notified = !action.peer_is_elsewhere(this);
  // The live defect: that it may not run now is seen when the values are exchanged already.
  const bool refused =
      notified ? !notify_channel(channel, direction > 0, !action.peer_waits())
               : !settings_.defects.has(Defect::kCallbackRefusedLate) && !may_notify_channel();
  if (refused) {
    if (!settings_.defects.has(Defect::kRefusedSendReplaces)) return fail(action);
    release(action.old);  // The defect: what was refused stays where the outer operation finds it.
    return nullptr;
  }
  // Looked at again: the callback may have switched, and others may have come or gone meanwhile.
  if (action.peer_is_elsewhere(this)) return hand_over_elsewhere(action, notified);
  if (action.peer_waits()) {
    serve(action);
  } else if (!may_wait(action)) {
    return settings_.defects.has(Defect::kFailedBlockGoesOn) && source->block_trap ? claim(source)
                                                                                   : nullptr;
  } else {
    queue_remove(source);
    channel_append(channel, source, direction);
    action.target = head_;
  }
  return switch_or_undo(action);
}

}  // namespace reweave::runtime
