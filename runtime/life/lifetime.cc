// How objects are made and how they die. Death is where the runtime calls back: finalizers and weak
// references run in whatever tasklet is current, from inside a release, one interpreter level
// deeper.
#include <utility>

#include "runtime/tasklet/runtime.h"
#include "scheduler/base/check.h"

namespace reweave::runtime {

namespace {
constexpr int kKillsMax =
    10;  // Stackless's number: a tasklet that survives so many kills is given up.
}

Token* Thread::make_token() {
  if (lacks_memory()) return nullptr;
  return heap_.make<Token>(ObjectKind::kToken);
}

Bomb* Thread::make_bomb(ExceptionType type, ErrorCode code) {
  Bomb* const bomb = make_error(type, code);
  if (bomb != &memory_error_) return bomb;
  raise(bomb);
  return nullptr;
}

Bomb* Thread::make_error(ExceptionType type, ErrorCode code) {
  if (out_of_memory()) {
    ++runtime_.memory_errors_;
    return retain(&memory_error_);
  }
  Bomb* const bomb = heap_.make<Bomb>(ObjectKind::kBomb);
  bomb->type = type;
  bomb->code = code;
  return bomb;
}

Channel* Thread::make_channel(std::uint32_t number, bool beforehand) {
  if (!beforehand && lacks_memory()) return nullptr;
  Channel* const channel = heap_.make<Channel>(ObjectKind::kChannel);
  channel->number = number;
  channel->made_before = runtime_.last_channel_;
  runtime_.last_channel_ = channel;
  return channel;
}

Tasklet* Thread::make_tasklet() {
  Tasklet* const tasklet = heap_.make<Tasklet>(ObjectKind::kTasklet);
  const bool makeshift = ended_main_ != nullptr && main_ == nullptr;
  if (!runtime_.freed_.empty() && !makeshift) runtime_.freed_.pop_back();
  if (main_ == nullptr && number_ != 0) {
    tasklet->number = Runtime::kThreadMains + number_;
  } else {
    tasklet->number = runtime_.tasklet_count_++;
    if (runtime_.tasklet_count_ == Runtime::kThreadMains)
      runtime_.tasklet_count_ += Runtime::kThreadsMax;
  }
  Tasklet* const last = runtime_.last_tasklet_;
  (last == nullptr ? runtime_.first_tasklet_ : last->next_made) = tasklet;
  runtime_.last_tasklet_ = tasklet;
  tasklet->serial = runtime_.tasklets_made_++;
  touched_.add(tasklet);
  tasklet->thread = this;
  tasklet->tempval = none();
  tasklet->cstate = &stub_cstack_;
  tasklet->stack_place.tasklet = tasklet;
  if (number_ != 0) runtime_.add_stack(tasklet->stack_place);
  return tasklet;
}

bool Thread::is_alive(const Tasklet* tasklet) const {
  if (tasklet->ended || tasklet->thread == nullptr) return false;
  return tasklet == tasklet->thread->current_ || tasklet->frame || !tasklet->cstate->stub;
}

// The last reference goes. What is dead already was given away once before.
void Thread::destroy(Object* object) {
  if (object->dead) [[unlikely]]
    report_over_release(object);
  object->refs = 0;
  switch (object->kind) {
    case ObjectKind::kNone:
      CHECK_MSG(false, "None was released more often than it was retained");
      break;
    case ObjectKind::kToken:
    case ObjectKind::kBomb: {
      auto* const token = static_cast<Token*>(object);
      if (token->number != 0) {
        const SiteId site = running_ ? running_.frame->site : SiteId{};
        ledger_.destroyed(*token, current_, site, doing_);
      }
      heap_.retire(object);
      break;
    }
    case ObjectKind::kPair: {
      auto* const pair = static_cast<Pair*>(object);
      Object* const first = pair->first;
      Object* const second = pair->second;
      heap_.retire(object);
      release(first);
      release(second);
      // A tasklet's end is complete. If somebody still holds it, it holds nothing itself; but
      // another thread may have thrown at it while it ran.
      const auto* const ended = static_cast<const Tasklet*>(first);
      require(runtime_.threaded_ || ended->dead || !ended->ended || is_none(ended->tempval),
              "ended-tasklet-holds-value");
      break;
    }
    case ObjectKind::kTasklet:
      destroy_tasklet(static_cast<Tasklet*>(object));
      break;
    case ObjectKind::kChannel:
      destroy_channel(static_cast<Channel*>(object));
      break;
    case ObjectKind::kCell:
    case ObjectKind::kTuple:
    case ObjectKind::kFunction:
    case ObjectKind::kGenerator:
    case ObjectKind::kRecord:
    case ObjectKind::kReference:
      destroy_thing(static_cast<Thing*>(object));
      break;
    case ObjectKind::kDict:
      destroy_dict(static_cast<DictObject*>(object));
      break;
    case ObjectKind::kDictTable:
    case ObjectKind::kFrame:
    case ObjectKind::kWeakRef:
      CHECK_MSG(false, "frames are released by release_frame(), weak references by nobody");
      break;
  }
}

// Who is blocked on a channel that dies waits for nobody any more: it leaves the queue, whose
// reference was often its last.
void Thread::empty_channel(Channel* channel) {
  channel->closing = true;
  const bool sending = channel->balance > 0;
  if (settings_.defects.has(Defect::kDeadChannelKeepsQueue)) return;
  while (channel->head != nullptr) {
    Tasklet* const waiting = channel_pop(channel);
    ledger_.stop_waiting(*waiting, sending, ReleaseReason::kChannelDied);
    release(waiting);
    check_not_destroyed(channel);
  }
}

void Thread::destroy_channel(Channel* channel) {
  empty_channel(channel);
  heap_.retire(channel);
  // Who walks through all channels must be able to go past the dead.
  sanitizer::unpoison(&channel->made_before, sizeof channel->made_before);
}

// A suspended tasklet with a C stack cannot just vanish: it is killed, so that its stack unwinds,
// by a switch from inside this release. One without simply loses its frames.
void Thread::destroy_tasklet(Tasklet* tasklet) {
  require(tasklet->next == nullptr && tasklet->blocked == 0, "queued-tasklet-released");
  Bomb* const error = take_error();
  // So has one that its own thread sleeps in the middle of, which is what that will go on with.
  const bool slept_in =
      tasklet->thread != nullptr && tasklet->thread != this && tasklet->thread->current_ == tasklet;
  if (!tasklet->zombie && tasklet->thread != nullptr && !tasklet->ended &&
      (slept_in || !tasklet->cstate->stub) && !kill_last(tasklet)) {
    error_ = error;
    return;
  }
  tell_of_end(tasklet);

  const FrameRef frame = tasklet->frame;
  tasklet->frame = FrameRef{};
  Object* const tempval = tasklet->tempval;
  tasklet->tempval = nullptr;
  require(tasklet->cstate->stub || tasklet->ended || tasklet->thread == nullptr,
          "c-stack-released");
  if (tempval != nullptr) ledger_.let_go(*tempval, *tasklet, ReleaseReason::kHolderFinalized);
  const ActorId actor = tasklet->actor;
  const bool makeshift = tasklet == main_ && ended_main_ != nullptr;
  const bool started = tasklet->started;
  DictObject* const locals = std::exchange(tasklet->locals, nullptr);
  runtime_.drop_stack(tasklet->stack_place);
  heap_.retire(tasklet);
  // Who walks through all tasklets must be able to go past the dead.
  sanitizer::unpoison(&tasklet->next_made, sizeof tasklet->next_made);
  // The historical defect: a frame that has begun holds itself until it returns, and this one never
  // will.
  if (frame && started && settings_.defects.has(Defect::kFrameHoldsItself)) retain_frame(frame);
  if (frame) release_frame(frame);
  if (tempval != nullptr) release(tempval);
  if (locals != nullptr) release(locals);
  if (!makeshift) runtime_.freed_.push_back(actor);
  error_ = error;
}

// The last reference to a tasklet with a C stack is gone: it is killed until it is dead. False: it
// survives, because somebody refers to it again or because it was given up.
bool Thread::kill_last(Tasklet* tasklet) {
  tasklet->zombie = true;
  tasklet->refs = 1;
  // Of another thread: it goes on there as if nothing had happened, and is never freed (recorded
  // case t7-0131).
  if (tasklet->thread != this) release(insert(tasklet));
  const int kills_max = settings_.defects.has(Defect::kKillUntilDead) ? 1 << 30 : kKillsMax;
  for (int kills = 0; kills < kills_max && tasklet->thread == this && is_alive(tasklet); ++kills) {
    // Where nothing can be switched to, no operation of the program counts these turns.
    if (kills >= kKillsMax && !execution_->step(current_->actor, SiteId{})) abandon();
    Object* const value = kill(tasklet, /*soft=*/false);
    release(value != nullptr ? value : take_error());
  }
  // Given up: kept for ever, as in gc.garbage.
  if (is_alive(tasklet) && !settings_.defects.has(Defect::kSurvivorIsFreed)) {
    retain(tasklet);
    tasklet->given_up = true;
    ++runtime_.given_up_;
  }
  return --tasklet->refs == 0;
}

// Once: the collector does it before anything of its garbage is destroyed.
void Thread::tell_of_end(Tasklet* tasklet) {
  tasklet->dying = true;
  call_weakrefs(tasklet);
  check_not_destroyed(tasklet);
  if (tasklet->told_of_end) return;
  tasklet->told_of_end = true;
  if (!tasklet->is_main) log(EventKind::kFin, {static_cast<std::int32_t>(tasklet->number)});
}

// An exception of a callback has nobody to go to: it is logged and forgotten. Defects may let it
// out: false, and it is pending.
bool Thread::run_callback(Code& code, bool lets_errors_out) {
  require(error_ == nullptr, "callback-over-exception");
  Object* const value = evaluate(make_frame(code, code.entry), none());
  if (value != nullptr) {
    release(value);
    return true;
  }
  if (lets_errors_out) return false;
  Bomb* const bomb = take_error();
  log(EventKind::kCaught,
      {static_cast<std::int32_t>(bomb->type) | static_cast<std::int32_t>(bomb->code) << 8,
       static_cast<std::int32_t>(bomb->number)});
  release(bomb);
  return true;
}

}  // namespace reweave::runtime
