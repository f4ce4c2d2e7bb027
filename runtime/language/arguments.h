// What the letters of operations.def mean: one row for each, in arguments.cc, and all who check,
// read, write, encode, draw, mutate, edit or shrink arguments go by it.
//
// Every kind of argument is an integer in a range; the range of a letter depends only on how many
// functions, channels, slots and words the scenario has. "Nothing" is -1. Several letters may have
// one range and differ in what the operation does with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

/// What is written in place of a slot where what was said last is meant.
inline constexpr std::string_view kSaid = "said";

/// Integers (letter i) from minus that to that.
inline constexpr std::int32_t kIntegerMax = 1'000'000;

/// The flags of `runto` (letter r), added up: 1 soft, 2 total, 4 ignore nesting.
inline constexpr std::int32_t kRunFlagsCount = 8;
/// "hard", "soft", "total", "soft+total", …; lives for ever.
const char* run_flags_name(std::int32_t flags);

/// Values from low to high, both included; empty when low > high.
struct ArgumentRange {
  std::int32_t low = 0;
  std::int32_t high = -1;
  bool empty() const { return low > high; }
  bool contains(std::int32_t value) const { return low <= value && value <= high; }
};

/// The four kinds of things that operations refer to by index.
enum class NameKind { kChannel, kSlot, kWord, kFunction };

struct ArgumentDraw;

/// One row: everything that there is to know of a letter.
struct ArgumentKind {
  /// Words that stand for the numbers from 0 on: "hard", "soft" …
  struct Words {
    const char* noun = nullptr;  // What each of them is, in errors; null: there are none.
    std::int32_t count = 0;
    const char* (*word)(std::int32_t value) = nullptr;  // Of a value from 0 to count-1.
  };
  /// What a value adds to the size of a scenario, for the shrinker.
  enum class Weighs : std::uint8_t { kNothing, kUnlessSimplest, kItsValue };
  /// Which smaller values the shrinker tries.
  enum class Tries : std::uint8_t { kNone, kSimplest, kAllSmaller };

  char letter;
  const char* placeholder;  // How help and errors write it: "CHANNEL", "SLOT|-", "-1|0|1".
  const char* help;         // One line; null: the row with the same placeholder says it.
  ArgumentRange (*range)(const Scenario& scenario);
  /// A value that makes the operation do something; false: there is none.
  bool (*draw)(const ArgumentDraw& draw, std::int32_t& value);

  std::optional<NameKind> names{};  // It is an index of one of these, and written as its name.
  bool optional = false;            // -1 is nothing: "-", which may be left out at the end.
  std::string_view nothing = "-";   // How that is written.
  bool stores = false;              // A slot that the operation stores its result in.
  Words words{};                    // If it has neither names nor words it is written as a number,
  /// or as the name that the scenario gave to that number.
  std::vector<std::string> Scenario::*aliases = nullptr;
  bool wide = false;  // In the byte form: up to three bytes instead of one.
  Weighs weighs = Weighs::kNothing;
  Tries tries = Tries::kNone;

  /// The value that a shrinker likes best.
  std::int32_t simplest() const { return optional ? -1 : 0; }
  /// True if what is a value of the one always is one of the other, and means the same thing there.
  bool is_like(const ArgumentKind& other) const { return range == other.range; }
};

/// The row of a letter. Aborts on a letter that is not in the table.
const ArgumentKind& argument_kind(char letter);

/// All letters, in the order of the help. Never freed.
std::string_view argument_letters();

/// The values that an argument of kind `letter` may have in this scenario. Aborts on a letter that
/// is not in the table.
inline ArgumentRange argument_range(const Scenario& scenario, char letter) {
  return argument_kind(letter).range(scenario);
}

/// True if argument letter `letter` is an index of this kind.
inline bool names_a(char letter, NameKind kind) { return argument_kind(letter).names == kind; }

/// True if any of these letters is.
bool names_any(const char* letters, NameKind kind);

/// True if two operations with these arguments can take each other's place.
bool same_arguments(const char* letters, const char* others);

/// The name that the scenario gave to the number `value`; null: none.
const std::string* alias_of(const Scenario& scenario, const ArgumentKind& kind, std::int32_t value);

/// "SLOT FUNCTION": the placeholders of an operation's arguments, each with a blank before it.
std::string argument_placeholders(const char* letters);

/// Operations on whatever is in their first slot.
inline bool acts_on_any_object(OpCode code) { return op_info(code).arguments[0] == 'o'; }

}  // namespace reweave::runtime
