// Addresses to lines of source: asks llvm-symbolizer or addr2line, whichever is installed.
//
// The tool is started for the first question about a file and kept for the next ones: about 50 ms
// and what the debug information costs to read, then some us. A forked process starts its own.
// Without either tool, or without debug information, nothing is known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reweave::program {

struct SourceFrame {
  std::string function;  // Mangled or as in C; "" if not known.
  std::string file;      // "" if not known.
  std::uint32_t line = 0;
};

/// For each address of the file (without load address) its frames, the innermost inlined function
/// first; at least one, perhaps with nothing known.
std::vector<std::vector<SourceFrame>> source_frames(const std::string& file,
                                                    const std::vector<std::uintptr_t>& addresses);

}  // namespace reweave::program
