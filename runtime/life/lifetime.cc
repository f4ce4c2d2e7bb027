#include "runtime/life/lifetime.h"

#include <utility>

#include "runtime/life/dict_object.h"
#include "runtime/life/generator_object.h"
#include "runtime/life/weakref.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/channel_queue.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/runtime.h"
#include "runtime/tasklet/tasklet_state.h"
#include "runtime/tasklet/tempval.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

namespace {
constexpr int kKillsMax =
    10;  // Stackless's number: a tasklet that survives so many kills is given up.
}

Token* Thread::make_token() {
  if (lacks_memory(*this)) return nullptr;
  return shared_.heap.make<Token>(ObjectKind::kToken);
}

Bomb* Thread::make_bomb(ExceptionType type, ErrorCode code) {
  Bomb* const bomb = make_error(type, code);
  if (bomb != &shared_.memory_error) return bomb;
  raise(bomb);
  return nullptr;
}

Bomb* Thread::make_error(ExceptionType type, ErrorCode code) {
  if (out_of_memory(*this)) {
    ++shared_.memory_errors;
    return retain(&shared_.memory_error);
  }
  Bomb* const bomb = shared_.heap.make<Bomb>(ObjectKind::kBomb);
  bomb->type = type;
  bomb->code = code;
  return bomb;
}

Channel* Thread::make_channel(std::uint32_t number, bool beforehand) {
  if (!beforehand && lacks_memory(*this)) return nullptr;
  Channel* const channel = shared_.heap.make<Channel>(ObjectKind::kChannel);
  channel->number = number;
  channel->made_before = shared_.last_channel;
  shared_.last_channel = channel;
  return channel;
}

Tasklet* make_tasklet(Thread& thread) {
  Tasklet* const tasklet = thread.heap().make<Tasklet>(ObjectKind::kTasklet);
  if (thread.main_tasklet() == nullptr && thread.number() != 0) {
    const bool makeshift = thread.life().ended_main != nullptr;
    tasklet->number = makeshift ? Runtime::kMakeshift : Runtime::kThreadMains + thread.number();
  } else {
    tasklet->number = thread.shared().tasklet_count++;
    if (thread.shared().tasklet_count == Runtime::kThreadMains)
      thread.shared().tasklet_count += Runtime::kThreadsMax;
  }
  Tasklet* const last = thread.shared().last_tasklet;
  (last == nullptr ? thread.shared().first_tasklet : last->next_made) = tasklet;
  thread.shared().last_tasklet = tasklet;
  tasklet->serial = thread.shared().tasklets_made++;
  thread.shared().touched.add(tasklet);
  tasklet->thread = &thread;
  tasklet->tempval = thread.none();
  tasklet->cstate = &thread.saved().stub;
  tasklet->stack_place.tasklet = tasklet;
  if (thread.number() != 0) thread.shared().stacks.add(tasklet->stack_place);
  return tasklet;
}

namespace {

// The last reference to a tasklet with a C stack is gone: it is killed until it is dead. False: it
// survives, because somebody refers to it again or because it was given up.
bool kill_last(Thread& thread, Tasklet* tasklet) {
  tasklet->zombie = true;
  tasklet->refs = 1;
  // Of another thread: it raises TaskletExit there, and is never freed. The live defect takes the
  // exception away again: it goes on as if nothing had happened (recorded case t7-0131).
  if (tasklet->thread != &thread) {
    thread.release(thread.insert(tasklet));
    Object* const old = tasklet->tempval;
    tasklet->tempval = thread.make_error(ExceptionType::kTaskletExit);
    release_value(thread, tasklet, old, ReleaseReason::kHolderKilled);
  }
  const int kills_max = thread.settings().defects.has(Defect::kKillUntilDead) ? 1 << 30 : kKillsMax;
  for (int kills = 0; kills < kills_max && tasklet->thread == &thread && is_alive(tasklet);
       ++kills) {
    // Where nothing can be switched to, no operation of the program counts these turns.
    if (kills >= kKillsMax && !thread.execution().step(thread.current()->actor, SiteId{}))
      thread.abandon();
    Object* const value = thread.kill(tasklet, /*soft=*/false);
    thread.release(value != nullptr ? value : thread.take_error());
  }
  // Given up: kept for ever, as in gc.garbage.
  if (is_alive(tasklet) && !thread.settings().defects.has(Defect::kSurvivorIsFreed)) {
    retain(tasklet);
    tasklet->given_up = true;
    ++thread.shared().given_up;
    if (thread.settings().defects.has(Defect::kSurvivorLosesValue))
      set_tempval(thread, tasklet, thread.none());
  }
  return --tasklet->refs == 0;
}

// A suspended tasklet with a C stack cannot just vanish: it is killed, so that its stack unwinds,
// by a switch from inside this release. One without simply loses its frames.
void destroy_tasklet(Thread& thread, Tasklet* tasklet) {
  require(thread, tasklet->floats(), "queued-tasklet-released");
  Bomb* const error = thread.take_error();
  // So has one that its own thread sleeps in the middle of, which is what that will go on with.
  const bool slept_in = tasklet->thread != nullptr && tasklet->thread != &thread &&
                        tasklet->thread->current() == tasklet;
  if (!tasklet->zombie && tasklet->thread != nullptr && !tasklet->ended &&
      (slept_in || !tasklet->cstate->stub) && !kill_last(thread, tasklet)) {
    thread.set_error(error);
    return;
  }
  tell_of_end(thread, tasklet);

  const FrameRef frame = tasklet->frame;
  tasklet->frame = FrameRef{};
  Object* const tempval = tasklet->tempval;
  tasklet->tempval = nullptr;
  require(thread, tasklet->cstate->stub || tasklet->ended || tasklet->thread == nullptr,
          "c-stack-released");
  if (tempval != nullptr)
    thread.ledger().let_go(*tempval, *tasklet, ReleaseReason::kHolderFinalized);
  const bool started = tasklet->started, on_c_stack = !tasklet->cstate->stub;
  const bool leaves_ring_last = tasklet == thread.life().leaves_ring_last;
  DictObject* const locals = std::exchange(tasklet->locals, nullptr);
  tasklet->stack_place.tasklet = nullptr;
  thread.heap().retire(tasklet);
  // Who walks through all tasklets must be able to go past the dead.
  sanitizer::unpoison(&tasklet->next_made, sizeof tasklet->next_made);
  sanitizer::unpoison(&tasklet->stack_place, sizeof tasklet->stack_place);
  // The historical defect: a frame that has begun holds itself until it returns, and this one never
  // will.
  if (frame && started && thread.settings().defects.has(Defect::kFrameHoldsItself))
    retain_frame(thread, frame);
  give_up_frames(thread, frame, on_c_stack);
  if (tempval != nullptr) thread.release(tempval);
  if (locals != nullptr) thread.release(locals);
  if (!leaves_ring_last) thread.shared().stacks.drop(tasklet->stack_place);
  thread.set_error(error);
}

void destroy_channel(Thread& thread, Channel* channel) {
  empty_channel(thread, channel);
  thread.heap().retire(channel);
  // Who walks through all channels must be able to go past the dead.
  sanitizer::unpoison(&channel->made_before, sizeof channel->made_before);
}

// A tasklet's end is complete. If somebody still holds it, it holds nothing itself; but another
// thread may have thrown at it while it ran, and under a live defect what its schedule callback was
// refused to send may have been left there.
void destroy_pair(Thread& thread, Pair* pair) {
  Object* const first = pair->first;
  Object* const second = pair->second;
  thread.heap().retire(pair);
  thread.release(first);
  thread.release(second);
  const auto* const ended = static_cast<const Tasklet*>(first);
  require(thread,
          thread.shared().lock.threaded || ended->dead || !ended->ended ||
              thread.is_none(ended->tempval) ||
              thread.settings().defects.has(Defect::kRefusedSendReplaces),
          "ended-tasklet-holds-value");
}

}  // namespace

// The last reference goes. What is dead already was given away once before.
void destroy(Thread& thread, Object* object) {
  if (object->dead) [[unlikely]]
    report_over_release(thread, object);
  object->refs = 0;
  switch (object->kind) {
    case ObjectKind::kNone:
      CHECK_MSG(false, "None was released more often than it was retained");
      break;
    case ObjectKind::kToken:
    case ObjectKind::kBomb: {
      auto* const token = static_cast<Token*>(object);
      if (token->number != 0 || token->place == TokenPlace::kThrown) {
        // A defect may have taken the running frame away; then it is found when it goes on.
        const Evaluation& evaluation = thread.evaluation();
        const SiteId site = evaluation.is_known() ? evaluation.running.frame->site : SiteId{};
        thread.ledger().destroyed(*token, thread.current(), site, thread.evaluation().doing);
      }
      thread.heap().retire(object);
      break;
    }
    case ObjectKind::kPair:
      destroy_pair(thread, static_cast<Pair*>(object));
      break;
    case ObjectKind::kTasklet:
      destroy_tasklet(thread, static_cast<Tasklet*>(object));
      break;
    case ObjectKind::kChannel:
      destroy_channel(thread, static_cast<Channel*>(object));
      break;
    case ObjectKind::kCell:
    case ObjectKind::kTuple:
    case ObjectKind::kFunction:
    case ObjectKind::kGenerator:
    case ObjectKind::kRecord:
    case ObjectKind::kReference:
      destroy_thing(thread, static_cast<Thing*>(object));
      break;
    case ObjectKind::kDict:
      destroy_dict(thread, static_cast<DictObject*>(object));
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
void empty_channel(Thread& thread, Channel* channel) {
  channel->closing = true;
  if (thread.settings().defects.has(Defect::kDeadChannelKeepsQueue)) return;
  while (channel->head != nullptr) {
    const bool sending = channel->head->blocked > 0;
    Tasklet* const waiting = channel_pop(thread, channel);
    thread.ledger().stop_waiting(*waiting, sending, ReleaseReason::kChannelDied);
    thread.release(waiting);
    check_not_destroyed(thread, channel);
  }
}

// Once: the collector does it before anything of its garbage is destroyed.
void tell_of_end(Thread& thread, Tasklet* tasklet) {
  tasklet->dying = true;
  call_weakrefs(thread, tasklet);
  check_not_destroyed(thread, tasklet);
  if (tasklet->told_of_end) return;
  tasklet->told_of_end = true;
  if (!tasklet->is_main) thread.log(EventKind::kFin, {static_cast<std::int32_t>(tasklet->number)});
}

}  // namespace reweave::runtime
