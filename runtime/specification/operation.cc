// What each operation does.
#include <algorithm>
#include <utility>

#include "runtime/language/arguments.h"
#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

// Operations that cannot switch nor fail. False: it is none of them.
bool Specification::perform_at_once(const Op& op) {
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kEmit:
      log(EventKind::kEmit, {a});
      return true;
    case OpCode::kClose:
    case OpCode::kOpen:
      channel(a).closing = op.code == OpCode::kClose;
      return true;
    case OpCode::kPref:
      channel(a).preference = op.args[1];
      return true;
    case OpCode::kSall:
      channel(a).schedule_all = op.args[1] != 0;
      return true;
    case OpCode::kCanary:
      // Most do not come back; the one that leaks a value draws its number.
      if (static_cast<Canary>(a) == Canary::kLeak) ++tokens_;
      return true;
    default:
      return tell_at_once(op);
  }
}

// Those that say something.
bool Specification::tell_at_once(const Op& op) {
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kBal:
      say(channel(a).balance);
      log(EventKind::kBalance, {a, channel(a).balance});
      return true;
    case OpCode::kClosed:
      say(channel(a).closing && channel(a).balance == 0);
      log(EventKind::kClosed, {a, channel(a).closing, me().said});
      return true;
    case OpCode::kQueue:
      say(static_cast<std::int32_t>(channel(a).waiting.size()));
      log(EventKind::kQueue, {a, me().said});
      for (const Id waiting : channel(a).waiting) log(EventKind::kListItem, {number_of(waiting)});
      return true;
    case OpCode::kRunq:
      log_run_queue();
      return true;
    case OpCode::kRuncount:
      say(run_count());
      log(EventKind::kRunCount, {me().said});
      return true;
    case OpCode::kNest:
      say(nesting_);
      log(EventKind::kNest, {nesting_});
      return true;
    case OpCode::kSame:
      if (slot(a) == kNobody) return true;
      say(slot(a) == slot(op.args[1]));
      log(EventKind::kSame, {op.args[1], me().said});
      return true;
    case OpCode::kGet:
      say(value_of(a));
      log(EventKind::kRead, {a, value_of(a)});
      return true;
    case OpCode::kPlus:
      say(wrapping_sum(me().said, a));
      return true;
    case OpCode::kLess:
      say(wrapping_sum(me().said, wrapping_sum(~value_of(a), 1)));
      log(EventKind::kRead, {a, value_of(a)});
      return true;
    case OpCode::kAssert:  // What it finds ends the execution, and this one is not asked.
      return true;
    default:
      return set_at_once(op);
  }
}

// From the current one on, which in its schedule callback may have left the queue, alone or into
// that of a channel; or it is the last one, because another thread has made it runnable again.
void Specification::log_run_queue() {
  std::vector<Id> shown{current_};
  if (me().queued) {
    shown = queue_;
    std::rotate(shown.begin(), std::find(shown.begin(), shown.end(), current_), shown.end());
  } else if (me().blocked != 0 && me().channel != kTemporary) {
    const std::vector<Id>& waiting = channel(me().channel).waiting;
    shown.assign(std::find(waiting.begin(), waiting.end(), current_), waiting.end());
  }
  log(EventKind::kRunQueue, {static_cast<std::int32_t>(shown.size())});
  for (const Id id : shown) log(EventKind::kListItem, {number_of(id)});
}

// Of a slot; -1: what was said last.
std::int32_t Specification::value_of(std::int32_t which) {
  return which < 0 ? me().said : integers_[static_cast<std::size_t>(which)];
}

bool Specification::is_so(const Op& op) {
  return holds(value_of(op.args[0]), static_cast<Relation>(op.args[1]), op.args[2]);
}

Routine<Value> Specification::store_integer(std::int32_t to, std::int32_t integer) {
  log(EventKind::kSet, {to, integer});
  return store(to, kNobody, integer);
}

// Those that set a flag, a limit or a callback.
bool Specification::set_at_once(const Op& op) {
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kBuffer:
      set_buffer(a, op.args[1]);
      return true;
    case OpCode::kAsyncmax:
      async_.workers_max = a;
      return true;
    case OpCode::kBtrap:
      me().block_trap = a != 0;
      return true;
    case OpCode::kSwtrap:
      log(EventKind::kSwitchTrap, {switch_trap_});
      switch_trap_ += a;
      return true;
    case OpCode::kGcdebug:
      gc_debug_ = a;
      return true;
    case OpCode::kErrh:
      error_handler_ = a != 0;
      return true;
    case OpCode::kSoftsw:
      log(EventKind::kSoftSwitching, {std::exchange(soft_, a != 0)});
      return true;
    case OpCode::kChancbf:
    case OpCode::kSchedcbf:
      (op.code == OpCode::kChancbf ? channel_callback_ : schedule_callback_) = {true, a};
      return true;
    case OpCode::kChancb:
    case OpCode::kSchedcb:
      (op.code == OpCode::kChancb ? channel_callback_ : schedule_callback_) = {a != 0, -1};
      return true;
    default:
      return false;
  }
}

// Which routine an operation is. Plain functions, for one more coroutine would be one more frame:
// each knows one topic, and leaves the rest to the next. Here slots and things.
Routine<Value> Specification::perform(const Op& op, Frame frame) {
  switch (op.code) {
    case OpCode::kSpawn:
    case OpCode::kBind:
      return spawn(op);
    case OpCode::kDrop:
      return store(op.args[0], kNobody);
    case OpCode::kSet:
      return store_integer(op.args[0], op.args[1]);
    case OpCode::kAdd:
      return store_integer(op.args[0], wrapping_sum(value_of(op.args[0]), op.args[1]));
    case OpCode::kPut:
      return store_integer(op.args[0], me().said);
    case OpCode::kSelf:
    case OpCode::kGetmain:
    case OpCode::kCopy:
      return copy(op);
    case OpCode::kCell:
      return store(op.args[0], make_thing(ObjectKind::kCell));
    case OpCode::kRecord:
      return store(op.args[0], make_thing(ObjectKind::kRecord));
    case OpCode::kClosure:
      return store(op.args[1], make_closure(op));
    case OpCode::kFreevar:
      if (frame.cell != kNobody) ++at(frame.cell).references;
      return store(op.args[0], frame.cell);
    case OpCode::kYield:
      return yield(op.args[0], frame.generator);
    case OpCode::kSetlocal:
    case OpCode::kGetlocal:
    case OpCode::kDellocal:
    case OpCode::kClearlocals:
    case OpCode::kLocals:
      return perform_on_locals(op);
    case OpCode::kClearkeys:
      return clear_dict(keys_);
    case OpCode::kGc:
      return collect();
    default:
      return perform_switch(op);
  }
}

Routine<Value> Specification::spawn(const Op& op) {
  const Id made = create(op.args[0]);
  if (op.code == OpCode::kSpawn) {
    ++at(made).references;
    append(made);
  }
  if (op.args[1] < 0) co_return co_await release(made);
  co_return co_await store(op.args[1], made);
}

// `self`, `getmain` and `copy`: what is stored is held besides, for the slot's old content may run
// code when it goes.
Routine<Value> Specification::copy(const Op& op) {
  const bool copies = op.code == OpCode::kCopy;
  const Id tasklet = op.code == OpCode::kSelf ? current_ : main_;
  const Id stored = copies ? slot(op.args[0]) : tasklet;
  const std::int32_t to = copies ? op.args[1] : op.args[0];
  const std::int32_t integer = copies ? value_of(op.args[0]) : 0;
  if (stored == kNobody) co_return co_await store(to, kNobody, integer);
  const Id self = current_;
  at(self).held.push_back(stored);
  at(stored).references += 2;
  co_await store(to, stored);
  at(self).held.pop_back();
  co_return co_await release(stored);
}

Id Specification::make_closure(const Op& op) {
  const Id shared = op.args[2] < 0 ? kNobody : slot(op.args[2]);
  const Id made = make_thing(ObjectKind::kFunction);
  at(made).function = op.args[0];
  if (shared == kNobody || at(shared).kind != ObjectKind::kCell) return made;
  const Id tuple = make_thing(ObjectKind::kTuple);
  at(made).held.push_back(tuple);
  at(tuple).held.push_back(shared);
  ++at(shared).references;
  return made;
}

Routine<Value> Specification::yield(std::int32_t word, Id generator) {
  if (generator == kNobody) co_return Value{};
  at(generator).yielded = true;
  at(generator).word = word;
  co_await Switch{*this, at(generator).point, at(generator).caller};
  co_return std::exchange(at(generator).tempval, Value{});  // An exception, where it is closed.
}

// Operations that say who runs on, or take time.
Routine<Value> Specification::perform_switch(const Op& op) {
  switch (op.code) {
    case OpCode::kSched:
      return schedule();
    case OpCode::kSchedrm:
      return schedule_remove();
    case OpCode::kRunall:
    case OpCode::kRunto:
      return perform_run(op);
    case OpCode::kBurn:
      return burn(static_cast<std::uint32_t>(op.args[0]), /*one_slice=*/false);
    case OpCode::kSpin:
      return spin();
    case OpCode::kHspin:
      return spin_nested();
    case OpCode::kSpinsched:
      return spin_scheduling();
    case OpCode::kAtomic:
    case OpCode::kIgnnest:
      return set_flag(op);
    case OpCode::kTstart:
      return start(op);
    case OpCode::kSettle:
      return settle();
    case OpCode::kLock:
    case OpCode::kTrylock:
    case OpCode::kUnlock:
    case OpCode::kPollwait:
    case OpCode::kWait:
    case OpCode::kNotify:
    case OpCode::kNotifyall:
    case OpCode::kSleep:
    case OpCode::kNow:
      return use_service(op);
    default:
      return perform_exchange(op);
  }
}

Routine<Value> Specification::perform_run(const Op& op) {
  RunLimit limit;
  if (op.code == OpCode::kRunto) {
    limit = {.ticks = static_cast<std::uint32_t>(op.args[0]),
             .soft = (op.args[1] & 1) != 0,
             .total = (op.args[1] & 2) != 0,
             .ignore_nesting = (op.args[1] & 4) != 0};
  }
  const Value result = co_await run_others(limit);
  co_return co_await returned_from_run(op, result);
}

Routine<Value> Specification::spin_nested() {
  if (nesting_ >= kNestingMax) co_return Value::error(ErrorCode::kNesting);
  ++nesting_;
  const Value result = co_await spin();
  leave_nested(1);
  co_return result;
}

Routine<Value> Specification::set_flag(const Op& op) {
  bool& flag = op.code == OpCode::kAtomic ? me().atomic : me().ignore_nesting;
  const bool old = std::exchange(flag, op.args[0] != 0);
  Value result;
  if (pending_irq_is_due()) result = co_await interrupt();
  if (result.is_error()) co_return result;
  log(op.code == OpCode::kAtomic ? EventKind::kAtomic : EventKind::kIgnoreNesting, {old});
  co_return Value{};
}

Routine<Value> Specification::start(const Op& op) {
  start_thread(op.args[0], op.args[1]);
  co_return Value{};
}

// Operations that send, receive, call and raise.
Routine<Value> Specification::perform_exchange(const Op& op) {
  const std::int32_t a = op.args[0], b = op.args[1];
  switch (op.code) {
    case OpCode::kSend:
      return send(a);
    case OpCode::kSendtmp:
      return send(kTemporary);
    case OpCode::kSendx:
      return send_exception(a, b);
    case OpCode::kRecv:
      return receive(a);
    case OpCode::kRecvtmp:
      return receive(kTemporary);
    case OpCode::kSendseq:
      return send_sequence(a, b);
    case OpCode::kIter:
      return iterate(a, b);
    case OpCode::kCall:
      return call(a);
    case OpCode::kHcall:
      return nested_call(a);
    case OpCode::kRec:
      return recurse(a, b);
    case OpCode::kAsync:
      return call_async(a);
    case OpCode::kAsyncstop:
      return stop_pool();
    case OpCode::kRaise:
      return raise(static_cast<ExceptionType>(a));
    case OpCode::kTrysend:
      return try_send(a);
    case OpCode::kTryrecv:
      return try_receive(a);
    case OpCode::kRecvt:
      return receive_until(a, now_ + static_cast<std::uint64_t>(b));
    case OpCode::kNap:
      return nap(now_ + static_cast<std::uint64_t>(a));
    case OpCode::kSelect:
      return select(a, b);
    default:
      return perform_on_content(op);
  }
}

Routine<Value> Specification::raise(ExceptionType type) { co_return Value::error(type); }

Routine<Value> Specification::send(Id to) {
  const Value token = Value::token(++tokens_);
  const auto number = static_cast<std::int32_t>(token.number);
  log(EventKind::kSend, {to, number});
  const Value result = co_await pass(to, token);
  if (!result.is_error()) log(EventKind::kSent, {to, number});
  co_return result;
}

Routine<Value> Specification::send_exception(Id to, std::int32_t type) {
  const Value error = Value::error(static_cast<ExceptionType>(type), ++tokens_);
  const auto number = static_cast<std::int32_t>(error.number);
  log(EventKind::kSendx, {to, type, number});
  const Value result = co_await pass(to, error);
  if (!result.is_error()) log(EventKind::kSentx, {to, number});
  co_return result;
}

Routine<Value> Specification::receive(Id from) {
  const Value result = co_await take(from);
  if (!result.is_error()) log(EventKind::kGot, {from, static_cast<std::int32_t>(result.number)});
  co_return result;
}

// The rest act on what is in a slot, which they hold. An empty one makes them do nothing, and where
// they act on tasklets anything else, too.
Routine<Value> Specification::perform_on_content(const Op& op) {
  const Id target = slot(op.args[0]);
  if (target == kNobody) co_return Value{};
  const bool any = acts_on_any_object(op.code);
  if (!any && !is_tasklet(target)) co_return Value{};
  const Id self = current_;
  at(self).held.push_back(target);
  ++at(target).references;
  Value result;
  if (any) {
    result = co_await perform_on_any(target, op);
  } else {
    result = co_await perform_on(target, op);
  }
  at(self).held.pop_back();
  co_await release(target);
  co_return result;
}

Routine<Value> Specification::perform_on(Id target, const Op& op) {
  Tasklet& tasklet = at(target);
  switch (op.code) {
    case OpCode::kState:
      say(static_cast<std::int32_t>(flags_of(target)));
      log(EventKind::kState, {number_of(target), static_cast<std::int32_t>(flags_of(target))});
      co_return Value{};
    case OpCode::kTnest:
      say(nesting_of(target));
      log(EventKind::kTaskletNest, {number_of(target), nesting_of(target)});
      co_return Value{};
    case OpCode::kBindt:
      co_return bind_thread(target);
    case OpCode::kThread:
      say(tasklet.thread);
      log(EventKind::kThread, {number_of(target), tasklet.thread});
      co_return Value{};
    case OpCode::kTchan:
      log(EventKind::kTaskletChannel,
          {number_of(target), tasklet.blocked == 0 ? -1 : shown(tasklet.channel)});
      co_return Value{};
    case OpCode::kTatomic: {
      const bool old = std::exchange(tasklet.atomic, op.args[1] != 0);
      Value result;
      if (pending_irq_is_due()) result = co_await interrupt();
      if (!result.is_error()) log(EventKind::kTaskletAtomic, {number_of(target), old});
      co_return result;
    }
    case OpCode::kTbtrap:
      tasklet.block_trap = op.args[1] != 0;
      co_return Value{};
    case OpCode::kInsert:
      co_return insert(target);
    case OpCode::kRemove:
      if (tasklet.thread == kNobody) co_return Value{};
      if (tasklet.blocked != 0) co_return Value::error(ErrorCode::kRemoveBlocked);
      if (is_current(target)) co_return Value::error(ErrorCode::kRemoveCurrent);
      if (!tasklet.queued) co_return Value{};
      take_out(target);
      co_return co_await release(target);
    case OpCode::kRun:
      co_return co_await run_tasklet(target);
    case OpCode::kSwitch:
      if (is_current_at_home(target)) co_return Value{};  // As the recorded programs guard it.
      co_return co_await switch_to(target);
    case OpCode::kSwitchRaw:
      co_return co_await switch_to(target);
    case OpCode::kKill:
    case OpCode::kKillp:
      co_return co_await throw_at(target, Value::error(ExceptionType::kTaskletExit), softly(),
                                  op.code == OpCode::kKillp);
    case OpCode::kRaiseException:
    case OpCode::kThrow:
    case OpCode::kThrowp:
      co_return co_await throw_at(target,
                                  Value::error(static_cast<ExceptionType>(op.args[1]), ++tokens_),
                                  softly(), op.code == OpCode::kThrowp, /*kills=*/false);
    default:
      co_return co_await bind_again(target, op);
  }
}

// `rebind`, `unbind` and the two ways of `setup`.
Routine<Value> Specification::bind_again(Id target, const Op& op) {
  Tasklet& tasklet = at(target);
  // As the recorded programs guard it. Of a thread that has ended it is no main any more.
  if (tasklet.main && tasklet.thread != kNobody) co_return Value{};
  const std::int32_t bound_before =
      tasklet.state == Tasklet::State::kUnbound ? tasklet.function : -1;
  if (op.code != OpCode::kSetupNobind) {
    const Value bound = co_await bind(target, op.code == OpCode::kUnbind ? -1 : op.args[1]);
    if (bound.is_error() || op.code == OpCode::kUnbind) co_return bound;
  }
  if (op.code != OpCode::kRebind) co_return set_up(target);
  if (tasklet.thread == kNobody) {
    tasklet.function = bound_before;
    co_return Value::error(ErrorCode::kNoThread);
  }
  give_new_stack(target);
  tasklet.state = Tasklet::State::kNew;
  co_return Value{};
}

// What run() returned: None, or the tasklet that was interrupted, with a reference.
Routine<Value> Specification::returned_from_run(const Op& op, Value result) {
  if (op.code == OpCode::kRunto) runto_returned_ = true;
  if (result.is_error()) co_return result;
  const bool interrupted = result.kind == Value::Kind::kTasklet;
  const Id victim = interrupted ? static_cast<Id>(result.number) : kNobody;
  log(EventKind::kRan, {number_of(victim)});
  if (interrupted) ++at(victim).references;
  if (op.code == OpCode::kRunto && op.args[2] >= 0) {
    co_await store(op.args[2], victim);
  } else if (interrupted) {
    co_await release(victim);
  }
  if (interrupted) co_await release(victim);
  co_return Value{};
}

// The slot's old content goes after the new one is in its place.
Routine<Value> Specification::store(std::int32_t to, Id object, std::int32_t integer) {
  const Id old = std::exchange(slot(to), object);
  integers_[static_cast<std::size_t>(to)] = integer;
  if (old != kNobody) co_await release(old);
  co_return Value{};
}

// The numbers of its values are drawn together, before the first is sent.
Routine<Value> Specification::send_sequence(Id number, std::int32_t count) {
  const std::uint32_t first = tokens_ + 1;
  tokens_ += static_cast<std::uint32_t>(count);
  log(EventKind::kSendSequence, {number, static_cast<std::int32_t>(first), count});
  for (std::int32_t i = 0; i < count; ++i) {
    const Value token = Value::token(first + static_cast<std::uint32_t>(i));
    const Value result = co_await pass(number, token);
    if (result.is_error()) co_return result;
  }
  log(EventKind::kSentSequence, {number, count});
  co_return Value{};
}

// A for loop over a channel, left after `count` values.
Routine<Value> Specification::iterate(Id number, std::int32_t count) {
  std::int32_t turns = 0;
  do {
    const Channel& from = channel(number);
    if (from.closing && from.balance <= 0 && from.kept.empty()) break;
    const Value result = co_await take(number);
    if (result.is_error()) {
      if (result.type == ExceptionType::kStopIteration) break;
      co_return result;
    }
    log(EventKind::kIterated, {number, static_cast<std::int32_t>(result.number)});
  } while (++turns < count);
  log(EventKind::kIterationEnd, {number, turns});
  co_return Value{};
}

}  // namespace reweave::runtime::specification
