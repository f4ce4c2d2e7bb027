// Runs another program, with a time limit, and says how it ended.
//
// For the few tools that reweave calls (rr, gdb, the benchmark program). No shell is involved:
// arguments arrive as they are given. Called from the main stack of a process without threads.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reweave::repro {

struct ProcessResult {
  enum class End { kExited, kSignalled, kTimedOut, kNotStarted } end = End::kNotStarted;
  int code = 0;          // Exit code, signal number, or errno of what went wrong at the start.
  std::string output{};  // What it wrote on both streams, at most kOutputBytesMax of it.

  static constexpr std::size_t kOutputBytesMax = 1u << 20;
  bool succeeded() const { return end == End::kExited && code == 0; }
};

struct ProcessOptions {
  std::vector<std::string> environment{};  // "NAME=value", put over what we have ourselves.
  int timeout_ms = 10'000;                 // After this it is killed, with its process group.
  bool capture = true;                     // False: it has our streams, and no time limit.
  /// Asked many times a second; false: it is told to end, by SIGTERM, and waited for.
  std::function<bool()> keep_going{};
};

/// Runs `argv[0]`, looked up on PATH, and waits for its end.
ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options = {});

/// The full path of a program on PATH, or "".
std::string find_program(std::string_view name);

/// A word of a command line for a POSIX shell, in one line: quoted where it has to be.
std::string shell_word(std::string_view word);

/// The same for the name of a file that stands where a flag could: "./--dash.weave". "-" stays, for
/// it is standard input.
std::string shell_file(std::string_view name);

}  // namespace reweave::repro
