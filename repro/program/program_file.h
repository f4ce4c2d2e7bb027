// What the file of a program tells before it is started: whether it can be controlled, and which
// sanitizer it was built with.
#pragma once

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

}  // namespace reweave::repro
