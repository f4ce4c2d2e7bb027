// The command line tool: finds the subcommand and runs it.

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <vector>

#include "repro/command/command.h"
#include "repro/file/workdir.h"
#include "scheduler/base/nearest.h"

namespace reweave::repro {
namespace {

pid_t own_process = 0;

/// A CHECK of ours that failed ends the tool with the exit code that says so. In a child, where a
/// subject may abort as it likes, the signal has its usual effect: the parent reports it.
void on_abort(int) {
  if (getpid() != own_process) {
    std::signal(SIGABRT, SIG_DFL);
    return;  // abort() raises it again.
  }
  constexpr std::string_view kMessage =
      "reweave: this is a bug of reweave itself; please report the line above\n";
  [[maybe_unused]] const ssize_t written = write(2, kMessage.data(), kMessage.size());
  _exit(kExitSoftware);
}

constexpr Command kCommands[] = {
    {"hunt", "search a scenario's executions for a finding", run_hunt},
    {"replay", "repeat an execution exactly", run_replay},
    {"shrink", "make a repro as small as it can be", run_shrink},
    {"check", "for CI: does every repro give exactly its verdict?", run_check},
    {"conform", "does the runtime do what the real interpreter did?", run_conform},
    {"gauntlet", "a mutation test of the oracles: is every historical defect found?",
     run_gauntlet_command},
    {"doctor", "is everything here that each command needs?", run_doctor},
    {"bench", "run the benchmarks", run_bench},
    {"help", "about a command, or: operations, defects, strategies, format", run_help},
    {"version", "version and build", run_version},
};

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    run_help({});
    return kExitUsage;
  }
  std::string name = words.front();
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version") name = "version";
  std::vector<std::string_view> known;
  for (const Command& command : kCommands) {
    if (command.name == name) return command.run(Arguments(words.begin() + 1, words.end()));
    known.push_back(command.name);
  }
  fmt::print(stderr, "reweave: there is no command \"{}\"{}; `reweave help` lists them all\n", name,
             did_you_mean(name, known));
  return kExitUsage;
}

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

}  // namespace reweave::repro

int main(int argc, char** argv) {
  using namespace reweave::repro;
  own_process = getpid();
  std::signal(SIGABRT, on_abort);
  if (argc > 0) set_own_program(argv[0]);
  try {
    return dispatch(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    fmt::print(stderr, "reweave: this is a bug of reweave itself; please report it: {}\n",
               error.what());
    return kExitSoftware;
  }
}
