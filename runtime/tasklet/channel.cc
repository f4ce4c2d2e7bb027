// Sending and receiving: one action for both directions, after Stackless's generic_channel_action.
#include <utility>

#include "runtime/tasklet/runtime.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

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

// `direction`: 1 sends `value`, -1 receives (`value` is None). Consumes `value`.
//
// The value to send stands in the acting tasklet's tempval from the beginning, as in the real
// thing, so that a callback that runs meanwhile has something to lose. Every failure puts
// everything back.
Object* Thread::channel_action(Channel* channel, int direction, Object* value, bool soft) {
  Tasklet* const source = current_;
  if (!source->in_run_queue()) {
    // A schedule callback of a tasklet that is on its way out: it cannot wait, nor be switched to.
    release_value(source, value, ReleaseReason::kSendFailed);
    return raise_runtime_error(ErrorCode::kRecursiveScheduleCallback);
  }
  const auto peer_waits = [&] {
    return direction > 0 ? channel->balance < 0 : channel->balance > 0;
  };
  Object* const old = claim(source);
  set_tempval(source, value);

  const auto fail = [&]() -> Object* {
    Object* const unsent = source->tempval;
    source->tempval = old;
    release_value(source, unsent, ReleaseReason::kSendFailed);
    return nullptr;
  };
  // In the middle of another operation, its value has to be found where it was.
  const auto finish = [&] {
    if (callback_running_ && nesting_level_ > 0 && !is_none(old)) {
      set_tempval(source, old);
    } else {
      release(old);
    }
  };
  // The callback comes after an action between threads, before any other.
  const auto elsewhere = [&] { return peer_waits() && channel->head->thread != this; };
  const bool notified = !elsewhere();
  // The live defect: that it may not run now is seen when the values are exchanged already.
  const bool refused =
      notified ? !notify_channel(channel, direction > 0, !peer_waits())
               : !settings_.defects.has(Defect::kCallbackRefusedLate) && !may_notify_channel();
  if (refused) {
    if (!settings_.defects.has(Defect::kRefusedSendReplaces)) return fail();
    release(old);  // The defect: what was refused stays where the outer operation will find it.
    return nullptr;
  }

  Tasklet* target = nullptr;
  Tasklet* peer = nullptr;
  // Looked at again: the callback may have switched, and others may have come or gone meanwhile.
  if (elsewhere()) {
    if (channel->head->thread == nullptr) {
      raise_runtime_error(ErrorCode::kNoThread);
      return fail();
    }
    peer = channel_pop(channel);
    std::swap(source->tempval, peer->tempval);
    Tasklet* const receiver = direction > 0 ? peer : source;
    ledger_.hand_over(*receiver->tempval, *receiver);
    queue_append(peer);
    peer->thread->wake();
    Object* const result = claim(source);
    const bool told = notified || notify_channel(channel, direction > 0, /*will_block=*/false);
    finish();
    if (told) return explode(result);
    release(result);
    return nullptr;
  }
  if (peer_waits()) {
    peer = channel_pop(channel);
    if (peer->wait_note != nullptr) [[unlikely]]
      steps_waited_ += execution_->steps() - read_wait_note(peer->wait_note);
    std::swap(source->tempval, peer->tempval);
    Tasklet* const receiver = direction > 0 ? peer : source;
    ledger_.hand_over(*receiver->tempval, *receiver);
    if (channel->schedule_all) {
      queue_append(peer);
      target = source->next;
    } else if (channel->preference == -direction) {
      queue_insert_after_head(peer);
      target = peer;
    } else {
      queue_append(peer);
      target = source;
    }
  } else {
    if (source->block_trap) {
      raise_runtime_error(ErrorCode::kBlockTrap);
      (void)fail();
      // The defect: everything is put back, and then there is a result all the same.
      return settings_.defects.has(Defect::kFailedBlockGoesOn) ? claim(source) : nullptr;
    }
    if (channel->closing) {
      raise(make_error(ExceptionType::kValueError, ErrorCode::kClosed));
      return fail();
    }
    if (is_leaving() && refuses_switch()) return fail();
    queue_remove(source);
    channel_append(channel, source, direction);
    target = head_;
  }

  // The defect: since when it waits stands in this very frame, which is sliced away while it waits.
  const std::uint64_t since = execution_->steps();
  const bool notes = settings_.defects.has(Defect::kWaitNoteOnStack);
  if (notes && peer == nullptr && (!soft || nesting_level_ > 0)) source->wait_note = &since;
  require(del_post_switch_ == nullptr, "post-switch-occupied");
  if (!settings_.defects.has(Defect::kChannelDiesUnwinding)) del_post_switch_ = retain(channel);
  bool switched = false;
  // Where the program says who runs on, no pending interrupt interferes.
  const bool no_soft_irq = peer != nullptr && !channel->schedule_all;
  Object* const result = schedule_task(source, target, soft, &switched, no_soft_irq);
  source->wait_note = nullptr;
  if (!switched) release_undue();
  if (result == nullptr && !switched && peer != nullptr && target != source) {
    undo_hand_over(channel, peer, direction);
    return fail();
  }
  if (!switched && source->blocked != 0) {
    channel_remove(source);
    queue_unremove(source);
    return fail();
  }
  // Served by another thread while this one slept, and taken out of the run queue again:
  // it goes on all the same, for its switch was refused.
  if (result == nullptr && !switched && !source->in_run_queue()) queue_unremove(retain(source));
  require(result != kUnwind || !callback_running_ || is_none(old), "soft-switch-in-callback");
  finish();
  return result;
}

}  // namespace reweave::runtime
