// `reweave bench SUBJECT`: a benchmark that needs nothing but the runtime, and so is in the tool
// itself.
//
// A subject is one line of the table in bench_command.cc and one file, `bench_SUBJECT_command.cc`.
// Without a subject `reweave bench` runs the benchmark program, which is built beside the tool.
#pragma once

#include <string>
#include <string_view>

#include "repro/command/command.h"

namespace reweave::repro {

struct BenchSubject {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments& arguments);  // Without the subject's name; returns the exit code.
};

class CommandLine;

/// Prints what was measured, and says so if that is not all, because of a signal or a limit of
/// time. Returns the exit code.
int print_measured(const CommandLine& line, const std::string& text);

int run_bench_zombie(const Arguments& arguments);
int run_bench_dict(const Arguments& arguments);
int run_bench_condvar(const Arguments& arguments);

}  // namespace reweave::repro
