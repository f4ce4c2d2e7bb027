#include "runtime/specification/comparison.h"

#include <algorithm>

namespace reweave::runtime::specification {
namespace {

bool is_visible(const Event& event) {
  const auto kind = static_cast<EventKind>(event.kind);
  return kind != EventKind::kSpill && kind != EventKind::kUnspill;
}

bool agree(const Event& a, const Event& b) {
  return a.step == b.step && a.actor == b.actor && a.kind == b.kind && a.count == b.count &&
         std::equal(a.args.begin(), a.args.begin() + a.count, b.args.begin());
}

const char* difference(const EndState& a, const EndState& b) {
  if (a.failed != b.failed || a.exception != b.exception || a.code != b.code || a.token != b.token)
    return "result";
  if (a.balances != b.balances) return "balances";
  if (a.left != b.left) return "left";
  if (a.things != b.things) return "things";
  return a.run_count != b.run_count ? "run count" : nullptr;
}

}  // namespace

std::optional<Disagreement> compare(const Specification& predicted, const Execution& execution,
                                    const EndState& end) {
  auto expected = predicted.events().begin();
  const auto expected_end = predicted.events().end();
  for (const Event& found : execution.log()) {
    if (!is_visible(found)) continue;
    if (expected == expected_end) return Disagreement{.step = found.step, .found = &found};
    if (!agree(*expected, found))
      return Disagreement{.step = found.step, .expected = &*expected, .found = &found};
    ++expected;
  }
  if (!end.ended) return std::nullopt;
  if (expected != expected_end)
    return Disagreement{.step = execution.steps(), .expected = &*expected};
  const char* const state =
      predicted.end_state().ended ? difference(predicted.end_state(), end) : "end";
  if (state == nullptr) return std::nullopt;
  return Disagreement{.step = execution.steps(), .state = state};
}

}  // namespace reweave::runtime::specification
