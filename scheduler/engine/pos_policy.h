// POS (strategy/pos.h) as an engine draws it: a priority for every pending step.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/engine/engine_state.h"

namespace reweave {

struct PosPriorities {
  std::vector<std::uint64_t> of;  // By actor.
};

/// Makes `form` draw priorities, which are kept in `priorities`; it must live until the execution
/// is over. A step that is taken makes those of the ready actors that conflict with it draw again;
/// a blocked one drew when it was chosen last, and nobody has looked at that since.
void use_pos(FastForm& form, PosPriorities& priorities, std::uint64_t seed);

}  // namespace reweave
