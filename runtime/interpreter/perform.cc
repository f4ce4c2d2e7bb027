// How an operation begins: one case for each line of operations.def that is no block. Those that
// send and receive are in exchange.cc, those on things in scenario_things.cc.
#include <cstdlib>

#include "runtime/interpreter/locals.h"
#include "runtime/life/generator_object.h"
#include "runtime/tasklet/allocation.h"
#include "runtime/tasklet/frame_cache.h"
#include "runtime/tasklet/tasklet_state.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

// Begins an operation: its result, null and an exception, or kUnwind. Here those on tasklets and on
// who runs; each of the functions below knows one topic, and leaves the rest to the next one.
Object* Interpreter::perform(const Op& op, Locals& locals, Frame& frame) {
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kEmit:
      emit(a, frame.site);
      break;
    case OpCode::kSet:
    case OpCode::kAdd:
    case OpCode::kGet:
    case OpCode::kPut:
    case OpCode::kPlus:
    case OpCode::kLess:
    case OpCode::kAssert:
      return perform_on_integers(op, frame.site);
    case OpCode::kSpawn:
    case OpCode::kBind:
      return bind(op);
    case OpCode::kSelf:
    case OpCode::kGetmain:
    case OpCode::kDrop:
    case OpCode::kCopy:
    case OpCode::kSame:
      return perform_on_slots(op, locals);
    case OpCode::kSched:
      return thread().schedule(soft());
    case OpCode::kSchedrm:
      return thread().schedule_remove(soft());
    case OpCode::kCall:
      return call(a);
    case OpCode::kHcall:
      return evaluate(thread(), make_frame(thread(), code_of(a), code_of(a).entry),
                      thread().none());
    case OpCode::kRec:
      if (a > 0) return rec(a, op.args[1], frame.site);
      return op.args[1] < 0 ? thread().none() : call(op.args[1]);
    case OpCode::kRaise:
      return thread().raise(thread().make_error(static_cast<ExceptionType>(a)));
    case OpCode::kRunall:
    case OpCode::kRunto:
      return run_others(op);
    case OpCode::kSpin:
    case OpCode::kSpinsched:
    case OpCode::kBurn:
      return work(op, locals);
    case OpCode::kHspin:
      return evaluate(thread(), make_frame(thread(), hspin_code_, frame.site), thread().none());
    case OpCode::kYield:
      return yield(op, locals);
    case OpCode::kTstart:
      if (lacks_memory(thread())) return nullptr;
      start_thread(static_cast<std::uint32_t>(a), op.args[1]);
      break;
    case OpCode::kSettle:
      thread().note(EventKind::kSettles);
      settle(thread(), frame.site);
      break;
    case OpCode::kGc:
      // After one that a question asked for it may find garbage in another order.
      if (collections_.empty()) {
        collect_garbage(thread());
      } else {
        collect();
      }
      break;
    case OpCode::kCanary:
      misbehave(static_cast<Canary>(a));
      break;
    default:
      return exchange(op, locals, frame);
  }
  return thread().none();
}

Object* Interpreter::call(std::int32_t function) {
  Code& code = code_of(function);
  return call_softly(thread(), make_frame(thread(), code, code.entry), thread().none());
}

// `spawn` and `bind`: the slot, if there is one, keeps the tasklet.
Object* Interpreter::bind(const Op& op) {
  Tasklet* const tasklet = thread().bind(code_of(op.args[0]));
  if (tasklet == nullptr) return nullptr;
  tasklet->frame.frame->locals<Locals>().root = true;
  if (op.code == OpCode::kSpawn) {
    thread().note(EventKind::kSpawned, {static_cast<std::int32_t>(tasklet->number)});
    thread().release(thread().insert(tasklet));
  }
  if (op.args[1] >= 0) {
    store(op.args[1], tasklet);
  } else {
    thread().release(tasklet);
  }
  return thread().none();
}

Object* Interpreter::run_others(const Op& op) {
  if (op.code == OpCode::kRunall) return runtime::run_others(thread());
  const std::int32_t flags = op.args[1];
  return runtime::run_others(thread(), {.ticks = static_cast<std::uint32_t>(op.args[0]),
                                        .soft = (flags & 1) != 0,
                                        .total = (flags & 2) != 0,
                                        .ignore_nesting = (flags & 4) != 0});
}

// What is stored is held besides: the old content of the slot may run code when it goes.
Object* Interpreter::perform_on_slots(const Op& op, Locals& locals) {
  const std::int32_t a = op.args[0], b = op.args[1];
  switch (op.code) {
    case OpCode::kSelf:
    case OpCode::kGetmain:
      locals.held = retain(op.code == OpCode::kSelf ? thread().current() : thread().main_tasklet());
      store(a, retain(locals.held));
      break;
    case OpCode::kDrop:
      store(a, nullptr);
      break;
    case OpCode::kCopy: {
      Object* const object = in_slot(a);
      if (object != nullptr) locals.held = retain(object);
      store(b, object == nullptr ? nullptr : retain(object),
            integers_[static_cast<std::size_t>(a)]);
      break;
    }
    default:
      if (in_slot(a) == nullptr) break;
      say(in_slot(a) == in_slot(b));
      thread().log(EventKind::kSame, {b, in_slot(a) == in_slot(b)});
      break;
  }
  return thread().none();
}

// What a channel is told and asked.
Object* Interpreter::perform_on_channel(const Op& op, Locals& locals, Frame& frame) {
  const std::int32_t a = op.args[0], b = op.args[1];
  switch (op.code) {
    case OpCode::kClose:
    case OpCode::kOpen:
      channel(a)->closing = op.code == OpCode::kClose;
      break;
    case OpCode::kPref:
      channel(a)->preference = static_cast<std::int8_t>(b);
      break;
    case OpCode::kSall:
      channel(a)->schedule_all = b != 0;
      break;
    case OpCode::kBal:
      say(channel(a)->balance);
      thread().log(EventKind::kBalance, {a, channel(a)->balance});
      break;
    case OpCode::kClosed: {
      const Channel& at = *channel(a);
      say(at.closing && at.balance == 0);
      thread().log(EventKind::kClosed, {a, at.closing, at.closing && at.balance == 0});
      break;
    }
    case OpCode::kQueue: {
      const Channel& at = *channel(a);
      std::int32_t length = 0;
      for (const Tasklet* t = at.head; t != nullptr; t = t->next) ++length;
      say(length);
      thread().log(EventKind::kQueue, {a, length});
      for (const Tasklet* t = at.head; t != nullptr; t = t->next) log_item(*t);
      break;
    }
    case OpCode::kChancbf:
      thread().shared().channel_callback = {.installed = true, .code = &code_of(a)};
      break;
    case OpCode::kChancb:
      thread().shared().channel_callback = {.installed = a != 0, .code = nullptr};
      break;
    default:
      return perform_on_thread(op, locals, frame);
  }
  return thread().none();
}

// What the running thread and its current tasklet are told and asked.
Object* Interpreter::perform_on_thread(const Op& op, Locals& locals, Frame& frame) {
  Tasklet* const current = thread().current();
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kRunq:
      log_run_queue();
      break;
    case OpCode::kRuncount:
      say(static_cast<std::int32_t>(thread().queue().count));
      thread().log(EventKind::kRunCount, {static_cast<std::int32_t>(thread().queue().count)});
      break;
    case OpCode::kNest:
      say(static_cast<std::int32_t>(thread().evaluation().nesting_level));
      thread().log(EventKind::kNest,
                   {static_cast<std::int32_t>(thread().evaluation().nesting_level)});
      break;
    case OpCode::kAtomic:
      locals.token = current->atomic;
      return set_atomic(thread(), current, a != 0, soft());
    case OpCode::kIgnnest:
      locals.token = current->ignore_nesting;
      return set_ignore_nesting(thread(), current, a != 0, soft());
    case OpCode::kBtrap:
      current->block_trap = a != 0;
      break;
    case OpCode::kSwtrap:
      thread().log(EventKind::kSwitchTrap, {thread().guard().trap});
      thread().guard().trap += a;
      break;
    case OpCode::kErrh:
      thread().shared().error_handler = a != 0;
      break;
    case OpCode::kSoftsw:
      thread().log(EventKind::kSoftSwitching, {softly_set()});
      thread().settings().switching = a != 0 ? Switching::kSoft : Switching::kHard;
      break;
    case OpCode::kSchedcbf:
      thread().shared().schedule_callback = {.installed = true, .code = &code_of(a)};
      break;
    case OpCode::kSchedcb:
      thread().shared().schedule_callback = {.installed = a != 0, .code = nullptr};
      break;
    case OpCode::kGcdebug:
      thread().shared().collector.debug(static_cast<std::uint32_t>(a));
      break;
    case OpCode::kAsyncmax:
      pool_.set_workers_max(static_cast<std::uint32_t>(a));
      break;
    default:
      return perform_on_things(op, locals, frame);
  }
  return thread().none();
}

void Interpreter::log_run_queue() {
  // From the current one, as programs of the real thing look at it: in its schedule callback it may
  // have left the queue, alone or into that of a channel.
  const Tasklet* const first = thread().current();
  std::int32_t length = 1;
  for (const Tasklet* t = first->next; t != nullptr && t != first; t = t->next) ++length;
  thread().log(EventKind::kRunQueue, {length});
  for (const Tasklet* t = first; length > 0; --length, t = t->next) log_item(*t);
}

// The rest act on what is in a slot, which they hold; an empty one makes them do nothing.
Object* Interpreter::perform_on_content(const Op& op, Locals& locals) {
  // A loop goes on with what it holds, whatever is in the slot by now.
  const bool goes_on = op.code == OpCode::kForeach && locals.held != nullptr;
  if (goes_on) return loop_over(static_cast<GeneratorObject*>(locals.held), locals);
  Object* const object = in_slot(op.args[0]);
  if (object == nullptr) return thread().none();
  if (acts_on_any_object(op.code)) {
    locals.held = retain(object);
    if (op.code == OpCode::kForeach && object->kind == ObjectKind::kGenerator)
      return loop_over(static_cast<GeneratorObject*>(object), locals);
    return perform_on_object(op, object);
  }
  // And so does anything but a tasklet.
  if (object->kind != ObjectKind::kTasklet) return thread().none();
  locals.held = retain(object);
  return perform_on_tasklet(op, locals, static_cast<Tasklet*>(object));
}

Object* Interpreter::perform_on_tasklet(const Op& op, Locals& locals, Tasklet* tasklet) {
  switch (op.code) {
    case OpCode::kInsert:
      return thread().insert(tasklet);
    case OpCode::kRemove:
      return thread().remove(tasklet);
    case OpCode::kRun:
      return thread().run_tasklet(tasklet, soft());
    case OpCode::kSwitch:
      // As the recorded programs guard it.
      if (is_current_at_home(thread(), tasklet)) return thread().none();
      return thread().switch_to(tasklet, soft());
    case OpCode::kSwitchRaw:
      return thread().switch_to(tasklet, soft());
    case OpCode::kKill:
    case OpCode::kKillp:
      return thread().kill(tasklet, soft(), op.code == OpCode::kKillp);
    case OpCode::kRaiseException:
    case OpCode::kThrow:
    case OpCode::kThrowp: {
      Bomb* const bomb = thread().make_bomb(static_cast<ExceptionType>(op.args[1]));
      if (bomb == nullptr) return nullptr;
      thread().ledger().number_only(*bomb);
      return thread().throw_at(tasklet, bomb, soft(), op.code == OpCode::kThrowp);
    }
    case OpCode::kBindt:
      return bind_thread(thread(), tasklet);
    case OpCode::kTatomic:
      locals.token = tasklet->atomic;
      return set_atomic(thread(), tasklet, op.args[1] != 0, soft());
    case OpCode::kTbtrap:
      tasklet->block_trap = op.args[1] != 0;
      return thread().none();
    case OpCode::kRebind:
    case OpCode::kUnbind:
    case OpCode::kSetup:
    case OpCode::kSetupNobind:
      return bind_again(op, tasklet);
    default:
      log_tasklet(op.code, *tasklet);
      return thread().none();
  }
}

// What a tasklet is asked.
void Interpreter::log_tasklet(OpCode code, const Tasklet& tasklet) {
  const auto number = static_cast<std::int32_t>(tasklet.number);
  const Thread* const home = tasklet.thread;
  const Channel* const at = tasklet.blocked != 0 ? tasklet.channel : nullptr;
  switch (code) {
    case OpCode::kState:
      say(static_cast<std::int32_t>(flags_of(tasklet)));
      thread().log(EventKind::kState, {number, static_cast<std::int32_t>(flags_of(tasklet))});
      return;
    case OpCode::kTnest:
      say(static_cast<std::int32_t>(nesting_level_of(thread(), &tasklet)));
      thread().log(EventKind::kTaskletNest,
                   {number, static_cast<std::int32_t>(nesting_level_of(thread(), &tasklet))});
      return;
    case OpCode::kThread:
      say(home == nullptr ? -1 : static_cast<std::int32_t>(home->number()));
      thread().log(EventKind::kThread,
                   {number, home == nullptr ? -1 : static_cast<std::int32_t>(home->number())});
      return;
    case OpCode::kTchan:
      require(thread(), at == nullptr || !at->dead, "channel-is-gone");
      thread().log(EventKind::kTaskletChannel,
                   {number, at == nullptr ? -1 : static_cast<std::int32_t>(at->number)});
      return;
    default:
      CHECK_MSG(false, "an operation of the table has no case in the interpreter");
  }
}

// Bugs on purpose, to prove that the harness reports each of them.
void Interpreter::misbehave(Canary canary) {
  static volatile int sink;
  switch (canary) {
    case Canary::kCrash:
      std::abort();
    case Canary::kHang:
      for (;;) sink = sink ^ 1;  // Never overflows: that would be another finding.
    case Canary::kLeak: {
      Token* const token = thread().make_token();
      if (token == nullptr) return;
      thread().ledger().enter(*token, *thread().current(), SiteId{});
      thread().ledger().forge_delivery(*token);
      return;
    }
    case Canary::kOverflow: {
      volatile char buffer[16] = {};
      volatile char* volatile const end = buffer + sizeof buffer;  // Of no known array any more.
      sink = *end;
      return;
    }
    case Canary::kUseAfterFree: {
      volatile char* volatile memory = static_cast<char*>(std::malloc(16));
      std::free(const_cast<char*>(memory));
      sink = memory[0];
      return;
    }
  }
}

}  // namespace reweave::runtime
