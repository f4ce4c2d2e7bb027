// The only clock of the real world in here: for budgets in seconds, for progress, and to notice a
// hang.
//
// Nothing that it says may reach a decision of an execution or a byte of a repro.
#pragma once

#include <cstdint>

namespace reweave {

/// Milliseconds since some moment; never goes back.
std::uint64_t wall_clock_ms();

}  // namespace reweave
