// Which reweave this is, and how it was built.
#pragma once

#include <string>

namespace reweave::repro {

inline constexpr const char* kVersion = REWEAVE_VERSION;  // From CMakeLists.txt.

/// Compiler, processor, sanitizers: "clang 14.0.6, x86_64, address".
std::string build_name();

}  // namespace reweave::repro
