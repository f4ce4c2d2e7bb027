// Functions and blocks of a scenario, step by step.
#include <algorithm>
#include <utility>

#include "runtime/specification/specification.h"

namespace reweave::runtime::specification {

namespace {
/// A block that runs as an integer says.
bool is_condition(OpCode code) {
  return code == OpCode::kIf || code == OpCode::kIfElse || code == OpCode::kWhile;
}
}  // namespace

// False: the limit is reached and the execution was stopped here.
bool Specification::take_step() {
  if (step_ >= rules_.steps_max) return false;
  ++step_;
  return true;
}

// What such a question at this operation was answered; 0: ordinarily, or it was not asked.
std::uint32_t Specification::answer_to(QuestionKind kind, std::int32_t function, const Op& op) {
  const auto is_visible = [](QuestionKind asked) {
    return asked == QuestionKind::kPreempt || asked == QuestionKind::kCollect ||
           asked == QuestionKind::kPick;
  };
  while (!answers_.empty() &&
         (!is_visible(answers_.front().kind) || answers_.front().step < step_)) {
    answers_ = answers_.subspan(1);  // Nothing that a program could see.
  }
  if (answers_.empty()) return 0;
  const GivenAnswer given = answers_.front();
  if (given.step != step_) return 0;
  // A callback may do the operation that it interrupts, in the same step: each time counts.
  const Pass pass{kind, me().actor, site_of(static_cast<std::size_t>(function), op.label)};
  if (passes_step_ != step_) passes_.clear();
  passes_step_ = step_;
  const auto nth = static_cast<std::uint32_t>(std::count(passes_.begin(), passes_.end(), pass));
  passes_.push_back(pass);
  if (pass != Pass{given.kind, given.actor, given.site} || given.nth != nth) return 0;
  answers_ = answers_.subspan(1);
  return given.answer;
}

// Was the tasklet switched away before this operation, although it did not ask? Steps are counted
// here as there, so that a step names the point.
bool Specification::preempted(std::int32_t function, const Op& op, bool slice_over) {
  if (answer_to(QuestionKind::kPreempt, function, op) == 0) return false;
  if (limited()) return !slice_over && current_ != watchdog();
  return run_count() > 1 && switch_trap_ == 0 && !me().atomic && !callback_running_;
}

Routine<Value> Specification::call(std::int32_t function) {
  return run({.function = function, .hard = !softly()});
}

Routine<Value> Specification::run(Frame frame) {
  return body(frame, 0, scenario_->functions[static_cast<std::size_t>(frame.function)].ops.size());
}

// The operations from `from` up to `to`, unless an exception ends them early.
Routine<Value> Specification::body(Frame frame, std::size_t from, std::size_t to) {
  const std::int32_t function = frame.function;
  const std::vector<Op>& ops = scenario_->functions[static_cast<std::size_t>(function)].ops;
  for (std::size_t i = from; i < to; ++i) {
    const Op& op = ops[i];
    if (threaded_) co_await take_turn();
    if (!take_step()) co_await halt();
    const bool slice_over = ++ticks_ > watermark_;
    Value result;
    me().hard = frame.hard;
    if (preempted(function, op, slice_over)) {
      log(EventKind::kPreempted);
      if (limited()) {
        result = co_await interrupt();
      } else {
        result = co_await schedule();
      }
    } else if (slice_over) {
      result = co_await interrupt();
    }
    if (result.is_error()) co_return result;
    me().hard = frame.hard;
    const bool plain = op_info(op.code).shape == OpShape::kPlain;
    if (plain && answer_to(QuestionKind::kCollect, function, op) != 0) co_await collect();
    if (!plain) {
      const bool so = !is_condition(op.code) || is_so(op);
      result = co_await block(frame, i, so);
      // The body of a `while` is left for the `while` itself, as for any operation.
      if (op.code == OpCode::kWhile && so && !result.is_error()) {
        --i;
        continue;
      }
      while (ops[i].code != OpCode::kEnd) i = ops[i].match;
    } else if (!perform_at_once(op)) {
      result = co_await perform(op, frame);
    }
    if (result.is_error()) co_return result;
  }
  co_return Value{};
}

// The block that begins at operation `at`. `so`: what its condition says.
Routine<Value> Specification::block(Frame frame, std::size_t at, bool so) {
  const std::vector<Op>& ops = scenario_->functions[static_cast<std::size_t>(frame.function)].ops;
  const Op& op = ops[at];
  if (is_condition(op.code)) {
    if (so) co_return co_await body(frame, at + 1, op.match);
    if (op.code != OpCode::kIfElse) co_return Value{};
    co_return co_await body(frame, op.match + 1, ops[op.match].match);
  }
  if (op.code == OpCode::kLoop || op.code == OpCode::kChoose) {
    std::int32_t turns = op.args[0];
    if (op.code == OpCode::kChoose)
      turns = static_cast<std::int32_t>(answer_to(QuestionKind::kPick, frame.function, op));
    for (std::int32_t turn = 0; turn < turns; ++turn) {
      if (turn > 0) ++ticks_;
      const Value raised = co_await body(frame, at + 1, op.match);
      if (raised.is_error()) co_return raised;
    }
    co_return Value{};
  }
  if (op.code == OpCode::kTrapped) ++switch_trap_;
  const Value result = co_await body(frame, at + 1, op.match);
  if (op.code == OpCode::kTrapped) --switch_trap_;
  if (op.code == OpCode::kFinally) {
    const Value raised = co_await body(frame, op.match + 1, ops[op.match].match);
    if (raised.is_error()) co_return raised;
  }
  const bool base_only = result.type == ExceptionType::kTaskletExit ||
                         result.type == ExceptionType::kSystemExit ||
                         result.type == ExceptionType::kGeneratorExit;
  if (!result.is_error()) co_return Value{};
  if (op.code != OpCode::kTryall && (op.code != OpCode::kTry || base_only)) co_return result;
  log_error(EventKind::kCaught, result);
  co_return Value{};
}

// A call through C: one interpreter level deeper.
Routine<Value> Specification::nested_call(std::int32_t function) {
  if (nesting_ >= kNestingMax) co_return Value::error(ErrorCode::kNesting);
  ++nesting_;
  const Value result = co_await call(function);
  leave_nested(1);
  co_return result;
}

Routine<Value> Specification::recurse(std::int32_t levels, std::int32_t function) {
  if (nesting_ + levels > kNestingMax) co_return Value::error(ErrorCode::kNesting);
  nesting_ += levels;
  Value result;
  if (function >= 0) result = co_await call(function);
  if (levels > 0) leave_nested(levels);
  co_return result;
}

// A nested level may have been the reason why the tasklet could not be interrupted.
void Specification::leave_nested(std::int32_t levels) {
  nesting_ -= levels;
  if (pending_irq_is_due()) watermark_ = ticks_;
}

// The operation has an answer of its own, and what else ends its wait is none of a callback's
// business.
Specification::Interruption Specification::interrupt_operation() {
  return {.tasklet = current_,
          .said = me().said,
          .hard = me().hard,
          .early_end = {.timer = std::exchange(me().timer, 0),
                        .selects = std::exchange(me().selects, 0),
                        .timed_out = std::exchange(me().timed_out, false)}};
}

void Specification::resume_operation(const Interruption& interruption) {
  Tasklet& interrupted = at(interruption.tasklet);
  interrupted.said = interruption.said;
  interrupted.hard = interruption.hard;
  interrupted.timer = interruption.early_end.timer;
  interrupted.selects = interruption.early_end.selects;
  interrupted.timed_out = interruption.early_end.timed_out;
}

// An exception of a callback has nobody to go to; it is returned.
Routine<Value> Specification::callback(std::int32_t function) {
  const Interruption interruption = interrupt_operation();
  const Value result = co_await nested_call(function);
  resume_operation(interruption);
  co_return result;
}

}  // namespace reweave::runtime::specification
