#include "repro/judge/doctor.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "repro/file/workdir.h"
#include "repro/program/start_program.h"
#include "repro/run/process.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

/// A folder that is gone when this is.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "reweave-doctor-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The first line that speaks of trouble, else the first one.
std::string trouble_line(const std::string& output) {
  std::size_t begin = 0;
  while (begin < output.size()) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    const std::string line = output.substr(begin, end - begin);
    for (const std::string_view sign : {"FATAL", "rror", "nknown", "nable", "must be"}) {
      if (line.find(sign) != std::string::npos) return line;
    }
    begin = end + 1;
  }
  return first_line(output);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool has_processor_counters(const std::string& root) {
  const fs::path devices = fs::path(root) / "sys/bus/event_source/devices";
  std::error_code ignored;
  for (const char* name : {"cpu", "cpu_core", "armv8_pmuv3_0", "armv8_pmuv3"}) {
    if (fs::exists(devices / name, ignored)) return true;
  }
  return false;
}

/// The kernel's level of distrust towards users who count; -2 if it does not say.
int paranoid_level(const std::string& root) {
  std::ifstream file(fs::path(root) / "proc/sys/kernel/perf_event_paranoid");
  int level = -2;
  if (!(file >> level)) return -2;
  return level;
}

/// By what container engines leave behind.
bool is_in_container(const std::string& root) {
  std::error_code ignored;
  for (const char* name : {".dockerenv", "run/.containerenv"}) {
    if (fs::exists(fs::path(root) / name, ignored)) return true;
  }
  std::ifstream groups(fs::path(root) / "proc/1/cgroup");
  const std::string text{std::istreambuf_iterator<char>(groups), {}};
  return contains(text, "docker") || contains(text, "kubepods") || contains(text, "lxc");
}

std::string facts_of(const std::string& root) {
  const int paranoid = paranoid_level(root);
  return fmt::format("counters of the processor in sysfs: {}; perf_event_paranoid: {}; {}",
                     has_processor_counters(root) ? "yes" : "no",
                     paranoid == -2 ? "not told" : fmt::format("{}", paranoid),
                     is_in_container(root) ? "in a container" : "not in a container");
}

void explain(RrProbe& probe, const std::string& root, const ProcessResult& result,
             bool incomplete) {
  using End = ProcessResult::End;
  const std::string& said = result.output;
  probe.detail = trouble_line(said);
  if (result.end == End::kTimedOut) {
    probe.outcome = RrOutcome::kHung;
    probe.cause = "rr did not finish recording /bin/true in time";
    probe.fix = "try `rr record /bin/true` by hand and look at the load of this machine";
  } else if (result.end == End::kSignalled) {
    probe.outcome = RrOutcome::kCrashed;
    probe.cause = fmt::format("rr itself died of signal {}", result.code);
    probe.fix = "install a newer rr, or report it to its authors";
  } else if (contains(said, "perf_event_paranoid")) {
    probe.outcome = RrOutcome::kParanoid;
    probe.cause =
        fmt::format("the kernel forbids hardware counters to users (perf_event_paranoid is {})",
                    paranoid_level(root));
    probe.fix = "as root: sysctl kernel.perf_event_paranoid=1";
  } else if (contains(said, "unknown") && contains(said, "CPU")) {
    probe.outcome = RrOutcome::kUnknownProcessor;
    probe.cause =
        fmt::format("rr {} is older than this processor and does not know it", probe.version);
    probe.fix = has_processor_counters(root)
                    ? "install a newer rr"
                    : "a newer rr would not help: this machine has no hardware counters either (no "
                      "`cpu` in /sys/bus/event_source/devices); use a machine that has them";
  } else if (contains(said, "performance counter") || contains(said, "PMU") ||
             (result.code != 0 && !has_processor_counters(root))) {
    probe.outcome = RrOutcome::kNoCounter;
    probe.cause = "this machine has no hardware performance counters (PMU) that rr could use";
    probe.fix = "switch the virtual PMU on in the hypervisor, or use a machine of bare metal";
  } else if (result.code == 0 && incomplete) {
    probe.outcome = RrOutcome::kIncompleteTrace;
    probe.cause = "rr said that all was well, but left a trace marked as incomplete";
    probe.fix = "see whether the disk is full, and try `rr record /bin/true` by hand";
  } else if (result.succeeded()) {
    probe.outcome = RrOutcome::kWorks;
    probe.cause = "a recording of /bin/true succeeded";
    probe.detail.clear();
  } else {
    probe.outcome = RrOutcome::kFailed;
    probe.cause = fmt::format("rr ended with exit code {}", result.code);
    probe.fix = "its own words are above; try `rr record /bin/true` by hand";
  }
}

std::string digits_of(const std::string& text) {
  const std::size_t begin = text.find_first_of("0123456789");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_first_not_of("0123456789.", begin) - begin);
}

Check program_check(const char* name, const char* needed_by, const char* fix) {
  Check check{.name = name, .needed_by = needed_by};
  const std::string path = find_program(name);
  check.present = !path.empty();
  if (!check.present) {
    check.found = "not on PATH";
    check.fix = fix;
    return check;
  }
  const ProcessResult version = run_process({path, "--version"});
  check.found = first_line(version.output);
  if (version.succeeded()) return check;
  check.present = false;
  check.unusable = true;
  check.found =
      fmt::format("{} --version fails{}", path, check.found.empty() ? "" : ": " + check.found);
  check.fix = fix;
  return check;
}

Check shared_memory_check() {
  Check check{.name = "shared memory", .needed = true, .needed_by = "hunt, replay, shrink, check"};
  constexpr std::size_t kBytes = 16u << 20;
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check.present = memory != MAP_FAILED;
  check.found = check.present ? "16 MiB between processes" : "16 MiB cannot be shared";
  if (check.present) munmap(memory, kBytes);
  if (!check.present) check.fix = "raise the limit of address space (ulimit -v)";
  return check;
}

Check folder_check() {
  Check check{.name = "temporary folder", .needed_by = "replay --rr, doctor"};
  const TemporaryFolder folder;
  check.present = !folder.path().empty();
  check.found = check.present ? folder.path().parent_path().string() : "cannot be written";
  if (!check.present) check.fix = "set TMPDIR to a folder that you may write";
  return check;
}

}  // namespace

const char* rr_outcome_name(RrOutcome outcome) {
  switch (outcome) {
    case RrOutcome::kWorks:
      return "works";
    case RrOutcome::kMissing:
      return "missing";
    case RrOutcome::kUnknownProcessor:
      return "unknown-processor";
    case RrOutcome::kNoCounter:
      return "no-counter";
    case RrOutcome::kParanoid:
      return "paranoid";
    case RrOutcome::kIncompleteTrace:
      return "incomplete-trace";
    case RrOutcome::kCrashed:
      return "crashed";
    case RrOutcome::kHung:
      return "hung";
    case RrOutcome::kFailed:
      return "failed";
  }
  return "failed";
}

RrProbe probe_rr(const DoctorOptions& options) {
  RrProbe probe;
  probe.program = find_program("rr");
  if (probe.program.empty()) {
    probe.cause = "rr is not on PATH";
    probe.fix = "as root: apt-get install rr";
    return probe;
  }
  probe.version = digits_of(run_process({probe.program, "--version"}).output);
  const TemporaryFolder folder;
  const fs::path trace = folder.path() / "trace";
  const ProcessResult result =
      run_process({probe.program, "record", "-o", trace.string(), "--", "/bin/true"},
                  {.environment = {}, .timeout_ms = options.timeout_ms});
  std::error_code ignored;
  const bool incomplete = fs::exists(trace / "incomplete", ignored);
  const std::string root = options.system_root.empty() ? "/" : options.system_root;
  explain(probe, root, result, incomplete);
  if (!probe.works()) probe.facts = facts_of(root);
  return probe;
}

std::string instead_of_rr() {
  return "a replay is exact without rr: `reweave replay FILE --trace` shows every step, and under "
         "gdb "
         "`reweave replay FILE --break-at-step N` stops at the N-th; one step back is the same "
         "with N-1";
}

bool Diagnosis::healthy() const {
  for (const Check& check : checks) {
    if (check.needed && !check.present) return false;
  }
  return true;
}

Diagnosis diagnose(const DoctorOptions& options) {
  Diagnosis diagnosis;
  auto& checks = diagnosis.checks;
  checks.push_back(shared_memory_check());
  checks.push_back(folder_check());
  checks.push_back(
      program_check("gdb", "replay --break-at-step, by hand", "as root: apt-get install gdb"));
  checks.push_back(program_check("llvm-symbolizer",
                                 "readable reports of sanitizer builds, lines of programs",
                                 "as root: apt-get install llvm"));
  Check programs{.name = "libreweave_program", .needed_by = "hunt -- PROGRAM"};
  programs.found = program_library();
  programs.present = !programs.found.empty();
  if (!programs.present) {
    programs.found =
        "neither beside this program nor in ../lib; it is built for x86-64, without a "
        "sanitizer";
    programs.fix =
        "cmake --workflow --preset release, or say where it is: "
        "REWEAVE_PROGRAM_LIBRARY=FILE";
  }
  checks.push_back(programs);
  Check bench{.name = "reweave_bench", .needed_by = "bench"};
  bench.found = neighbour_program("reweave_bench");
  bench.present = !bench.found.empty();
  if (!bench.present) {
    bench.found = "not built beside this program";
    bench.fix = "as root: repro/install_packages test; then cmake --workflow --preset release";
  }
  checks.push_back(bench);

  diagnosis.rr = probe_rr(options);
  const RrProbe& rr = diagnosis.rr;
  Check check{.name = "rr", .present = rr.works(), .needed_by = "replay --rr"};
  check.unusable = !rr.works() && !rr.program.empty();
  check.found = rr.version.empty() ? rr.cause : fmt::format("rr {}: {}", rr.version, rr.cause);
  if (!rr.works()) {
    if (!rr.facts.empty()) check.found += fmt::format("; {}", rr.facts);
    if (!rr.detail.empty()) check.found += fmt::format(" (it says: {})", rr.detail);
    check.fix = fmt::format("{}; or without: {}", rr.fix, instead_of_rr());
  }
  checks.push_back(check);
  return diagnosis;
}

}  // namespace reweave::repro
