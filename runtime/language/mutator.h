// Structural mutation: one small, meaningful change of a scenario, and mixing two of them.
//
// The changes: insert an operation; delete, duplicate, move or swap items; replace an operation or
// one argument; turn an operation into another one that takes the same arguments; wrap items in a
// block or in a function that is called through C; unwrap a block; copy a called function's body to
// where it is called; add or remove a function, a channel or a slot; set a depth on either side of
// the default of `spill_levels`. What is new is drawn as the generator draws it (draw.h): by the
// table's weights, aimed at nothing but the focus, if there is one.
//
// Guarantee: a linked scenario within the limits stays one; one that exceeds them never grows. What
// is not changed keeps its label. Same numbers, same result, on every compiler and machine.
#pragma once

#include <cstddef>

#include "runtime/language/focus.h"
#include "runtime/language/scenario.h"
#include "scheduler/base/prng.h"

namespace reweave::runtime {

/// A scenario may grow up to these, all at least 1 and at most the scenario's ceilings; what is
/// drawn for it is drawn under the focus.
struct MutatorLimits {
  std::size_t ops_max = 250;  // In all functions, `then` and `end` too.
  std::size_t functions_max = 16;
  std::size_t channels_max = 6;
  std::size_t slots_max = 8;
  Focus focus{};  // Empty: everything, as the table says.
};

/// One change. Nothing is left as it was unless every attempt of a few found nothing to do.
void mutate_scenario(Prng& prng, const MutatorLimits& limits, Scenario& scenario);

/// Takes something over from `other`: a function, added and used, or in place of one's body; or a
/// few items. `other` is linked and is not `scenario`. Unchanged where nothing fits in.
void cross_scenarios(Prng& prng, const MutatorLimits& limits, const Scenario& other,
                     Scenario& scenario);

}  // namespace reweave::runtime
