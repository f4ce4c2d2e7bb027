// A subcommand of `reweave`: its name, its line in the help, its function. One file each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reweave::repro {

using Arguments = std::vector<std::string>;  // Without the names of program and subcommand.

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments& arguments);  // Returns the exit code.
};

/// All of them, in the order in which the help shows them. Lives for ever.
std::span<const Command> all_commands();

int run_hunt(const Arguments& arguments);
int run_replay(const Arguments& arguments);
int run_shrink(const Arguments& arguments);
int run_check(const Arguments& arguments);
int run_gauntlet_command(const Arguments& arguments);
int run_conform(const Arguments& arguments);
int run_doctor(const Arguments& arguments);
int run_bench(const Arguments& arguments);
int run_help(const Arguments& arguments);
int run_version(const Arguments& arguments);

/// What a program's exit tells; the same for every subcommand.
enum ExitCode : int {
  kExitClean = 0,     // replayed as expected, or nothing found
  kExitFinding = 1,   // a finding
  kExitUsage = 2,     // a flag, a file or a format is wrong
  kExitDiverged = 3,  // a replay did something else than its schedule, or not the same every time
  kExitChanged = 4,   // it gave something else than the file says
  kExitUnavailable = 69,  // a tool or a counter is missing
  kExitSoftware = 70,     // our own bug
};

}  // namespace reweave::repro
