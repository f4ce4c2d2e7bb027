// Settings: what a kind of subject is configured with, as the rows of a table.
//
// Problem: a setting is read from files and written to them, given by flags and by environment
// variables, compared, and explained in a help. Idea: a row says all of that as data, and the code
// here does it for every row of every kind; a kind with its own struct of settings fills it from
// the values by the same table (runtime/vocabulary/settings.def). The limits of an execution
// (limits.def) are rows that every kind has.
//
// Guarantee: a value that set() took is in its range, and lines() writes what set() reads. Cost:
// a look-up by name is a search through the rows; whoever runs many executions looks once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "scheduler/base/expected.h"
#include "scheduler/execution.h"

namespace reweave {

enum class SettingType : std::uint8_t {
  kOnOff,   // 0 is off, 1 is on.
  kNumber,  // A whole number in [low, high].
  kChoice,  // One of some words; the number is its index.
  kText,    // One word that `canonical` brings into the form of a file.
};

/// One row. All texts live for ever.
struct SettingInfo {
  /// Its name in a file; the flag --WORD and the variable REWEAVE_WORD set it, too.
  std::string_view word{};
  SettingType type{};
  /// The value where nothing is said; of a text it is what `canonical` makes of "".
  std::int64_t initial = 0;
  std::int64_t low = 0, high = 0;  // kNumber only.
  std::string_view choices{};      // kChoice only: the words, separated by single blanks.
  /// Not written to a file where it has its initial value: it came later than the first files,
  /// which shall be written as they always were.
  bool only_if_changed = false;
  /// The flag under which `COMMAND --help` shows it, without dashes; "": only `help settings` does.
  std::string_view flag{};
  std::string_view help{};  // One line, without a full stop.
  /// kText only: the value as a file writes it, or what is wrong with it.
  Expected<std::string> (*canonical)(std::string_view value) = nullptr;
};

/// "REWEAVE_SPILL_LEVELS" for "spill-levels": the variable that sets it for a fuzz target.
std::string environment_name(std::string_view word);

/// What may be said for a setting: "on or off", "a number from 1 to 1000".
std::string values_text(const SettingInfo& info);

/// A value for each row of a kind. A value type; rows must outlive it.
class SettingValues {
 public:
  SettingValues() : SettingValues(std::span<const SettingInfo>()) {}
  /// The initial values of `rows` and, behind them, of the limits that are not among them.
  explicit SettingValues(std::span<const SettingInfo> rows);

  const std::vector<const SettingInfo*>& rows() const { return rows_; }
  /// The row of that name; null if there is none.
  const SettingInfo* find(std::string_view word) const;

  /// That there is no such row, and which ones there are.
  Error unknown(std::string_view word) const;

  /// Sets a row that there is from a value as a file writes it. The error says what may be said:
  /// "say on or off".
  Status set(std::string_view word, std::string_view value);
  /// The same for values that are known to be right: aborts where set() has an error.
  void assign(std::string_view word, std::int64_t number);
  void assign(std::string_view word, std::string_view text);

  /// The value of a row that there is, else aborts: of kOnOff, kNumber and kChoice …
  std::int64_t number(std::string_view word) const;
  bool on(std::string_view word) const { return number(word) != 0; }
  /// … and of any one as a file writes it.
  std::string text(std::string_view word) const { return text(index_of(word)); }

  Limits limits() const;
  void set_limits(const Limits& limits);

  /// The lines of a file's section `settings`, each with `indent` before it.
  std::string lines(std::string_view indent) const;

  bool operator==(const SettingValues& other) const {
    return rows_ == other.rows_ && values_ == other.values_;
  }

 private:
  struct Value {
    std::int64_t number = 0;
    std::string text{};  // kText only.
    bool operator==(const Value&) const = default;
  };
  std::size_t index_of(std::string_view word) const;
  std::string text(std::size_t index) const;

  std::vector<const SettingInfo*> rows_;
  std::vector<Value> values_;  // One for each row.
};

/// A flag that stands for several settings at once, or for a value that a name stands for.
struct SettingFlag {
  std::string_view name{};    // Without dashes.
  std::string_view values{};  // What stands for its value in --help: "NAME".
  std::string_view help{};
  std::string_view excludes{};  // A flag that may not be given beside it, or "".
  /// Sets what `value` stands for; or says what may be said: "say on or off".
  Status (*apply)(std::string_view value, SettingValues& settings) = nullptr;
};

/// The type of the row of a field of that type.
template <typename T>
constexpr SettingType setting_type_of() {
  if (std::is_same_v<T, bool>) return SettingType::kOnOff;
  if (std::is_enum_v<T>) return SettingType::kChoice;
  return std::is_integral_v<T> ? SettingType::kNumber : SettingType::kText;
}

}  // namespace reweave
