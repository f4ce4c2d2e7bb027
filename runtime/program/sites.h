// Places in the program: a number for each while it runs, a name for each afterwards.
//
// A number is the distance of a return address from the start of its module, plus where that module
// begins in a space of 24 bits: the program itself first, then the user's libraries and the
// system's, each in the order in which they were loaded, this one last. So it is the same in every
// process of one build, without a table, and costs a subtraction.
//
// A name survives recompilation: FUNCTION+LINE#N. FUNCTION is the one whose code holds the address
// (what was inlined belongs to it), LINE counts from the function's first line, N counts the calls
// of that line, from 0, and is left out for the first. Without debug information LINE is an offset
// in bytes, "+0x1c"; without symbols FUNCTION is the module's name. Where a function of the C++
// library holds the address and one of the user was inlined there, as in what a std::thread begins
// with, FUNCTION is the user's, and LINE counts from the first line of it that calls anything.
// Several functions may be called so, overloads and destructors above all: the second place of one
// name ends in "@2", in the order of modules and addresses.
//
// So that is what a schedule names: calls are known by the user's frame (user_frames.h). A call
// that has none is ~NAME, by the library's function. Names from before this was so are found, too;
// where such a one means a call in a library, calls have to be known as they were then.
//
// Names are made after the fact from the files on disk, with llvm-symbolizer or addr2line, once for
// each site. Nothing here may be called while a virtual thread runs, except site_of() and
// function_at().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/program/globals.h"
#include "runtime/program/symbol_table.h"

namespace reweave::program {

inline constexpr std::uint32_t kSiteMax = 0xfffffe;  // As scheduler/engine/pending.h.

std::uint32_t site_elsewhere(const void* return_address);
/// From 1 to kSiteMax; that one says that no code is known which led here.
inline std::uint32_t site_of(const void* return_address) {
  const std::uintptr_t offset =
      reinterpret_cast<std::uintptr_t>(return_address) - globals.code_begin;
  if (offset < globals.code_bytes) [[likely]]
    return static_cast<std::uint32_t>(offset % (kSiteMax - 1)) + 1;
  return site_elsewhere(return_address);
}

/// What is known of a place in the source.
struct Place {
  std::string function;  // As written in the source, without parameters: "Queue<int>::pop".
  std::string file;      // "" if not known.
  std::uint32_t line = 0;
};

class Sites {
 public:
  Sites();
  ~Sites();

  /// Finds the program's modules. To be called once all libraries are loaded; sets
  /// Globals::code_begin and its like.
  void find_modules();

  /// "deposit+3", "deposit+3#1". Never empty, no blanks.
  std::string name(std::uint32_t site);
  /// The site of that name in this build. `*raw` (may be null) is set where the name means a call
  /// as libc saw it: it is met only with Globals::raw_sites.
  std::optional<std::uint32_t> find(std::string_view name, bool* raw = nullptr);
  /// Where a return address, or the address of a faulting instruction, lies in the source: the
  /// innermost place that is not in a system header.
  Place place(const void* address);
  /// The function of the C++ library that the user called, of `calls` that led to a place,
  /// innermost first: "std::latch::wait". By debug information; "" without, and if it was none.
  std::string library_call(std::span<const void* const> calls);

  /// The function that holds `address`, by the symbol table: no process is started. "" if there
  /// is none.
  std::string function_at(const void* address);
  /// The same, of a function that begins there.
  std::string function_beginning_at(const void* address);
  /// True: a function of the user, not one of a library or of namespace std.
  bool is_users(const void* address);
  /// True: neither ours nor of the C and C++ libraries that every program has.
  bool is_in_users_module(const void* address) const;
  bool is_in_cxx_library(const void* address) const;
  /// True: a function of a library, by its name, in whatever module.
  bool is_in_library(const void* address) const;
  /// A variable with static storage that holds `address`, and how far in; "" if there is none.
  struct Variable {
    std::string name{};
    std::uintptr_t offset = 0;
    std::uintptr_t bytes = 0;
    std::optional<std::string> part{};  // "[2].weight", where debug information tells: see there.
  };
  /// `bytes`: how many of its bytes are asked for, from `address` on.
  Variable variable_at(const void* address, std::uintptr_t bytes = 1);
  /// The same, as the file spells it: of a table of virtual functions, for example.
  std::string mangled_variable_at(const void* address) const;
  /// True: code of this library.
  bool is_ours(const void* address) const;
  const void* address_of(std::uint32_t site) const;

  /// site_of() for what lies in no code of the program itself.
  std::uint32_t number_elsewhere(std::uintptr_t address) const;
  /// Where the program's own variables with static storage lie, in order; of a stripped program
  /// none is known.
  std::vector<std::span<char>> variables() const;
  /// Hexadecimal digits that name the build of the program; "" if the linker gave it none.
  const std::string& build_id() const;

 private:
  struct Module;
  struct Line;
  struct Data;
  const Module* module_of(std::uintptr_t address) const;
  const SymbolTable& symbols_of(const Module& module) const;
  void read_lines(const Module& module, const std::vector<std::uintptr_t>& addresses);
  struct Calls;
  Calls calls_in(const Module& module, std::uintptr_t begin, std::uintptr_t end) const;
  void mark_library_code();
  std::string made_name(const Module& module, std::uintptr_t address);
  bool is_without_user(const Module& module, const SymbolTable::Function& function,
                       std::uintptr_t address);
  std::string inlined_name(const Module& module, const SymbolTable::Function& function,
                           std::uintptr_t address);
  bool is_cold(const Module& module, const SymbolTable::Function& function) const;
  std::string raw_name(const Module& module, const SymbolTable::Function& function,
                       std::uintptr_t address);
  std::optional<std::uint32_t> find_raw(std::string_view function, std::string_view name,
                                        std::size_t number, bool* raw);
  struct NamedPlace;
  struct Places;
  bool is_shared(const std::string& function);
  const Places& places_in(std::string_view function);
  std::string number_among_equals(const SymbolTable::Function& function, const std::string& name,
                                  std::uint32_t site);
  std::optional<std::uint32_t> find_inlined(std::string_view name);

  std::unique_ptr<Data> data_;
};

/// The only one; made at first use.
Sites& sites();

/// By its file name: a library that a compiler brings, or the system's C library, or this one.
/// Nobody looks for a fault there.
bool is_runtime_module(std::string_view name);

}  // namespace reweave::program
