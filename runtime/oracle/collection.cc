#include "runtime/oracle/collection.h"

#include <algorithm>
#include <vector>

namespace reweave::runtime {

namespace {

using specification::EventKind;

bool is_finalization(const Event& event) {
  const auto kind = static_cast<EventKind>(event.kind);
  return kind == EventKind::kFin || kind == EventKind::kFreed || kind == EventKind::kCollectable;
}

// Spilling a program cannot see.
bool is_compared(const Event& event) {
  const auto kind = static_cast<EventKind>(event.kind);
  return !is_finalization(event) && kind != EventKind::kSpill && kind != EventKind::kUnspill;
}

bool agree(const Event& a, const Event& b) {
  return a.actor == b.actor && a.kind == b.kind && a.count == b.count &&
         std::equal(a.args.begin(), a.args.begin() + a.count, b.args.begin());
}

}  // namespace

bool CollectionOracle::observes_finalization() const {
  for (const Function& function : scenario.functions) {
    for (const Op& op : function.ops)
      if (op.code == OpCode::kDeref) return true;
  }
  const std::vector<Event>& log = execution.log();
  for (const auto& [from, to] : collections) {
    for (std::size_t i = from; i < std::min(to, log.size()); ++i)
      if (is_compared(log[i])) return true;
  }
  return false;
}

std::optional<specification::Disagreement> CollectionOracle::look(
    specification::Specification& specification) const {
  if (collections.empty() || !end.ended || ran_code || observes_finalization()) return std::nullopt;
  std::vector<GivenAnswer> ordinary;
  for (const GivenAnswer& answer : execution.given_answers())
    if (answer.kind != QuestionKind::kCollect) ordinary.push_back(answer);
  specification::Rules rules = specification::rules_of(settings);
  rules.defects = {};
  specification.predict(scenario, rules, ordinary);

  const auto next = [](auto at, const auto last) { return std::find_if(at, last, is_compared); };
  const std::vector<Event>& expected = specification.events();
  const std::vector<Event>& found = execution.log();
  auto e = next(expected.begin(), expected.end());
  auto f = next(found.begin(), found.end());
  for (; e != expected.end() && f != found.end() && agree(*e, *f);) {
    e = next(e + 1, expected.end());
    f = next(f + 1, found.end());
  }
  const EndState& without = specification.end_state();
  const bool ended_alike = without.ended && without.failed == end.failed &&
                           without.exception == end.exception && without.code == end.code &&
                           without.balances == end.balances && without.run_count == end.run_count;
  if (e == expected.end() && f == found.end() && ended_alike) return std::nullopt;
  return specification::Disagreement{.step = f == found.end() ? execution.steps() : f->step,
                                     .expected = e == expected.end() ? nullptr : &*e,
                                     .found = f == found.end() ? nullptr : &*f};
}

}  // namespace reweave::runtime
