// What the file of a program tells before it is started: whether it can be controlled, and which
// sanitizer it was built with.
#pragma once

#include <optional>
#include <string>

namespace reweave::repro {

struct ProgramFile {
  /// Why it cannot be controlled; "" if it can, as far as the file tells.
  std::string obstacle{};
  /// It was built with -fsanitize=address.
  bool has_address_sanitizer = false;
  /// The shared library of AddressSanitizer that it needs, "libasan.so.8"; "" where the sanitizer
  /// is part of the program.
  std::string address_sanitizer_library{};
};

ProgramFile read_program_file(const std::string& path);

/// Of a source in C or C++, by its name: how it becomes a program to hunt in. "": it is none.
std::string why_not_built(const std::string& path);

/// It was compiled with -g.
bool has_debug_information(const std::string& path);

/// How the objects of a program were compiled.
struct CompileFlags {
  std::string words;  // What matters to a schedule: "-O1 -std=c++20".
  bool of_c = false;  // Not of C++.
  bool operator==(const CompileFlags&) const = default;
};

/// As the debug information of the program has it; none where that says nothing of it, or it is not
/// the same for all objects.
std::optional<CompileFlags> compile_flags(const std::string& path);

}  // namespace reweave::repro
