// Compiles programs as users do, by reweave-c++ beside the tool.
#pragma once

#include <filesystem>

#include "tests/repro/cli.h"

namespace reweave::repro {

class Compiled : public Cli {
 protected:
  /// `words`: sources and flags of the linker. Returns the path of the program.
  std::string compile(const std::string& name, const Words& words) const {
    const std::filesystem::path folder = std::filesystem::path(REWEAVE_TOOL).parent_path();
    Words argv = {(folder / "reweave-c++").string(), "-std=c++20", "-g", "-O1"};
    argv.insert(argv.end(), words.begin(), words.end());
    argv.insert(argv.end(), {"-o", path(name)});
    const ProcessResult result =
        run_process(argv, {.environment = {"REWEAVE_CXX=" REWEAVE_CXX}, .timeout_ms = 240'000});
    EXPECT_TRUE(result.succeeded()) << result.output;
    return path(name);
  }
};

/// `text` with the first `old` replaced, which there must be.
inline std::string with(std::string text, const std::string& old, const std::string& now) {
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return at == std::string::npos ? text : text.replace(at, old.size(), now);
}

}  // namespace reweave::repro
