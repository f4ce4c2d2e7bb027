// How an operation begins: one case for each line of operations.def that is no block. Those that
// send and receive are in exchange.cc, those on things in scenario_things.cc.
#include <cstdlib>

#include "runtime/interpreter/locals.h"
#include "scheduler/base/check.h"

namespace reweave::runtime {

// Begins an operation: its result, null and an exception, or kUnwind. Here those on tasklets and on
// who runs; each of the functions below knows one topic, and leaves the rest to the next one.
Object* Interpreter::perform(const Op& op, Locals& locals, Frame& frame) {
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kEmit:
      thread().log(EventKind::kEmit, {a});
      break;
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
      return thread().evaluate(thread().make_frame(code_of(a), code_of(a).entry), thread().none());
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
      return thread().evaluate(thread().make_frame(hspin_code_, frame.site), thread().none());
    case OpCode::kYield:
      return yield(op, locals);
    case OpCode::kTstart:
      if (thread().lacks_memory()) return nullptr;
      start_thread(static_cast<std::uint32_t>(a), op.args[1]);
      break;
    case OpCode::kSettle:
      thread().settle(frame.site);
      break;
    case OpCode::kGc:
      thread().collect();
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
  return thread().call_softly(thread().make_frame(code, code.entry), thread().none());
}

// `spawn` and `bind`: the slot, if there is one, keeps the tasklet.
Object* Interpreter::bind(const Op& op) {
  Tasklet* const tasklet = thread().bind(code_of(op.args[0]));
  if (tasklet == nullptr) return nullptr;
  tasklet->frame.frame->locals<Locals>().root = true;
  if (op.code == OpCode::kSpawn) thread().release(thread().insert(tasklet));
  if (op.args[1] >= 0) {
    store(op.args[1], tasklet);
  } else {
    thread().release(tasklet);
  }
  return thread().none();
}

Object* Interpreter::run_others(const Op& op) {
  if (op.code == OpCode::kRunall) return thread().run_others();
  const std::int32_t flags = op.args[1];
  return thread().run_others({.ticks = static_cast<std::uint32_t>(op.args[0]),
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
      store(b, object == nullptr ? nullptr : retain(object));
      break;
    }
    default:
      if (in_slot(a) != nullptr) thread().log(EventKind::kSame, {b, in_slot(a) == in_slot(b)});
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
      thread().log(EventKind::kBalance, {a, channel(a)->balance});
      break;
    case OpCode::kClosed: {
      const Channel& at = *channel(a);
      thread().log(EventKind::kClosed, {a, at.closing, at.closing && at.balance == 0});
      break;
    }
    case OpCode::kQueue: {
      const Channel& at = *channel(a);
      thread().log(EventKind::kQueue, {a, at.balance < 0 ? -at.balance : at.balance});
      for (const Tasklet* t = at.head; t != nullptr; t = t->next) log_item(*t);
      break;
    }
    case OpCode::kChancbf:
      thread().set_channel_callback({.installed = true, .code = &code_of(a)});
      break;
    case OpCode::kChancb:
      thread().set_channel_callback({.installed = a != 0, .code = nullptr});
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
      thread().log(EventKind::kRunCount, {static_cast<std::int32_t>(thread().run_count())});
      break;
    case OpCode::kNest:
      thread().log(EventKind::kNest, {static_cast<std::int32_t>(thread().nesting_level())});
      break;
    case OpCode::kAtomic:
      locals.token = current->atomic;
      return thread().set_atomic(current, a != 0, soft());
    case OpCode::kIgnnest:
      locals.token = current->ignore_nesting;
      return thread().set_ignore_nesting(current, a != 0, soft());
    case OpCode::kBtrap:
      current->block_trap = a != 0;
      break;
    case OpCode::kSwtrap:
      thread().log(EventKind::kSwitchTrap, {thread().switch_trap()});
      thread().trap_switches(a);
      break;
    case OpCode::kErrh:
      thread().set_error_handler(a != 0);
      break;
    case OpCode::kSoftsw:
      thread().log(EventKind::kSoftSwitching, {soft()});
      thread().set_switching(a != 0 ? Switching::kSoft : Switching::kHard);
      break;
    case OpCode::kSchedcbf:
      thread().set_schedule_callback({.installed = true, .code = &code_of(a)});
      break;
    case OpCode::kSchedcb:
      thread().set_schedule_callback({.installed = a != 0, .code = nullptr});
      break;
    case OpCode::kGcdebug:
      thread().debug_collector(static_cast<std::uint32_t>(a));
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
  thread().log(EventKind::kRunQueue, {static_cast<std::int32_t>(thread().run_count())});
  const Tasklet* t = thread().run_queue();
  for (std::uint32_t i = 0; i < thread().run_count() && t != nullptr; ++i, t = t->next)
    log_item(*t);
}

// The rest act on what is in a slot, which they hold; an empty one makes them do nothing.
Object* Interpreter::perform_on_content(const Op& op, Locals& locals) {
  Object* const object = in_slot(op.args[0]);
  if (object == nullptr) return thread().none();
  if (acts_on_any_object(op.code)) {
    locals.held = retain(object);
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
      if (tasklet == thread().current()) return thread().none();
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
      return thread().bind_thread(tasklet);
    case OpCode::kTatomic:
      locals.token = tasklet->atomic;
      return thread().set_atomic(tasklet, op.args[1] != 0, soft());
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
  const Channel* const at = tasklet.channel;
  switch (code) {
    case OpCode::kState:
      thread().log(EventKind::kState, {number, static_cast<std::int32_t>(flags_of(tasklet))});
      return;
    case OpCode::kTnest:
      thread().log(EventKind::kTaskletNest,
                   {number, static_cast<std::int32_t>(thread().nesting_level_of(&tasklet))});
      return;
    case OpCode::kThread:
      thread().log(EventKind::kThread,
                   {number, home == nullptr ? -1 : static_cast<std::int32_t>(home->number())});
      return;
    case OpCode::kTchan:
      thread().require(at == nullptr || !at->dead, "channel-is-gone");
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
