// How a function of the scenario runs: its frame, which an operation may leave softly and come back
// to, and its blocks (try, finally, loop, trapped).
#include <utility>

#include "runtime/interpreter/locals.h"
#include "runtime/oracle/structure.h"
#include "scheduler/base/check.h"

namespace reweave::runtime {

namespace {

// `except Exception` does not catch what is only a BaseException.
bool is_ordinary_exception(ExceptionType type) {
  return type != ExceptionType::kTaskletExit && type != ExceptionType::kSystemExit;
}

}  // namespace

void Interpreter::visit_locals(Frame& frame, ReferenceVisitor& visitor) {
  const auto& locals = frame.locals<Locals>();
  visitor.visit(locals.held);
  visitor.visit(locals.cell);
  for (std::uint32_t i = 0; i < locals.depth; ++i) visitor.visit(locals.blocks[i].error);
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
  Cell* const cell = locals.cell;
  locals.cell = nullptr;
  if (cell != nullptr) thread.release(cell);
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
      // Killed before it ran: nothing of it runs.
      if (value == nullptr && !thread().enters_killed()) return nullptr;
      if (value != nullptr) thread().release(value);
      locals.phase = Phase::kRunning;
      if (locals.root) thread().log(EventKind::kStart);
      break;
    case Phase::kRunning:
      thread().violated("frame-that-did-not-wait");
      break;
    case Phase::kPreempted:
      locals.phase = Phase::kRunning;
      if (value == nullptr) {
        if (!handle_error(function, locals, pc)) goto failed;
      } else {
        thread().release(value);
        goto after_preemption;
      }
      break;
    case Phase::kInOperation:
      goto operation_done;
  }

  for (;;) {
    thread().check_frame(self, "run");
    if (pc == function.ops.size()) break;
    {
      const Op& op = function.ops[pc];
      if (op_info(op.code).shape == OpShape::kMark) {
        if (!leave_block(function, locals, pc) && !handle_error(function, locals, pc)) goto failed;
        continue;
      }
      frame.site = site_of(body.function, op.label);
      if (runtime_.attends_steps()) [[unlikely]]
        runtime_.before_step(frame.site);
      if (!thread().execution().step(thread().current()->actor, frame.site)) thread().abandon();
      StructureOracle::check(thread(), frame.site);
      const bool slice_over = thread().tick();
      if (thread().ask_preempt(frame.site, slice_over) || slice_over) {
        locals.pc = pc;
        locals.phase = Phase::kPreempted;
        value = slice_over ? thread().interrupt(soft()) : thread().preempt(soft());
        if (value == kUnwind) return kUnwind;
        thread().check_frame(self, "resumed");
        locals.phase = Phase::kRunning;
        if (value == nullptr) {
          if (!handle_error(function, locals, pc)) goto failed;
          continue;
        }
        thread().release(value);
      }
    }
  after_preemption : {
    const Op& op = function.ops[pc];
    if (op_info(op.code).shape != OpShape::kPlain) {
      // A defect may let two stacks run one frame.
      thread().require(sizeof(Locals) + locals.depth * sizeof(Block) <= frame.code->locals_bytes,
                       "blocks-open");
      enter_block(function, locals, pc, frame.site);
      continue;
    }
    if (thread().ask_collect(frame.site)) {
      collect();
      thread().check_frame(self, "resumed");
    }
    locals.pc = pc;
    locals.phase = Phase::kInOperation;
    locals.turn = 0;
  }
  perform_turn:
    value = perform(function.ops[pc], locals, frame);
    if (is_order(value)) [[unlikely]]
      return value == kYields ? std::exchange(locals.held, nullptr) : value;
  operation_done:
    thread().check_frame(self, "resumed");
    thread().check_result(value);
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
    thread().release(value);
    ++pc;
  }
  if (locals.root) thread().log(EventKind::kEnd);
  return thread().none();

failed:
  if (locals.root) log_exception(EventKind::kDied, *thread().error());
  return nullptr;
}

// Because a question said so.
void Interpreter::collect() {
  const std::size_t place = collections_.size();
  if (thread().settings().check_collections)
    collections_.emplace_back(thread().execution().log().size(), ~std::size_t{0});
  thread().collect();
  if (place < collections_.size()) collections_[place].second = thread().execution().log().size();
}

void Interpreter::enter_block(const Function& function, Locals& locals, std::uint32_t& pc,
                              SiteId site) {
  const Op& op = function.ops[pc];
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
  if (op.code == OpCode::kTrapped) thread().trap_switches(+1);
  ++pc;
}

// At a `then` or `end`. False: an exception goes on from here.
bool Interpreter::leave_block(const Function& function, Locals& locals, std::uint32_t& pc) {
  thread().require(locals.depth > 0, "block-not-open");
  Block& block = locals.blocks[locals.depth - 1];
  const Op& opener = function.ops[block.op];
  if (function.ops[pc].code == OpCode::kThen) {
    block.second = true;
    ++pc;
    return true;
  }
  const bool repeats = opener.code == OpCode::kLoop || opener.code == OpCode::kChoose;
  if (repeats && ++block.count < static_cast<std::uint32_t>(opener.args[0])) {
    thread().count_tick();
    pc = block.op + 1;
    return true;
  }
  if (opener.code == OpCode::kTrapped) thread().trap_switches(-1);
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
    if (opener.code == OpCode::kTrapped) thread().trap_switches(-1);
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
  const FrameRef frame = thread().make_frame(rec_code_, site);
  if (!frame) return nullptr;
  auto& locals = frame.frame->locals<RecLocals>();
  locals.levels = levels - 1;
  locals.function = function;
  return thread().evaluate(frame, thread().none());
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

}  // namespace reweave::runtime
