// What lies at some byte of a variable, by its debug information: "[2].weight" of `Node nodes[8]`.
//
// Reads DWARF 4 and 5 as gcc and clang write it into a program: .debug_info and what it refers to,
// neither compressed nor split off. Of anything else, or where it is damaged, nothing is known, and
// nothing is the answer. Names that are reserved for implementations are left out, so that an
// element of a std::array is "[3]" and an atomic has no parts.
//
// Cost: the whole of .debug_info is gone through once, then each unit that an asked variable is in.
// Nothing may be asked while a virtual thread runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace reweave::program {

class VariableParts {
 public:
  explicit VariableParts(const std::string& path);
  ~VariableParts();
  VariableParts(const VariableParts&) = delete;
  VariableParts& operator=(const VariableParts&) = delete;

  /// The part of the variable that begins at `variable`, as in the file, in which `bytes` bytes lie
  /// from `offset` on; "" is the whole of it, "[2]+4" the fifth byte of something that is asked no
  /// further. Nothing if its type is not known.
  std::optional<std::string> part(std::uintptr_t variable, std::uintptr_t offset,
                                  std::uintptr_t bytes);

 private:
  struct Entry;
  struct Shape;  // Which attributes an entry has: an "abbreviation".
  struct Unit;
  struct UnitTables;
  struct Value;
  class Reader;
  struct Place {
    std::uint64_t unit = 0, entry = 0;  // Both in .debug_info.
  };
  void find_sections();
  std::string_view section(std::string_view name) const;
  void find_variables();
  std::map<std::uint64_t, Shape> read_shapes(std::uint64_t at) const;
  std::unique_ptr<Unit> read_unit(std::uint64_t at, std::uint64_t* end) const;
  void take(Entry& entry, std::uint64_t attribute, const Value& value, UnitTables& tables) const;
  std::uint64_t address_in(std::string_view location, std::uint64_t addresses) const;

  std::span<const char> file_;
  std::map<std::string, std::string_view, std::less<>> sections_;
  bool searched_ = false;
  std::map<std::uintptr_t, Place> variables_;  // By their addresses.
  std::map<std::uint64_t, std::unique_ptr<Unit>> units_;
};

}  // namespace reweave::program
