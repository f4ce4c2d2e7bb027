// The functions and variables of an ELF file, by address and by name, from its symbol table.
//
// Reads .symtab, or .dynsym where the file was stripped, once; a look-up by address is a binary
// search. Names are simplified so that they survive another compiler: parameters, return types and
// clone suffixes are dropped, lambdas are numbered the same way, there are no blanks. They are made
// when somebody asks: a large program has many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reweave::program {

class SymbolTable {
 public:
  /// A function or a variable.
  struct Symbol {
    std::uintptr_t begin = 0;  // As in the file: without the load address.
    std::uintptr_t end = 0;
    std::string name{};         // Simplified; "" until somebody asked for it.
    std::uint32_t mangled = 0;  // Where its name in the file begins in strings_.
  };
  using Function = Symbol;
  struct Section {
    std::string name;
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
  };

  /// An unreadable file has no functions.
  explicit SymbolTable(const std::string& path);

  /// The function that holds `address`; null if there is none. Lives as long as this.
  const Function* at(std::uintptr_t address) const { return find(functions_, address); }
  /// The same for a variable with static storage.
  const Symbol* variable_at(std::uintptr_t address) const { return find(variables_, address); }
  /// Sorted by address. Their names need not be there: see mangled_name().
  const std::vector<Function>& functions() const { return functions_; }
  const std::vector<Symbol>& variables() const { return variables_; }
  /// As in the file. Lives as long as this.
  const char* mangled_name(const Symbol& symbol) const { return strings_.data() + symbol.mangled; }
  /// All of that name: instances of a template may share one.
  std::vector<const Function*> named(std::string_view name) const;
  const Section* section(std::string_view name) const;
  /// Hexadecimal digits of the file's build id; "" if it has none.
  const std::string& build_id() const { return build_id_; }

 private:
  void read(const char* file, std::size_t bytes);
  void read_note(const char* note, std::size_t bytes);
  void sort(std::vector<Symbol>& symbols) const;
  const Symbol& with_name(const Symbol& symbol) const;
  const Symbol* find(const std::vector<Symbol>& symbols, std::uintptr_t address) const;

  std::vector<Function> functions_;  // Sorted by address; no two begin at one place.
  std::vector<Symbol> variables_;    // The same.
  std::string strings_;
  std::vector<Section> sections_;
  std::string build_id_;
};

/// True: a function, by its name in the file, of the C++ library, of the parts of a program that a
/// compiler brings, of GoogleTest or of ours: none that its user wrote.
bool is_library_name(std::string_view mangled);

/// What a std::thread runs, by the type (or the table of virtual functions) of what it was given:
/// "main::{lambda#1}", the name of a class that can be called, or "" for a pointer to a function.
std::string thread_function_of_type(std::string_view mangled);

/// "std::vector<int>::push_back(int&&)" is "std::vector<int>::push_back". For tests.
std::string simplified_name(std::string_view mangled);

}  // namespace reweave::program
