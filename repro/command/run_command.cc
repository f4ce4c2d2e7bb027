#include "repro/command/run_command.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <system_error>
#include <vector>

#include "repro/command/command_line.h"
#include "repro/file/weave_file.h"
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

/// What went wrong in the midst of a command, for people and for programs.
int fail(const std::vector<std::string>& words, const std::string& message, int code) {
  fmt::print(stderr, "{}: {}\n", tool_name(), message);
  const bool wants_json = std::find(words.begin(), words.end(), "--format=json") != words.end();
  return wants_json ? print_error_object(words.front(), message, code) : code;
}

/// With less the kernel ends this process, or its children, where a deep recursion is no bug.
bool has_enough_stack() {
  constexpr rlim_t kNeeded = 256u << 10;
  rlimit stack{};
  if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur >= kNeeded) return true;
  fmt::print(stderr, "{}: a stack of {} KiB is too small; `ulimit -s` should say {} or more\n",
             tool_name(), stack.rlim_cur >> 10, kNeeded >> 10);
  return false;
}

constexpr std::string_view kTasklets = WeaveFile::kDefaultKind;

constexpr Command kCommands[] = {
    {"hunt", "search the executions of a program or scenario for a finding", run_hunt},
    {"replay", "repeat an execution exactly", run_replay},
    {"rehunt", "find it again after an edit, near the schedule of its repro", run_rehunt},
    {"explain", "why did it fail, and which answer decided it?", run_explain},
    {"view", "the same as a picture: one HTML file, for a browser", run_view},
    {"shrink", "make a repro as small as it can be", run_shrink},
    {"compare", "how many executions each strategy takes to a finding, over many seeds",
     run_compare},
    {"export", "write a repro as a script, a test or a diagram", run_export},
    {"check", "for CI: does every repro give exactly its verdict?", run_check},
    {"campaign", "hunts that a team leaves running: run, status, triage, merge, minimize",
     run_campaign_command},
    {"conform", "does the runtime do what the real interpreter did?", run_conform, kTasklets},
    {"gauntlet", "a mutation test of the oracles: is every historical defect found?",
     run_gauntlet_command, kTasklets},
    {"doctor", "is everything here that each command needs?", run_doctor},
    {"bench", "run the benchmarks", run_bench, kTasklets},
    {"help", "about a command, or a topic: `help` alone lists them", run_help},
    {"version", "version and build", run_version},
};

int dispatch(const std::vector<std::string>& words, Kinds kinds) {
  if (words.empty()) {
    run_help({}, kinds);
    return kExitUsage;
  }
  std::string name = words.front();
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version") name = "version";
  const std::vector<Command> commands = commands_for(kinds);
  std::vector<std::string_view> known;
  for (const Command& command : commands) {
    if (command.name == name) return command.run(Arguments(words.begin() + 1, words.end()), kinds);
    known.push_back(command.name);
  }
  fmt::print(stderr, "{0}: there is no command \"{1}\"{2}; `{0} help` lists them all\n",
             tool_name(), name, did_you_mean(name, known));
  return kExitUsage;
}

}  // namespace

std::vector<Command> commands_for(Kinds kinds) {
  std::vector<Command> commands;
  for (const Command& command : kCommands) {
    if (command.needs.empty() || find_kind(kinds, command.needs)) commands.push_back(command);
  }
  return commands;
}

int run_command(int argc, char** argv, Kinds kinds) {
  own_process = getpid();
  std::signal(SIGABRT, on_abort);
  std::signal(SIGXFSZ, SIG_IGN);  // A file that grows too large is an error of its write().
  if (!has_enough_stack()) return kExitUnavailable;
  if (argc > 0) set_own_program(argv[0]);
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    return dispatch(words, kinds);
  } catch (const std::system_error& error) {
    return fail(words, fmt::format("{}; see `ulimit -a`", error.what()), kExitUnavailable);
  } catch (const std::bad_alloc&) {
    return fail(words, "there is not enough memory; see `ulimit -v`", kExitUnavailable);
  } catch (const std::exception& error) {
    return fail(words,
                fmt::format("this is a bug of reweave itself; please report it: {}", error.what()),
                kExitSoftware);
  }
}

}  // namespace reweave::repro
