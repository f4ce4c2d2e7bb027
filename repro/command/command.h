// A subcommand: its name, its line in the help, its function. One file each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/subject_kind.h"

namespace reweave::repro {

using Arguments = std::vector<std::string>;  // Without the names of program and subcommand.

struct Command {
  std::string_view name;
  std::string_view summary;
  /// `kinds`: what the program knows, as run_command() got it. Returns the exit code.
  int (*run)(const Arguments& arguments, Kinds kinds);
  /// The kind of subject that it needs, by name; "": it takes every kind.
  std::string_view needs = "";
};

/// Those that a program with these kinds has, in the order in which the help shows them.
std::vector<Command> commands_for(Kinds kinds);

int run_hunt(const Arguments& arguments, Kinds kinds);
int run_replay(const Arguments& arguments, Kinds kinds);
int run_rehunt(const Arguments& arguments, Kinds kinds);
int run_explain(const Arguments& arguments, Kinds kinds);
int run_view(const Arguments& arguments, Kinds kinds);
int run_export(const Arguments& arguments, Kinds kinds);
int run_shrink(const Arguments& arguments, Kinds kinds);
int run_compare(const Arguments& arguments, Kinds kinds);
int run_check(const Arguments& arguments, Kinds kinds);
int run_campaign_command(const Arguments& arguments, Kinds kinds);
int run_gauntlet_command(const Arguments& arguments, Kinds kinds);
int run_conform(const Arguments& arguments, Kinds kinds);
int run_doctor(const Arguments& arguments, Kinds kinds);
int run_bench(const Arguments& arguments, Kinds kinds);
int run_help(const Arguments& arguments, Kinds kinds);
int run_version(const Arguments& arguments, Kinds kinds);

/// What a program's exit tells; the same for every subcommand.
enum ExitCode : int {
  kExitClean = 0,     // replayed as expected, or nothing found
  kExitFinding = 1,   // a finding
  kExitUsage = 2,     // a flag, a file or a format is wrong
  kExitDiverged = 3,  // a replay did something else than its schedule, or not the same every time
  kExitChanged = 4,   // it gave something else than the file says
  kExitUnavailable = 69,  // a tool, a counter or what the system should give is missing
  kExitSoftware = 70,     // our own bug
  kExitOutput = 74,       // what was found could not be written, or standard output not
};

}  // namespace reweave::repro
