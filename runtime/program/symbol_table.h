// The functions of an ELF file, by address and by name, from its symbol table.
//
// Reads .symtab, or .dynsym where the file was stripped, once; a look-up by address is a binary
// search. Names are simplified so that they survive another compiler: parameters, return types and
// clone suffixes are dropped, lambdas are numbered the same way, there are no blanks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reweave::program {

class SymbolTable {
 public:
  struct Function {
    std::uintptr_t begin = 0;  // As in the file: without the load address.
    std::uintptr_t end = 0;
    std::string name;  // Simplified.
  };
  struct Section {
    std::string name;
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
  };

  /// An unreadable file has no functions.
  explicit SymbolTable(const std::string& path);

  /// The function that holds `address`; null if there is none. Lives as long as this.
  const Function* at(std::uintptr_t address) const;
  /// All of that name: instances of a template may share one.
  std::vector<const Function*> named(std::string_view name) const;
  const Section* section(std::string_view name) const;
  /// Hexadecimal digits of the file's build id; "" if it has none.
  const std::string& build_id() const { return build_id_; }

 private:
  void read(const char* file, std::size_t bytes);
  void read_note(const char* note, std::size_t bytes);

  std::vector<Function> functions_;  // Sorted by address; no two begin at one place.
  std::vector<Section> sections_;
  std::string build_id_;
};

/// "std::vector<int>::push_back(int&&)" is "std::vector<int>::push_back". For tests.
std::string simplified_name(std::string_view mangled);

}  // namespace reweave::program
