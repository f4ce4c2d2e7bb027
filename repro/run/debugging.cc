#include "repro/run/debugging.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "repro/debugger/gdb_script.h"
#include "repro/debugger/inquiry.h"
#include "repro/debugger/shown_state.h"
#include "repro/run/process.h"

extern "C" [[gnu::noinline, gnu::used]] void reweave_step_breakpoint(std::uint64_t step) {
  asm volatile("" : : "r"(step) : "memory");  // Keeps the call where it is.
}

extern "C" [[gnu::noinline, gnu::used]] void reweave_ready_to_run() {
  asm volatile("" : : : "memory");
}

namespace reweave::repro {
namespace {

// Looked up before a run: no system call may be made in the middle of one, where those of a program
// under control are looked at, and a debugger would stop at each.
bool traced = false;

void on_step(void*, std::uint64_t step) {
  if (step != reweave_stop_at_step) return;
  reweave_step_breakpoint(step);
  if (!traced) return;
  reweave_answers = 1;
#if defined(__x86_64__)
  __asm__ volatile("int3");
#else
  // Not raise(), which a program under control has a stand-in for.
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGTRAP);
#endif
  answer_debugger();
  reweave_answers = 0;
}

}  // namespace

bool being_traced() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    constexpr std::string_view kField = "TracerPid:";
    if (line.substr(0, kField.size()) != kField) continue;
    return line.find_first_of("123456789", kField.size()) != std::string::npos;
  }
  return false;
}

void break_at_step(Execution& execution, std::uint64_t step) {
  reweave_stop_at_step = step;
  traced = being_traced();
  reweave_ready_to_run();
  execution.set_step_hook(on_step, nullptr);
}

Error become_gdb(const std::vector<std::string>& command, const std::vector<std::string>& more) {
  const std::string gdb = find_program("gdb");
  if (gdb.empty()) return Error{"gdb is not installed, or not on PATH"};
  char pattern[] = "/tmp/reweave-gdb-XXXXXX.py";
  const int file = mkstemps(pattern, 3);
  if (file < 0) return Error{std::string("no file can be made for gdb's commands in /tmp")};
  const std::string_view script = gdb_script();
  const bool written =
      write(file, script.data(), script.size()) == static_cast<ssize_t>(script.size());
  close(file);
  if (!written) return Error{fmt::format("{} cannot be written", pattern)};
  std::vector<std::string> words = {gdb, "-q", "-nx", "-x", pattern};
  // gdb has read it when this runs.
  words.insert(words.end(), {"-ex", fmt::format("shell rm -f {}", pattern)});
  words.insert(words.end(), more.begin(), more.end());
  words.emplace_back("--args");
  words.insert(words.end(), command.begin(), command.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(gdb.c_str(), argv.data());
  return Error{fmt::format("{} cannot be started", gdb)};
}

int record_by_rr(const RrProbe& rr, const std::vector<std::string>& command,
                 const std::string& trace, std::string& trouble) {
  std::vector<std::string> argv = {rr.program, "record", "-o", trace, "--"};
  argv.insert(argv.end(), command.begin(), command.end());
  // Leak detection attaches to the process as a debugger does, which rr has done already.
  const ProcessResult result = run_process(
      argv, {.environment = {"ASAN_OPTIONS=detect_leaks=0"}, .timeout_ms = 0, .capture = false});
  std::error_code ignored;
  const bool incomplete =
      std::filesystem::exists(std::filesystem::path(trace) / "incomplete", ignored);
  const bool recorded = std::filesystem::exists(trace, ignored);
  if (result.end == ProcessResult::End::kExited && recorded && !incomplete) return result.code;
  if (incomplete) std::filesystem::remove_all(trace, ignored);
  trouble = incomplete ? "rr left an unfinished trace, which was taken away"
            : recorded ? fmt::format("rr died of signal {}", result.code)
                       : fmt::format("rr made no trace in {}", trace);
  return -1;
}

}  // namespace reweave::repro
