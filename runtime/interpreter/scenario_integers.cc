// Integers, what they decide, and what a scenario says is right.
#include <utility>

#include "runtime/interpreter/locals.h"
#include "runtime/language/text.h"

namespace reweave::runtime {

// Of a slot; -1: what was said last.
std::int32_t Interpreter::value_of(std::int32_t which) {
  return which < 0 ? thread().current()->said : integers_[static_cast<std::size_t>(which)];
}

/// The three arguments of `if`, `while` and `assert`.
bool Interpreter::is_so(const Op& op) {
  return holds(value_of(op.args[0]), static_cast<Relation>(op.args[1]), op.args[2]);
}

Object* Interpreter::perform_on_integers(const Op& op, SiteId site) {
  const std::int32_t a = op.args[0];
  switch (op.code) {
    case OpCode::kSet:
      thread().log(EventKind::kSet, {a, op.args[1]});
      store(a, nullptr, op.args[1]);
      break;
    case OpCode::kAdd: {
      const std::int32_t sum = wrapping_sum(value_of(a), op.args[1]);
      thread().log(EventKind::kSet, {a, sum});
      store(a, nullptr, sum);
      break;
    }
    case OpCode::kPut: {
      const std::int32_t said = thread().current()->said;
      thread().log(EventKind::kSet, {a, said});
      store(a, nullptr, said);
      break;
    }
    case OpCode::kGet:
      say(value_of(a));
      thread().log(EventKind::kRead, {a, value_of(a)});
      break;
    case OpCode::kPlus:
      say(wrapping_sum(thread().current()->said, a));
      break;
    case OpCode::kLess:
      say(wrapping_sum(thread().current()->said, wrapping_sum(~value_of(a), 1)));
      thread().log(EventKind::kRead, {a, value_of(a)});
      break;
    default:
      if (!is_so(op)) {
        fail_assertion(op, site);
        thread().abandon();
      }
      break;
  }
  return thread().none();
}

// Returns, so that nothing that allocates is alive where the stack is abandoned.
void Interpreter::fail_assertion(const Op& op, SiteId site) {
  Execution& execution = thread().execution();
  const std::string name = site_name(*scenario_, site);
  const std::string what = op_text(*scenario_, op);
  Finding finding;
  finding.kind = FindingKind::kAssertion;
  finding.step = execution.steps();
  finding.oracle = "scenario";
  finding.signature = "assertion " + what + " in " + name.substr(0, name.rfind('.'));
  const std::string whose = op.args[0] < 0 ? std::string("what was said last")
                                           : scenario_->slots[static_cast<std::size_t>(op.args[0])];
  finding.message = "`" + what + "` does not hold in tasklet " +
                    execution.actor_path(thread().current()->actor) + ", at " + name + ": " +
                    whose + " is " + std::to_string(value_of(op.args[0]));
  execution.report(std::move(finding), /*stops=*/true);
}

// And whether it came too early.
void Interpreter::emit(std::int32_t word, SiteId site) {
  thread().log(EventKind::kEmit, {word});
  if (emitted_.empty()) return;
  emitted_[static_cast<std::size_t>(word)] = true;
  for (const Order& order : scenario_->orders) {
    if (order.second != word || emitted_[static_cast<std::size_t>(order.first)]) continue;
    Execution& execution = thread().execution();
    const std::string what = scenario_->words[static_cast<std::size_t>(order.first)] + " before " +
                             scenario_->words[static_cast<std::size_t>(order.second)];
    Finding finding;
    finding.kind = FindingKind::kAssertion;
    finding.step = execution.steps();
    finding.oracle = "scenario";
    finding.signature = "assertion expect " + what;
    finding.message = "the scenario expects " + what + ", but " +
                      execution.actor_path(thread().current()->actor) + " emitted the latter at " +
                      site_name(*scenario_, site) + ", and nobody the former";
    execution.report(std::move(finding), /*stops=*/false);
  }
}

}  // namespace reweave::runtime
