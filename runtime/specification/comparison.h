// Compares what an execution did with what the specification predicts for the same answers.
//
// It is done when the execution is over, from its log: the difference found is the first one, with
// the step at which it stands, and nothing of the runtime had to wait for it. An execution that was
// stopped before its end needs only to have done the beginning of what was predicted. Spilling is
// left out: a program cannot see it.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/specification/specification.h"
#include "runtime/vocabulary/end_state.h"
#include "scheduler/execution.h"

namespace reweave::runtime::specification {

struct Disagreement {
  std::uint64_t step = 0;
  const Event* expected = nullptr;  // Null: the end of the program.
  const Event* found = nullptr;     // Null: its end, too.
  /// Both null: they ended alike but left something else behind, as this says: "balances", "left",
  /// "things", "run count", "result".
  const char* state = nullptr;
};

/// `execution` has kept its record. The events pointed to live as long as the execution's log and
/// the specification's prediction do.
std::optional<Disagreement> compare(const Specification& predicted, const Execution& execution,
                                    const EndState& end);

}  // namespace reweave::runtime::specification
