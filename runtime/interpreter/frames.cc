// How a function of the scenario runs: its frame, which an operation may leave softly and come back
// to, and its blocks (try, finally, loop, trapped).
#include <utility>

#include "runtime/interpreter/locals.h"
#include "runtime/oracle/structure.h"
#include "runtime/tasklet/frame_cache.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

namespace {

// `except Exception` does not catch what is only a BaseException.
bool is_ordinary_exception(ExceptionType type) {
  return type != ExceptionType::kTaskletExit && type != ExceptionType::kSystemExit &&
         type != ExceptionType::kGeneratorExit;
}

/// A block that runs as an integer says.
bool is_condition(OpCode code) {
  return code == OpCode::kIf || code == OpCode::kIfElse || code == OpCode::kWhile;
}

// The limit of steps is reached. That calls went on and none returned is another thing than that a
// program goes round in circles. Not inline: what it needs on the stack every switch would copy.
[[gnu::noinline, gnu::cold]] void tell_of_recursion(Thread& thread, const LedgerNames& names) {
  constexpr std::size_t kDeep = 1000;
  Execution& execution = thread.execution();
  if (!thread.settings().report_stuck || execution.stopped()) return;
  std::size_t calls = 0;
  for (FrameRef at = thread.evaluation().running; at; at = at.frame->back) {
    if (at.frame->generation != at.generation) return;
    ++calls;
  }
  if (calls < kDeep) return;
  const std::string place = names.site(thread.evaluation().here());
  const std::string function = place.substr(0, place.rfind('.'));
  Finding finding;
  finding.kind = FindingKind::kLivelock;
  finding.step = execution.steps();
  finding.oracle = "scheduler";
  finding.signature = "livelock recursion in " + function;
  finding.message =
      execution.actor_path(thread.current()->actor) + " is " + std::to_string(calls) +
      " calls deep at " + place +
      ", and the limit of steps is reached: a recursion without an end, or steps-max is "
      "too low for it";
  execution.report(std::move(finding), /*stops=*/false);
}

}  // namespace

void Interpreter::visit_locals(Frame& frame, ReferenceVisitor& visitor) {
  const auto& locals = frame.locals<Locals>();
  visitor.visit(locals.held);
  visitor.visit(locals.cell);
  for (std::uint32_t i = 0; i < locals.depth; ++i) visitor.visit(locals.blocks[i].error);
}

GeneratorObject* Interpreter::generator_of(Frame& frame) {
  return frame.locals<Locals>().generator;
}

// The frame dies in the middle of an `async`.
bool Interpreter::calls_async(const Frame& frame, const Locals& locals) {
  const Body& body = *static_cast<const Body*>(frame.code->body);
  const std::vector<Op>& ops = body.interpreter->scenario_->functions[body.function].ops;
  return locals.phase == Locals::Phase::kInOperation && ops[locals.pc].code == OpCode::kAsync;
}

void Interpreter::clear_locals(Thread& thread, Frame& frame) {
  auto& locals = frame.locals<Locals>();
  if (locals.held != nullptr) {
    Object* const held = locals.held;
    locals.held = nullptr;
    // A caller who vanishes hangs up: his worker may be about to send, and to look whether anybody
    // listens.
    if (held->kind == ObjectKind::kChannel && calls_async(frame, locals))
      static_cast<Channel*>(held)->closing = true;
    thread.release(held);
  }
  for (std::uint32_t i = 0; i < locals.depth; ++i) {
    Bomb* const error = locals.blocks[i].error;
    locals.blocks[i].error = nullptr;
    if (error != nullptr) thread.release(error);
  }
  Cell* const cell = locals.cell;
  locals.cell = nullptr;
  if (cell != nullptr) thread.release(cell);
}

bool Interpreter::is_hard(FrameRef frame) {
  // A caller may be gone, under a defect.
  return frame && frame.frame->generation == frame.generation &&
         frame.frame->code->execute == &Interpreter::execute && frame.frame->locals<Locals>().hard;
}

Object* Interpreter::execute(Thread&, FrameRef self, Object* value) {
  const Body& body = *static_cast<const Body*>(self.frame->code->body);
  return body.interpreter->run_frame(self, body, value);
}

enum class Interpreter::Next : std::uint8_t {
  kStep,       // The operation at `pc` is next.
  kOperation,  // It was not preempted, or that is over.
  kTurn,       // Of that operation.
  kCompleted,  // The turn's switch, if any, is over.
  kError,      // An exception is pending.
  kReturn,     // To the dispatcher, with the value or order that there is.
  kEnd,        // There is no more operation.
};

// The phases are one function each, and all of them inline: they are where most executions spend
// most of their time, and a call for each would cost as much as many an operation.
#define REWEAVE_PHASE [[gnu::always_inline]] inline

// The dispatcher enters the frame with `value`: for the first time, or again after a soft switch.
REWEAVE_PHASE Interpreter::Next Interpreter::enter(Activation& at, Object*& value) {
  using Phase = Locals::Phase;
  switch (at.locals.phase) {
    case Phase::kFresh:
      // Killed before it ran: nothing of it runs.
      if (value == nullptr && !enters_killed(thread())) return Next::kReturn;
      if (value != nullptr) thread().release(value);
      at.locals.phase = Phase::kRunning;
      at.locals.hard = !softly_set() || is_hard(at.frame.back);
      if (at.locals.root) thread().log(EventKind::kStart);
      return Next::kStep;
    case Phase::kRunning:
      violated(thread(), "frame-that-did-not-wait");
    case Phase::kPreempted:
      at.locals.phase = Phase::kRunning;
      if (value == nullptr) return Next::kError;
      thread().release(value);
      return Next::kOperation;
    case Phase::kInOperation:
      break;
  }
  return Next::kCompleted;
}

REWEAVE_PHASE Interpreter::Next Interpreter::begin_step(Activation& at, Object*& value) {
  check_frame(thread(), at.self, "run");
  if (at.pc == at.function.ops.size()) return Next::kEnd;
  const Op& op = at.function.ops[at.pc];
  if (op_info(op.code).shape == OpShape::kMark)
    return leave_block(at.function, at.locals, at.pc) ? Next::kStep : Next::kError;
  at.frame.site = site_of(at.number, op.label);
  if (runtime_.attends_steps()) [[unlikely]] {
    runtime_.before_step(at.frame.site);
    check_frame(thread(), at.self, "run");  // It may have run code, which a defect lets free it.
  }
  // Now and then is often enough for memory, and the same in every build.
  const std::uint64_t steps = thread().execution().steps();
  if (steps % 64 == 0 && runtime_.exceeds_memory()) [[unlikely]]
    thread().execution().stop_at_memory_limit();
  if (steps >= thread().settings().limits.steps_max) [[unlikely]]
    tell_of_recursion(thread(), *this);
  if (!thread().execution().step(thread().current()->actor, at.frame.site)) {
    StructureOracle::look_before_stop(thread());
    thread().abandon();
  }
  StructureOracle::check(thread(), at.frame.site);
  const bool slice_over = thread().watchdog().tick();
  if (ask_preempt(thread(), at.frame.site, slice_over) || slice_over)
    return preempt_here(at, value, slice_over);
  return Next::kOperation;
}

// The tasklet is switched away before its operation; the frame may be left softly.
Interpreter::Next Interpreter::preempt_here(Activation& at, Object*& value, bool slice_over) {
  at.locals.pc = at.pc;
  at.locals.phase = Locals::Phase::kPreempted;
  value = slice_over ? interrupt(thread(), soft()) : thread().preempt(soft());
  if (value == kUnwind) return Next::kReturn;
  check_frame(thread(), at.self, "resumed");
  at.locals.phase = Locals::Phase::kRunning;
  if (value == nullptr) return Next::kError;
  thread().release(value);
  return Next::kOperation;
}

REWEAVE_PHASE Interpreter::Next Interpreter::begin_operation(Activation& at) {
  const Op& op = at.function.ops[at.pc];
  if (op_info(op.code).shape != OpShape::kPlain) {
    // A defect may let two stacks run one frame.
    require(thread(),
            sizeof(Locals) + at.locals.depth * sizeof(Block) <= at.frame.code->locals_bytes,
            "blocks-open");
    enter_block(at.function, at.locals, at.pc, at.frame.site);
    return Next::kStep;
  }
  if (thread().settings().collect && asks_to_collect(thread(), at.frame.site)) {
    collect();
    check_frame(thread(), at.self, "resumed");
  }
  at.locals.pc = at.pc;
  at.locals.phase = Locals::Phase::kInOperation;
  at.locals.turn = 0;
  return Next::kTurn;
}

REWEAVE_PHASE Interpreter::Next Interpreter::perform_turn(Activation& at, Object*& value) {
  value = perform(at.function.ops[at.pc], at.locals, at.frame);
  if (!is_order(value)) [[likely]]
    return Next::kCompleted;
  if (value == kYields) value = std::exchange(at.locals.held, nullptr);
  return Next::kReturn;
}

REWEAVE_PHASE Interpreter::Next Interpreter::finish_operation(Activation& at, Object*& value) {
  check_frame(thread(), at.self, "resumed");
  thread().check_result(value);
  at.locals.phase = Locals::Phase::kRunning;
  value = complete(at.function.ops[at.pc], at.locals, at.frame, value);
  if (value == kAgain) {
    at.locals.phase = Locals::Phase::kInOperation;
    return Next::kTurn;
  }
  if (value == nullptr) return Next::kError;
  thread().release(value);
  ++at.pc;
  return Next::kStep;
}

#undef REWEAVE_PHASE

Object* Interpreter::run_frame(FrameRef self, const Body& body, Object* value) {
  auto& locals = self.frame->locals<Locals>();
  Activation at{.self = self,
                .frame = *self.frame,
                .locals = locals,
                .function = scenario_->functions[body.function],
                .number = body.function,
                .pc = locals.pc};
  Next next = enter(at, value);
  for (;;) {
    switch (next) {
      case Next::kStep:
        next = begin_step(at, value);
        break;
      case Next::kOperation:
        next = begin_operation(at);
        break;
      case Next::kTurn:
        next = perform_turn(at, value);
        break;
      case Next::kCompleted:
        next = finish_operation(at, value);
        break;
      case Next::kError:
        if (!handle_error(at.function, at.locals, at.pc)) {
          if (locals.root) {
            log_exception(EventKind::kDied, *thread().error());
            report_uncaught(*thread().error(), static_cast<std::int32_t>(body.function),
                            at.frame.site);
          } else if (const FrameRef caller = at.frame.back; !caller) {
            left_at_ = at.frame.site;
          } else if (caller.frame->generation == caller.generation &&
                     caller.frame->code != nullptr &&
                     caller.frame->code->execute == &Interpreter::execute_thread) {
            caller.frame->site = at.frame.site;  // It has no operations itself.
          }
          return nullptr;
        }
        next = Next::kStep;
        break;
      case Next::kReturn:
        return value;
      case Next::kEnd:
        if (locals.root) thread().log(EventKind::kEnd);
        return thread().none();
    }
  }
}

// Because a question said so, or after one did.
void Interpreter::collect() {
  const std::size_t place = collections_.size();
  if (thread().settings().check_collections)
    collections_.emplace_back(thread().execution().log().size(), ~std::size_t{0});
  const std::uint64_t steps = thread().execution().steps();
  collect_garbage(thread());
  if (thread().execution().steps() != steps) collections_ran_code_ = true;
  if (place < collections_.size()) collections_[place].second = thread().execution().log().size();
}

void Interpreter::enter_block(const Function& function, Locals& locals, std::uint32_t& pc,
                              SiteId site) {
  const Op& op = function.ops[pc];
  if (is_condition(op.code)) return enter_condition(op, locals, pc);
  auto turns = static_cast<std::uint32_t>(op.args[0]);
  if (op.code == OpCode::kChoose) {
    turns =
        thread().execution().ask(QuestionKind::kPick, thread().current()->actor, site, turns + 1);
  }
  const bool repeats = op.code == OpCode::kLoop || op.code == OpCode::kChoose;
  if (repeats && turns == 0) {
    pc = op.match + 1;
    return;
  }
  // Of one that is to turn less often, the first turns count as done.
  const std::uint32_t done = repeats ? static_cast<std::uint32_t>(op.args[0]) - turns : 0;
  locals.blocks[locals.depth++] = {.op = pc, .count = done, .second = false, .error = nullptr};
  if (op.code == OpCode::kTrapped) ++thread().guard().trap;
  ++pc;
}

void Interpreter::enter_condition(const Op& op, Locals& locals, std::uint32_t& pc) {
  const bool so = is_so(op);
  if (so || op.code == OpCode::kIfElse) {
    const bool second = !so;
    locals.blocks[locals.depth++] = {.op = pc, .count = 0, .second = second, .error = nullptr};
  }
  pc = so ? pc + 1 : op.match + 1;
}

// At a `then` or `end`. False: an exception goes on from here.
bool Interpreter::leave_block(const Function& function, Locals& locals, std::uint32_t& pc) {
  require(thread(), locals.depth > 0, "block-not-open");
  Block& block = locals.blocks[locals.depth - 1];
  const Op& opener = function.ops[block.op];
  if (function.ops[pc].code == OpCode::kThen && opener.code == OpCode::kIfElse) {
    --locals.depth;
    pc = function.ops[pc].match + 1;
    return true;
  }
  if (opener.code == OpCode::kWhile) {  // It is looked at again, as an operation of its own.
    --locals.depth;
    pc = block.op;
    return true;
  }
  if (function.ops[pc].code == OpCode::kThen) {
    block.second = true;
    ++pc;
    return true;
  }
  const bool repeats = opener.code == OpCode::kLoop || opener.code == OpCode::kChoose;
  if (repeats && ++block.count < static_cast<std::uint32_t>(opener.args[0])) {
    thread().watchdog().count_tick();
    pc = block.op + 1;
    return true;
  }
  if (opener.code == OpCode::kTrapped) --thread().guard().trap;
  Bomb* const error = block.error;
  block.error = nullptr;
  --locals.depth;
  ++pc;
  if (error == nullptr) return true;
  thread().raise(error);
  return false;
}

// An exception is pending: finds who handles it in this function. False: nobody.
bool Interpreter::handle_error(const Function& function, Locals& locals, std::uint32_t& pc) {
  while (locals.depth > 0) {
    Block& block = locals.blocks[locals.depth - 1];
    const Op& opener = function.ops[block.op];
    if (opener.code == OpCode::kTrapped) --thread().guard().trap;
    if (opener.code == OpCode::kFinally && !block.second) {
      block.second = true;
      block.error = thread().take_error();
      pc = opener.match + 1;
      return true;
    }
    --locals.depth;
    if (block.error !=
        nullptr) {  // The new exception replaces the one that `finally` was to raise again.
      Bomb* const replaced = block.error;
      block.error = nullptr;
      thread().release(replaced);
    }
    const bool catches =
        opener.code == OpCode::kTryall ||
        (opener.code == OpCode::kTry && is_ordinary_exception(thread().error()->type));
    if (catches) {
      Bomb* const bomb = thread().take_error();
      log_exception(EventKind::kCaught, *bomb);
      thread().release(bomb);
      pc = opener.match + 1;
      return true;
    }
  }
  return false;
}

Object* Interpreter::rec(std::int32_t levels, std::int32_t function, SiteId site) {
  const FrameRef frame = make_frame(thread(), rec_code_, site);
  if (!frame) return nullptr;
  auto& locals = frame.frame->locals<RecLocals>();
  locals.levels = levels - 1;
  locals.function = function;
  return evaluate(thread(), frame, thread().none());
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
  return call_softly(thread, make_frame(thread, code, code.entry), value);
}

}  // namespace reweave::runtime
