#include "repro/run/debugging.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "repro/run/process.h"

extern "C" [[gnu::noinline, gnu::used]] void reweave_step_breakpoint(std::uint64_t step) {
  asm volatile("" : : "r"(step) : "memory");  // Keeps the call where it is.
}

namespace reweave::repro {
namespace {

void on_step(void* context, std::uint64_t step) {
  if (step != *static_cast<const std::uint64_t*>(context)) return;
  reweave_step_breakpoint(step);
  // Not raise(), which a program under control has a stand-in for.
  if (being_traced()) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGTRAP);
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

void break_at_step(Execution& execution, const std::uint64_t& step) {
  execution.set_step_hook(on_step, const_cast<std::uint64_t*>(&step));
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
