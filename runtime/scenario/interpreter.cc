#include "runtime/scenario/interpreter.h"

#include <cstdlib>

#include "scheduler/check.h"

namespace reweave::runtime {

namespace {
// What complete() returns for an operation that has another turn to do.
Object* const kAgain = reinterpret_cast<Object*>(std::uintptr_t{2});
}  // namespace

struct Interpreter::Body {
  Code code;
  Interpreter* interpreter = nullptr;
  std::uint32_t function = 0;
};

struct Interpreter::Block {
  std::uint32_t op;     // Index of the operation that opened it.
  std::uint32_t count;  // Turns of a loop done.
  bool second;          // In the second body of `finally`.
  Bomb* error;          // What the second body has to raise again; owned.
};

struct Interpreter::Locals {
  enum class Phase : std::uint8_t { kFresh, kRunning, kPreempted, kInOperation };
  std::uint32_t pc;
  Phase phase;
  bool root;               // The first function of a tasklet: logs start and end.
  std::uint8_t depth;      // Open blocks.
  std::uint32_t token;     // Number of the token that the operation in progress sends.
  std::uint32_t turn;      // Of an operation that is performed several times: turns done.
  bool receiving;          // The turn in progress receives.
  std::uint32_t expected;  // While it receives: what the tasklet was already waiting for.
  Object* held;            // What the operation in progress holds; owned.
  Block blocks[1];         // As many as the function nests.
};

struct Interpreter::RecLocals {
  std::int32_t levels;    // Still to go.
  std::int32_t function;  // Called at the bottom; -1: nothing.
  bool called;
};

namespace {

std::uint32_t nesting_of(const Function& function) {
  std::uint32_t depth = 0, deepest = 0;
  for (const Op& op : function.ops) {
    const OpShape shape = op_info(op.code).shape;
    if (shape == OpShape::kBlock || shape == OpShape::kBlockThen)
      deepest = std::max(deepest, ++depth);
    if (op.code == OpCode::kEnd) --depth;
  }
  return deepest;
}

// `except Exception` does not catch what is only a BaseException.
bool is_ordinary_exception(ExceptionType type) {
  return type != ExceptionType::kTaskletExit && type != ExceptionType::kSystemExit;
}

}  // namespace

Interpreter::Interpreter(const Scenario& scenario) : scenario_(&scenario) {
  rec_code_.execute = &Interpreter::execute_rec;
  rec_code_.locals_bytes = sizeof(RecLocals);
  rec_code_.body = this;
  set_scenario(scenario);
}

Interpreter::~Interpreter() = default;

void Interpreter::set_scenario(const Scenario& scenario) {
  scenario_ = &scenario;
  runtime_.forget_codes();
  bodies_.resize(scenario.functions.size());
  for (std::size_t i = 0; i < bodies_.size(); ++i) {
    Body& body = bodies_[i];
    body.interpreter = this;
    body.function = static_cast<std::uint32_t>(i);
    body.code = Code{};
    body.code.execute = &Interpreter::execute;
    body.code.clear_locals = &Interpreter::clear_locals;
    body.code.locals_bytes = static_cast<std::uint32_t>(
        sizeof(Locals) + nesting_of(scenario.functions[i]) * sizeof(Block));
    body.code.entry = site_of(i, 0);
    body.code.body = &body;
  }
}

Thread::Ending Interpreter::run(const Settings& settings, Execution& execution) {
  slots_.assign(scenario_->slots.size(), nullptr);
  channels_.assign(scenario_->channels.size(), nullptr);
  const Thread::Ending ending = runtime_.run(bodies_[0].code, settings, execution, *this);
  if (!ending.ended) return ending;
  thread_.ledger().end();
  const bool deadlocked = ending.failed && (ending.code == ErrorCode::kDeadlock ||
                                            ending.code == ErrorCode::kMainRecvDeadlock ||
                                            ending.code == ErrorCode::kMainSendDeadlock);
  if (deadlocked && settings.report_deadlock) {
    Finding finding;
    finding.kind = FindingKind::kDeadlock;
    finding.step = execution.steps();
    finding.signature = std::string("deadlock ") + error_code_name(ending.code);
    finding.message = std::string("main ended with the runtime's deadlock error (") +
                      error_code_name(ending.code) +
                      "): nothing could run and the program had not ended";
    execution.report(std::move(finding), /*stops=*/false);
  }
  return ending;
}

std::string Interpreter::site(SiteId site) const { return site_name(*scenario_, site); }

std::string Interpreter::operation(SiteId site) const {
  const std::size_t function = static_cast<std::uint32_t>(site) >> 16;
  const std::uint32_t label = static_cast<std::uint32_t>(site) & 0xffff;
  if (function < scenario_->functions.size() && label != 0) {
    for (const Op& op : scenario_->functions[function].ops) {
      if (op.label == label) return op_info(op.code).word;
    }
  }
  return "entry";
}

void Interpreter::log_exception(EventKind kind, const Bomb& bomb) {
  thread_.log(kind,
              {static_cast<std::int32_t>(bomb.type) | static_cast<std::int32_t>(bomb.code) << 8,
               static_cast<std::int32_t>(bomb.number)});
}

// The slot's old content goes after the new one is in its place.
void Interpreter::store(std::int32_t slot, Tasklet* owned) {
  Tasklet*& at = slots_[static_cast<std::size_t>(slot)];
  Tasklet* const old = at;
  at = owned;
  if (old == nullptr) return;
  thread_.release(old);
}

void Interpreter::clear_locals(Thread& thread, Frame& frame) {
  auto& locals = frame.locals<Locals>();
  if (locals.held != nullptr) {
    Object* const held = locals.held;
    locals.held = nullptr;
    thread.release(held);
  }
  for (std::uint32_t i = 0; i < locals.depth; ++i) {
    Bomb* const error = locals.blocks[i].error;
    locals.blocks[i].error = nullptr;
    if (error != nullptr) thread.release(error);
  }
}

Object* Interpreter::execute(Thread&, FrameRef self, Object* value) {
  const Body& body = *static_cast<const Body*>(self.frame->code->body);
  return body.interpreter->run_frame(self, body, value);
}

Object* Interpreter::run_frame(FrameRef self, const Body& body, Object* value) {
  using Phase = Locals::Phase;
  const Function& function = scenario_->functions[body.function];
  Frame& frame = *self.frame;
  auto& locals = frame.locals<Locals>();
  std::uint32_t pc = locals.pc;

  switch (locals.phase) {
    case Phase::kFresh:
      if (value == nullptr) return nullptr;  // Killed before it ran: nothing of it runs.
      thread_.release(value);
      locals.phase = Phase::kRunning;
      if (locals.root) thread_.log(EventKind::kStart);
      break;
    case Phase::kRunning:
      CHECK_MSG(false, "a frame was resumed that did not wait");
      break;
    case Phase::kPreempted:
      locals.phase = Phase::kRunning;
      if (value == nullptr) {
        if (!handle_error(function, locals, pc)) goto failed;
      } else {
        thread_.release(value);
        goto after_preemption;
      }
      break;
    case Phase::kInOperation:
      goto operation_done;
  }

  for (;;) {
    thread_.check_frame(self, "run");
    if (pc == function.ops.size()) break;
    {
      const Op& op = function.ops[pc];
      if (op_info(op.code).shape == OpShape::kMark) {
        if (!leave_block(function, locals, pc) && !handle_error(function, locals, pc)) goto failed;
        continue;
      }
      frame.site = site_of(body.function, op.label);
      if (!thread_.execution().step(thread_.current()->actor, frame.site)) thread_.abandon();
      if (thread_.ask_preempt(frame.site)) {
        locals.pc = pc;
        locals.phase = Phase::kPreempted;
        value = thread_.preempt(soft());
        if (value == kUnwind) return kUnwind;
        thread_.check_frame(self, "resumed");
        locals.phase = Phase::kRunning;
        if (value == nullptr) {
          if (!handle_error(function, locals, pc)) goto failed;
          continue;
        }
        thread_.release(value);
      }
    }
  after_preemption : {
    const Op& op = function.ops[pc];
    if (op_info(op.code).shape != OpShape::kPlain) {
      enter_block(function, locals, pc);
      continue;
    }
    locals.pc = pc;
    locals.phase = Phase::kInOperation;
    locals.turn = 0;
  }
  perform_turn:
    value = perform(function.ops[pc], locals, frame);
    if (value == kUnwind) return kUnwind;
  operation_done:
    thread_.check_frame(self, "resumed");
    thread_.check_result(value);
    locals.phase = Phase::kRunning;
    value = complete(function.ops[pc], locals, frame, value);
    if (value == kAgain) {
      locals.phase = Phase::kInOperation;
      goto perform_turn;
    }
    if (value == nullptr) {
      if (!handle_error(function, locals, pc)) goto failed;
      continue;
    }
    thread_.release(value);
    ++pc;
  }
  if (locals.root) thread_.log(EventKind::kEnd);
  return thread_.none();

failed:
  if (locals.root) log_exception(EventKind::kDied, *thread_.error());
  return nullptr;
}

void Interpreter::enter_block(const Function& function, Locals& locals, std::uint32_t& pc) {
  const Op& op = function.ops[pc];
  if (op.code == OpCode::kLoop && op.args[0] == 0) {
    pc = op.match + 1;
    return;
  }
  locals.blocks[locals.depth++] = {.op = pc, .count = 0, .second = false, .error = nullptr};
  if (op.code == OpCode::kTrapped) thread_.trap_switches(+1);
  ++pc;
}

// At a `then` or `end`. False: an exception goes on from here.
bool Interpreter::leave_block(const Function& function, Locals& locals, std::uint32_t& pc) {
  CHECK(locals.depth > 0);
  Block& block = locals.blocks[locals.depth - 1];
  const Op& opener = function.ops[block.op];
  if (function.ops[pc].code == OpCode::kThen) {
    block.second = true;
    ++pc;
    return true;
  }
  if (opener.code == OpCode::kLoop && ++block.count < static_cast<std::uint32_t>(opener.args[0])) {
    pc = block.op + 1;
    return true;
  }
  if (opener.code == OpCode::kTrapped) thread_.trap_switches(-1);
  Bomb* const error = block.error;
  block.error = nullptr;
  --locals.depth;
  ++pc;
  if (error == nullptr) return true;
  thread_.raise(error);
  return false;
}

// An exception is pending: finds who handles it in this function. False: nobody.
bool Interpreter::handle_error(const Function& function, Locals& locals, std::uint32_t& pc) {
  while (locals.depth > 0) {
    Block& block = locals.blocks[locals.depth - 1];
    const Op& opener = function.ops[block.op];
    if (opener.code == OpCode::kTrapped) thread_.trap_switches(-1);
    if (opener.code == OpCode::kFinally && !block.second) {
      block.second = true;
      block.error = thread_.take_error();
      pc = opener.match + 1;
      return true;
    }
    --locals.depth;
    if (block.error !=
        nullptr) {  // The new exception replaces the one that `finally` was to raise again.
      Bomb* const replaced = block.error;
      block.error = nullptr;
      thread_.release(replaced);
    }
    const bool catches =
        opener.code == OpCode::kTryall ||
        (opener.code == OpCode::kTry && is_ordinary_exception(thread_.error()->type));
    if (catches) {
      Bomb* const bomb = thread_.take_error();
      log_exception(EventKind::kCaught, *bomb);
      thread_.release(bomb);
      pc = opener.match + 1;
      return true;
    }
  }
  return false;
}

Object* Interpreter::rec(std::int32_t levels, std::int32_t function, SiteId site) {
  const FrameRef frame = thread_.make_frame(rec_code_, site);
  auto& locals = frame.frame->locals<RecLocals>();
  locals.levels = levels - 1;
  locals.function = function;
  return thread_.evaluate(frame, thread_.none());
}

Object* Interpreter::execute_rec(Thread& thread, FrameRef self, Object* value) {
  auto* const interpreter = static_cast<Interpreter*>(const_cast<void*>(self.frame->code->body));
  auto& locals = self.frame->locals<RecLocals>();
  if (value == nullptr || locals.called) return value;
  if (locals.levels > 0) {
    thread.release(value);
    return interpreter->rec(locals.levels, locals.function, self.frame->site);
  }
  if (locals.function < 0) return value;
  locals.called = true;
  Code& code = interpreter->bodies_[static_cast<std::size_t>(locals.function)].code;
  return thread.call_softly(thread.make_frame(code, code.entry), value);
}

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

// What an operation does when its switch, if any, is over. `value` is its result, or null and an
// exception.
Object* Interpreter::complete(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (locals.held != nullptr) {
    Object* const held = locals.held;
    locals.held = nullptr;
    thread_.release(held);
  }
  const std::int32_t channel = op.args[0];
  switch (op.code) {
    case OpCode::kRecv:
      thread_.ledger().received(value != nullptr ? *value : *thread_.error(), *thread_.current(),
                                frame.site);
      thread_.current()->expects = locals.expected;
      if (value != nullptr) {
        const bool token = value->kind == ObjectKind::kToken;
        thread_.log(
            EventKind::kGot,
            {channel, token ? static_cast<std::int32_t>(static_cast<Token*>(value)->number) : 0});
      }
      break;
    case OpCode::kSend:
      if (value != nullptr)
        thread_.log(EventKind::kSent, {channel, static_cast<std::int32_t>(locals.token)});
      break;
    case OpCode::kSendx:
      if (value != nullptr)
        thread_.log(EventKind::kSentx, {channel, static_cast<std::int32_t>(locals.token)});
      break;
    case OpCode::kSendseq:
      if (value == nullptr || ++locals.turn > static_cast<std::uint32_t>(op.args[1])) break;
      if (locals.turn < static_cast<std::uint32_t>(op.args[1])) {
        thread_.release(value);
        return kAgain;
      }
      thread_.log(EventKind::kSentSequence, {channel, op.args[1]});
      break;
    case OpCode::kIter:
      return iterated(op, locals, frame, value);
    case OpCode::kRunall:
      if (value != nullptr) thread_.log(EventKind::kRan, {-1});
      break;
    default:
      break;
  }
  return value;
}

// One value of a send_sequence. Their numbers are drawn together, before the first is sent.
Object* Interpreter::send_next(const Op& op, Locals& locals, Frame& frame) {
  const std::int32_t count = op.args[1];
  if (locals.turn == 0) {
    locals.token = thread_.ledger().reserve(static_cast<std::uint32_t>(count));
    thread_.log(EventKind::kSendSequence,
                {op.args[0], static_cast<std::int32_t>(locals.token), count});
    if (count == 0) return thread_.none();
  }
  Token* const token = thread_.make_token();
  thread_.ledger().enter(*token, *thread_.current(), frame.site, locals.token + locals.turn);
  return thread_.send(channel(op.args[0]), token, soft());
}

// One turn of a for loop over a channel.
Object* Interpreter::iterate(const Op& op, Locals& locals) {
  Channel* const at = channel(op.args[0]);
  if (at->closing && at->balance <= 0)
    return thread_.raise(thread_.make_bomb(ExceptionType::kStopIteration));
  Tasklet* const current = thread_.current();
  locals.expected = current->expects;
  current->expects = 0;
  locals.receiving = true;
  return thread_.receive(at, soft());
}

Object* Interpreter::iterated(const Op& op, Locals& locals, Frame& frame, Object* value) {
  if (locals.receiving) {
    thread_.ledger().received(value != nullptr ? *value : *thread_.error(), *thread_.current(),
                              frame.site);
    thread_.current()->expects = locals.expected;
    locals.receiving = false;
  }
  if (value == nullptr) {
    if (thread_.error()->type != ExceptionType::kStopIteration) return nullptr;
    thread_.release(thread_.take_error());
    value = thread_.none();
  } else {
    const bool token = value->kind == ObjectKind::kToken;
    thread_.log(
        EventKind::kIterated,
        {op.args[0], token ? static_cast<std::int32_t>(static_cast<Token*>(value)->number) : 0});
    if (++locals.turn < static_cast<std::uint32_t>(op.args[1])) {
      thread_.release(value);
      return kAgain;
    }
  }
  thread_.log(EventKind::kIterationEnd, {op.args[0], static_cast<std::int32_t>(locals.turn)});
  return value;
}

Object* Interpreter::bind_again(const Op& op, Tasklet* tasklet) {
  if (tasklet == thread_.main_tasklet())
    return thread_.none();  // As the recorded programs guard it.
  Code* const code =
      op.code == OpCode::kUnbind ? nullptr : &bodies_[static_cast<std::size_t>(op.args[1])].code;
  if (op.code != OpCode::kSetupNobind) {
    Object* const bound = thread_.rebind(tasklet, code);
    if (bound == nullptr || op.code == OpCode::kUnbind) return bound;
    thread_.release(bound);
  }
  if (op.code == OpCode::kRebind) {
    tasklet->frame = thread_.make_root_frame(*code);
    tasklet->bound = nullptr;
  } else {
    Object* const ready = thread_.setup(tasklet);
    if (ready == nullptr) return nullptr;
    thread_.release(ready);
  }
  tasklet->frame.frame->locals<Locals>().root = true;
  return thread_.none();
}

std::uint32_t Interpreter::flags_of(const Tasklet& tasklet) const {
  const bool alive = thread_.is_alive(&tasklet);
  const bool scheduled = tasklet.next != nullptr || tasklet.blocked != 0;
  return (alive ? 1u : 0) | (tasklet.blocked != 0 ? 2u : 0) | (scheduled ? 4u : 0) |
         (alive && !scheduled ? 8u : 0) | (&tasklet == thread_.current() ? 16u : 0) |
         (&tasklet == thread_.main_tasklet() ? 32u : 0);
}

std::string flags_text(std::uint32_t flags) {
  std::string text;
  for (std::size_t i = 0; i < 6; ++i) {
    if ((flags >> i & 1) != 0) text += "abspcm"[i];
  }
  return text;
}

void Interpreter::log_item(const Tasklet& tasklet) {
  thread_.log(EventKind::kListItem, {static_cast<std::int32_t>(tasklet.number)});
}

Channel* Interpreter::channel(std::int32_t number) {
  Channel*& at = channels_[static_cast<std::size_t>(number)];
  if (at == nullptr) at = thread_.make_channel(static_cast<std::uint32_t>(number));
  return at;
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
