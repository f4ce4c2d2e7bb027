// How an operation begins: one case for each line of operations.def that is no block.
#include <cstdlib>

#include "runtime/interpreter/locals.h"
#include "scheduler/base/check.h"

namespace reweave::runtime {

// Begins an operation: its result, null and an exception, or kUnwind.
Object* Interpreter::perform(const Op& op, Locals& locals, Frame& frame) {
  const auto code_of = [this](std::int32_t function) -> Code& {
    return bodies_[static_cast<std::size_t>(function)].code;
  };
  Tasklet* const current = thread().current();
  const std::int32_t a = op.args[0], b = op.args[1];

  switch (op.code) {
    case OpCode::kEmit:
      thread().log(EventKind::kEmit, {a});
      return thread().none();
    case OpCode::kSpawn:
    case OpCode::kBind: {
      Tasklet* const tasklet = thread().bind(code_of(a));
      if (tasklet == nullptr) return nullptr;
      tasklet->frame.frame->locals<Locals>().root = true;
      if (op.code == OpCode::kSpawn) thread().release(thread().insert(tasklet));
      if (b >= 0) {
        store(b, tasklet);
      } else {
        thread().release(tasklet);
      }
      return thread().none();
    }
    case OpCode::kSelf:
    case OpCode::kGetmain:
      locals.held = retain(op.code == OpCode::kSelf ? current : thread().main_tasklet());
      store(a, retain(locals.held));
      return thread().none();
    case OpCode::kDrop:
      store(a, nullptr);
      return thread().none();
    case OpCode::kCopy: {
      Object* const object = in_slot(a);
      if (object != nullptr) locals.held = retain(object);
      store(b, object == nullptr ? nullptr : retain(object));
      return thread().none();
    }
    case OpCode::kSched:
      return thread().schedule(soft());
    case OpCode::kSchedrm:
      return thread().schedule_remove(soft());
    case OpCode::kSend: {
      Token* const token = thread().make_token();
      if (token == nullptr) return nullptr;
      thread().ledger().enter(*token, *current, frame.site);
      locals.token = token->number;
      thread().log(EventKind::kSend, {a, static_cast<std::int32_t>(token->number)});
      return thread().send(channel(a), token, soft());
    }
    case OpCode::kSendx: {
      Bomb* const bomb = thread().make_bomb(static_cast<ExceptionType>(b));
      if (bomb == nullptr) return nullptr;
      thread().ledger().enter(*bomb, *current, frame.site);
      locals.token = bomb->number;
      thread().log(EventKind::kSendx, {a, b, static_cast<std::int32_t>(bomb->number)});
      return thread().send(channel(a), bomb, soft());
    }
    case OpCode::kRecv:
      // This may be a callback in the middle of another receive of the same tasklet.
      locals.expected = current->expects;
      current->expects = 0;
      return thread().receive(channel(a), soft());
    case OpCode::kRecvtmp:
    case OpCode::kSendtmp:
      return use_temporary_channel(op, locals, frame);
    case OpCode::kClose:
    case OpCode::kOpen:
      channel(a)->closing = op.code == OpCode::kClose;
      return thread().none();
    case OpCode::kPref:
      channel(a)->preference = static_cast<std::int8_t>(b);
      return thread().none();
    case OpCode::kSall:
      channel(a)->schedule_all = b != 0;
      return thread().none();
    case OpCode::kBal:
      thread().log(EventKind::kBalance, {a, channel(a)->balance});
      return thread().none();
    case OpCode::kCall:
      return thread().call_softly(thread().make_frame(code_of(a), code_of(a).entry),
                                  thread().none());
    case OpCode::kHcall:
      return thread().evaluate(thread().make_frame(code_of(a), code_of(a).entry), thread().none());
    case OpCode::kRec:
      if (a > 0) return rec(a, b, frame.site);
      if (b < 0) return thread().none();
      return thread().call_softly(thread().make_frame(code_of(b), code_of(b).entry),
                                  thread().none());
    case OpCode::kRaise:
      return thread().raise(thread().make_error(static_cast<ExceptionType>(a)));
    case OpCode::kRunall:
      return thread().run_others();
    case OpCode::kRunto:
      return thread().run_others({.ticks = static_cast<std::uint32_t>(a),
                                  .soft = (b & 1) != 0,
                                  .total = (b & 2) != 0,
                                  .ignore_nesting = (b & 4) != 0});
    case OpCode::kSpin:
    case OpCode::kSpinsched:
    case OpCode::kBurn:
      return work(op, locals);
    case OpCode::kHspin:
      return thread().evaluate(thread().make_frame(hspin_code_, frame.site), thread().none());
    case OpCode::kSendseq:
      return send_next(op, locals, frame);
    case OpCode::kIter:
      return iterate(op, locals);
    case OpCode::kClosed: {
      const Channel& at = *channel(a);
      thread().log(EventKind::kClosed, {a, at.closing, at.closing && at.balance == 0});
      return thread().none();
    }
    case OpCode::kQueue: {
      const Channel& at = *channel(a);
      thread().log(EventKind::kQueue, {a, at.balance < 0 ? -at.balance : at.balance});
      for (const Tasklet* t = at.head; t != nullptr; t = t->next) log_item(*t);
      return thread().none();
    }
    case OpCode::kRunq: {
      thread().log(EventKind::kRunQueue, {static_cast<std::int32_t>(thread().run_count())});
      const Tasklet* t = thread().run_queue();
      for (std::uint32_t i = 0; i < thread().run_count(); ++i, t = t->next) {
        if (t == nullptr) break;
        log_item(*t);
      }
      return thread().none();
    }
    case OpCode::kRuncount:
      thread().log(EventKind::kRunCount, {static_cast<std::int32_t>(thread().run_count())});
      return thread().none();
    case OpCode::kNest:
      thread().log(EventKind::kNest, {static_cast<std::int32_t>(thread().nesting_level())});
      return thread().none();
    case OpCode::kAtomic:
      locals.token = current->atomic;
      return thread().set_atomic(current, a != 0, soft());
    case OpCode::kIgnnest:
      locals.token = current->ignore_nesting;
      return thread().set_ignore_nesting(current, a != 0, soft());
    case OpCode::kSwtrap:
      thread().log(EventKind::kSwitchTrap, {thread().switch_trap()});
      thread().trap_switches(a);
      return thread().none();
    case OpCode::kErrh:
      thread().set_error_handler(a != 0);
      return thread().none();
    case OpCode::kSoftsw:
      thread().log(EventKind::kSoftSwitching, {soft()});
      thread().set_switching(a != 0 ? Switching::kSoft : Switching::kHard);
      return thread().none();
    case OpCode::kTstart:
      if (thread().lacks_memory()) return nullptr;
      start_thread(static_cast<std::uint32_t>(a), b);
      return thread().none();
    case OpCode::kAsync:
      return call_async(op, locals, frame);
    case OpCode::kAsyncmax:
      pool_.set_workers_max(static_cast<std::uint32_t>(a));
      return thread().none();
    case OpCode::kAsyncstop:
      return stop_pool(locals);
    case OpCode::kSettle:
      thread().settle(frame.site);
      return thread().none();
    case OpCode::kGc:
      thread().collect();
      return thread().none();
    case OpCode::kLock:
    case OpCode::kTrylock:
    case OpCode::kUnlock:
    case OpCode::kPollwait:
    case OpCode::kWait:
    case OpCode::kNotify:
    case OpCode::kNotifyall:
    case OpCode::kSleep:
    case OpCode::kNow:
      return use_service(op, frame.site);
    case OpCode::kSame: {
      if (in_slot(a) != nullptr) thread().log(EventKind::kSame, {b, in_slot(a) == in_slot(b)});
      return thread().none();
    }
    case OpCode::kBtrap:
      current->block_trap = a != 0;
      return thread().none();
    case OpCode::kChancbf:
      thread().set_channel_callback({.installed = true, .code = &code_of(a)});
      return thread().none();
    case OpCode::kChancb:
      thread().set_channel_callback({.installed = a != 0, .code = nullptr});
      return thread().none();
    case OpCode::kSchedcbf:
      thread().set_schedule_callback({.installed = true, .code = &code_of(a)});
      return thread().none();
    case OpCode::kSchedcb:
      thread().set_schedule_callback({.installed = a != 0, .code = nullptr});
      return thread().none();
    case OpCode::kCell: {
      Cell* const cell = thread().make_cell();
      if (cell == nullptr) return nullptr;
      store(a, cell);
      return thread().none();
    }
    case OpCode::kClosure:
      return make_closure(op);
    case OpCode::kYield:
      return yield(op, locals);
    case OpCode::kFreevar:
      store(a, locals.cell == nullptr ? nullptr : retain(locals.cell));
      return thread().none();
    case OpCode::kGcdebug:
      thread().debug_collector(static_cast<std::uint32_t>(a));
      return thread().none();
    case OpCode::kRecord: {
      Record* const record = thread().make_record();
      if (record == nullptr) return nullptr;
      store(a, record);
      return thread().none();
    }
    case OpCode::kSetlocal:
    case OpCode::kGetlocal:
    case OpCode::kDellocal:
    case OpCode::kClearlocals:
    case OpCode::kLocals:
      return perform_on_locals(op);
    case OpCode::kClearkeys:
      clear_keys();
      return thread().none();
    case OpCode::kCanary:
      misbehave(static_cast<Canary>(a));
      return thread().none();
    default:
      break;
  }

  // The rest act on what is in a slot; an empty one makes them do nothing.
  Object* const object = in_slot(a);
  if (object == nullptr) return thread().none();
  if (acts_on_any_object(op.code)) {
    locals.held = retain(object);
    return perform_on_object(op, locals, object);
  }
  // And so does anything but a tasklet.
  if (object->kind != ObjectKind::kTasklet) return thread().none();
  locals.held = retain(object);
  return perform_on_slot(op, locals, static_cast<Tasklet*>(object));
}

Object* Interpreter::perform_on_slot(const Op& op, Locals& locals, Tasklet* tasklet) {
  const auto number = static_cast<std::int32_t>(tasklet->number);
  switch (op.code) {
    case OpCode::kInsert:
      return thread().insert(tasklet);
    case OpCode::kRemove:
      return thread().remove(tasklet);
    case OpCode::kRun:
      return thread().run_tasklet(tasklet, soft());
    case OpCode::kSwitch:
      if (tasklet == thread().current())
        return thread().none();  // As the recorded programs guard it.
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
    case OpCode::kState:
      thread().log(EventKind::kState, {number, static_cast<std::int32_t>(flags_of(*tasklet))});
      return thread().none();
    case OpCode::kTnest:
      thread().log(EventKind::kTaskletNest,
                   {number, static_cast<std::int32_t>(thread().nesting_level_of(tasklet))});
      return thread().none();
    case OpCode::kBindt:
      return thread().bind_thread(tasklet);
    case OpCode::kThread:
      thread().log(
          EventKind::kThread,
          {number,
           tasklet->thread == nullptr ? -1 : static_cast<std::int32_t>(tasklet->thread->number())});
      return thread().none();
    case OpCode::kTchan:
      thread().require(tasklet->channel == nullptr || !tasklet->channel->dead, "channel-is-gone");
      thread().log(
          EventKind::kTaskletChannel,
          {number,
           tasklet->channel == nullptr ? -1 : static_cast<std::int32_t>(tasklet->channel->number)});
      return thread().none();
    case OpCode::kTatomic:
      locals.token = tasklet->atomic;
      return thread().set_atomic(tasklet, op.args[1] != 0, soft());
    case OpCode::kTbtrap:
      tasklet->block_trap = op.args[1] != 0;
      return thread().none();
    case OpCode::kSwitchRaw:
      return thread().switch_to(tasklet, soft());
    case OpCode::kRebind:
    case OpCode::kUnbind:
    case OpCode::kSetup:
    case OpCode::kSetupNobind:
      return bind_again(op, tasklet);
    default:
      CHECK_MSG(false, "an operation of the table has no case in the interpreter");
      return nullptr;
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
