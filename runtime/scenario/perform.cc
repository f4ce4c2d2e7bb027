// How an operation begins: one case for each line of operations.def that is no block.
#include <cstdlib>

#include "runtime/scenario/locals.h"
#include "scheduler/check.h"

namespace reweave::runtime {

// Begins an operation: its result, null and an exception, or kUnwind.
Object* Interpreter::perform(const Op& op, Locals& locals, Frame& frame) {
  const auto code_of = [this](std::int32_t function) -> Code& {
    return bodies_[static_cast<std::size_t>(function)].code;
  };
  Tasklet* const current = thread_.current();
  const std::int32_t a = op.args[0], b = op.args[1];

  switch (op.code) {
    case OpCode::kEmit:
      thread_.log(EventKind::kEmit, {a});
      return thread_.none();
    case OpCode::kSpawn:
    case OpCode::kBind: {
      Tasklet* const tasklet = thread_.bind(code_of(a));
      tasklet->frame.frame->locals<Locals>().root = true;
      if (op.code == OpCode::kSpawn) thread_.release(thread_.insert(tasklet));
      if (b >= 0) {
        store(b, tasklet);
      } else {
        thread_.release(tasklet);
      }
      return thread_.none();
    }
    case OpCode::kSelf:
    case OpCode::kGetmain:
      locals.held = retain(op.code == OpCode::kSelf ? current : thread_.main_tasklet());
      store(a, retain(static_cast<Tasklet*>(locals.held)));
      return thread_.none();
    case OpCode::kDrop:
      store(a, nullptr);
      return thread_.none();
    case OpCode::kCopy: {
      Tasklet* const tasklet = slots_[static_cast<std::size_t>(a)];
      if (tasklet != nullptr) locals.held = retain(tasklet);
      store(b, tasklet == nullptr ? nullptr : retain(tasklet));
      return thread_.none();
    }
    case OpCode::kSched:
      return thread_.schedule(soft());
    case OpCode::kSchedrm:
      return thread_.schedule_remove(soft());
    case OpCode::kSend: {
      Token* const token = thread_.make_token();
      thread_.ledger().enter(*token, *current, frame.site);
      locals.token = token->number;
      thread_.log(EventKind::kSend, {a, static_cast<std::int32_t>(token->number)});
      return thread_.send(channel(a), token, soft());
    }
    case OpCode::kSendx: {
      Bomb* const bomb = thread_.make_bomb(static_cast<ExceptionType>(b));
      thread_.ledger().enter(*bomb, *current, frame.site);
      locals.token = bomb->number;
      thread_.log(EventKind::kSendx, {a, b, static_cast<std::int32_t>(bomb->number)});
      return thread_.send(channel(a), bomb, soft());
    }
    case OpCode::kRecv:
      // This may be a callback in the middle of another receive of the same tasklet.
      locals.expected = current->expects;
      current->expects = 0;
      return thread_.receive(channel(a), soft());
    case OpCode::kClose:
    case OpCode::kOpen:
      channel(a)->closing = op.code == OpCode::kClose;
      return thread_.none();
    case OpCode::kPref:
      channel(a)->preference = static_cast<std::int8_t>(b);
      return thread_.none();
    case OpCode::kSall:
      channel(a)->schedule_all = b != 0;
      return thread_.none();
    case OpCode::kBal:
      thread_.log(EventKind::kBalance, {a, channel(a)->balance});
      return thread_.none();
    case OpCode::kCall:
      return thread_.call_softly(thread_.make_frame(code_of(a), code_of(a).entry), thread_.none());
    case OpCode::kHcall:
      return thread_.evaluate(thread_.make_frame(code_of(a), code_of(a).entry), thread_.none());
    case OpCode::kRec:
      if (a > 0) return rec(a, b, frame.site);
      if (b < 0) return thread_.none();
      return thread_.call_softly(thread_.make_frame(code_of(b), code_of(b).entry), thread_.none());
    case OpCode::kRaise:
      return thread_.raise(thread_.make_bomb(static_cast<ExceptionType>(a)));
    case OpCode::kRunall:
      return thread_.run_others();
    case OpCode::kSendseq:
      return send_next(op, locals, frame);
    case OpCode::kIter:
      return iterate(op, locals);
    case OpCode::kClosed: {
      const Channel& at = *channel(a);
      thread_.log(EventKind::kClosed, {a, at.closing, at.closing && at.balance == 0});
      return thread_.none();
    }
    case OpCode::kQueue: {
      const Channel& at = *channel(a);
      thread_.log(EventKind::kQueue, {a, at.balance < 0 ? -at.balance : at.balance});
      for (const Tasklet* t = at.head; t != nullptr; t = t->next) log_item(*t);
      return thread_.none();
    }
    case OpCode::kRunq: {
      thread_.log(EventKind::kRunQueue, {static_cast<std::int32_t>(thread_.run_count())});
      const Tasklet* t = current;
      for (std::uint32_t i = 0; i < thread_.run_count() && t != nullptr; ++i, t = t->next)
        log_item(*t);
      return thread_.none();
    }
    case OpCode::kRuncount:
      thread_.log(EventKind::kRunCount, {static_cast<std::int32_t>(thread_.run_count())});
      return thread_.none();
    case OpCode::kNest:
      thread_.log(EventKind::kNest, {static_cast<std::int32_t>(thread_.nesting_level())});
      return thread_.none();
    case OpCode::kAtomic:
      thread_.log(EventKind::kAtomic, {current->atomic});
      current->atomic = a != 0;
      return thread_.none();
    case OpCode::kIgnnest:
      thread_.log(EventKind::kIgnoreNesting, {current->ignore_nesting});
      current->ignore_nesting = a != 0;
      return thread_.none();
    case OpCode::kSwtrap:
      thread_.log(EventKind::kSwitchTrap, {thread_.switch_trap()});
      thread_.trap_switches(a);
      return thread_.none();
    case OpCode::kErrh:
      thread_.set_error_handler(a != 0);
      return thread_.none();
    case OpCode::kSoftsw:
      thread_.log(EventKind::kSoftSwitching, {soft()});
      thread_.set_switching(a != 0 ? Switching::kSoft : Switching::kHard);
      return thread_.none();
    case OpCode::kGc:
      return thread_.none();
    case OpCode::kSame: {
      const Tasklet* const t = slots_[static_cast<std::size_t>(a)];
      if (t != nullptr)
        thread_.log(EventKind::kSame, {b, t == slots_[static_cast<std::size_t>(b)]});
      return thread_.none();
    }
    case OpCode::kBtrap:
      current->block_trap = a != 0;
      return thread_.none();
    case OpCode::kChancbf:
      thread_.set_channel_callback({.installed = true, .code = &code_of(a)});
      return thread_.none();
    case OpCode::kChancb:
      thread_.set_channel_callback({.installed = a != 0, .code = nullptr});
      return thread_.none();
    case OpCode::kSchedcbf:
      thread_.set_schedule_callback({.installed = true, .code = &code_of(a)});
      return thread_.none();
    case OpCode::kSchedcb:
      thread_.set_schedule_callback({.installed = a != 0, .code = nullptr});
      return thread_.none();
    case OpCode::kCanary:
      misbehave(static_cast<Canary>(a));
      return thread_.none();
    default:
      break;
  }

  // The rest act on the tasklet in a slot; an empty slot makes them do nothing.
  Tasklet* const tasklet = slots_[static_cast<std::size_t>(a)];
  if (tasklet == nullptr) return thread_.none();
  locals.held = retain(tasklet);
  return perform_on_slot(op, locals, tasklet);
}

Object* Interpreter::perform_on_slot(const Op& op, Locals&, Tasklet* tasklet) {
  const auto number = static_cast<std::int32_t>(tasklet->number);
  switch (op.code) {
    case OpCode::kWeakref:
      thread_.add_weakref(tasklet, &bodies_[static_cast<std::size_t>(op.args[1])].code);
      return thread_.none();
    case OpCode::kInsert:
      return thread_.insert(tasklet);
    case OpCode::kRemove:
      return thread_.remove(tasklet);
    case OpCode::kRun:
      return thread_.run_tasklet(tasklet, soft());
    case OpCode::kSwitch:
      if (tasklet == thread_.current())
        return thread_.none();  // As the recorded programs guard it.
      return thread_.switch_to(tasklet, soft());
    case OpCode::kKill:
    case OpCode::kKillp:
      return thread_.kill(tasklet, soft(), op.code == OpCode::kKillp);
    case OpCode::kRaiseException:
    case OpCode::kThrow:
    case OpCode::kThrowp: {
      Bomb* const bomb = thread_.make_bomb(static_cast<ExceptionType>(op.args[1]));
      thread_.ledger().number_only(*bomb);
      return thread_.throw_at(tasklet, bomb, soft(), op.code == OpCode::kThrowp);
    }
    case OpCode::kState:
      thread_.log(EventKind::kState, {number, static_cast<std::int32_t>(flags_of(*tasklet))});
      return thread_.none();
    case OpCode::kTnest:
      thread_.log(EventKind::kTaskletNest,
                  {number, static_cast<std::int32_t>(thread_.nesting_level_of(tasklet))});
      return thread_.none();
    case OpCode::kTchan:
      thread_.log(
          EventKind::kTaskletChannel,
          {number,
           tasklet->channel == nullptr ? -1 : static_cast<std::int32_t>(tasklet->channel->number)});
      return thread_.none();
    case OpCode::kTatomic:
      thread_.log(EventKind::kTaskletAtomic, {number, tasklet->atomic});
      tasklet->atomic = op.args[1] != 0;
      return thread_.none();
    case OpCode::kTbtrap:
      tasklet->block_trap = op.args[1] != 0;
      return thread_.none();
    case OpCode::kSwitchRaw:
      return thread_.switch_to(tasklet, soft());
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
      Token* const token = thread_.make_token();
      thread_.ledger().enter(*token, *thread_.current(), SiteId{});
      thread_.ledger().forge_delivery(*token);
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
