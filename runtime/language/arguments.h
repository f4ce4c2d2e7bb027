// What the letters of operations.def mean, in one place: how arguments are checked, written and
// drawn.
//
// Every kind of argument is an integer in a range; the range of a letter depends only on how many
// functions, channels, slots and words the scenario has. "Nothing" is -1.
#pragma once

#include <cstdint>

#include "runtime/language/scenario.h"

namespace reweave::runtime {

/// The largest value of a count (letter n).
inline constexpr std::int32_t kCountMax = 9999;

/// The largest number of ticks (letter t): what `runto` waits and `burn` takes.
inline constexpr std::int32_t kTicksMax = 1'000'000;

/// The longest time (letter u), in microseconds: how long `wait` waits and `sleep` sleeps.
inline constexpr std::int32_t kMicrosecondsMax = 1'000'000;

/// Locks 0 … kLocksMax-1 (letter l); each has a condition.
inline constexpr std::int32_t kLocksMax = 8;

/// The flags of `runto` (letter r), added up: 1 soft, 2 total, 4 ignore nesting.
inline constexpr std::int32_t kRunFlagsCount = 8;
/// "hard", "soft", "total", "soft+total", …; never freed.
const char* run_flags_name(std::int32_t flags);

/// Values from low to high, both included; empty when low > high.
struct ArgumentRange {
  std::int32_t low = 0;
  std::int32_t high = -1;
  bool empty() const { return low > high; }
  bool contains(std::int32_t value) const { return low <= value && value <= high; }
};

/// The values that an argument of kind `letter` may have in this scenario. Aborts on a letter that
/// is not in the table's legend.
ArgumentRange argument_range(const Scenario& scenario, char letter);

/// How help and errors write an argument: "CHANNEL", "SLOT|-", "-1|0|1". Never freed.
const char* argument_placeholder(char letter);

/// One line of explanation, for the help. Never freed.
const char* argument_help(char letter);

/// All letters, in the order of the help.
inline constexpr const char kArgumentLetters[] = "fFsScnbpewktrhlu";

}  // namespace reweave::runtime
