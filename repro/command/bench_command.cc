// `reweave bench`: runs a subject of its own, or the benchmark program that is built beside this
// one.

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "repro/command/bench_command.h"
#include "repro/command/command_line.h"
#include "repro/file/workdir.h"
#include "repro/run/interrupts.h"
#include "repro/run/process.h"
#include "scheduler/base/nearest.h"

namespace reweave::repro {

namespace {

constexpr BenchSubject kSubjects[] = {
    {"zombie", "calls with and without zombie frames, and the memory that they hold",
     run_bench_zombie},
    {"dict", "bytes and times of a dict, by smallest table, highest load and growth",
     run_bench_dict},
    {"condvar", "how late waiters wake, and how often for nothing: polling and not",
     run_bench_condvar},
};

const BenchSubject* find_subject(std::string_view name) {
  for (const BenchSubject& subject : kSubjects) {
    if (subject.name == name) return &subject;
  }
  return nullptr;
}

/// "  zombie    calls with…", one line each.
std::string subject_lines() {
  std::string text;
  for (const BenchSubject& subject : kSubjects)
    text += fmt::format("\n  {:<10}{}", subject.name, subject.summary);
  return text;
}

std::string unknown_subject(std::string_view name) {
  std::vector<std::string_view> known;
  for (const BenchSubject& subject : kSubjects) known.push_back(subject.name);
  return fmt::format("there is no subject \"{}\"{}; see `reweave bench --help`", name,
                     did_you_mean(name, known));
}

/// Instructions of the benchmark program with so many batches of 1,000; nothing if valgrind has no
/// number.
std::optional<std::uint64_t> instructions_of(const std::string& valgrind,
                                             const std::string& program, const std::string& what,
                                             std::uint64_t batches) {
  const ProcessResult result =
      run_process({valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", program,
                   "--tasklets=" + what, std::to_string(batches)},
                  {.timeout_ms = 120'000, .keep_going = Interrupts::keep_going()});
  constexpr std::string_view kMark = "Collected : ";
  const std::size_t at = result.output.find(kMark);
  if (!result.succeeded() || at == std::string::npos) return std::nullopt;
  return std::strtoull(result.output.c_str() + at + kMark.size(), nullptr, 10);
}

/// Counts under callgrind, with few batches and with many: what start and warm-up cost goes out
/// with the difference. The same on every run, whatever else the machine does.
std::string instructions_table(const std::string& program) {
  const std::string valgrind = find_program("valgrind");
  if (valgrind.empty()) return "\ninstructions: not counted; apt-get install valgrind\n";
  constexpr std::uint64_t kFew = 4, kMany = 14, kBatch = 1000;
  constexpr std::pair<const char*, const char*> kLoads[] = {
      {"soft-switch", "soft switch"},
      {"hard-switch", "hard switch"},
      {"spawn", "spawn, run and finish"},
      {"round-trip", "round trip over channels"}};
  std::string text =
      fmt::format("\n{:<40} {:>12}\n", "tasklets, instructions by callgrind", "each");
  for (const auto& [what, name] : kLoads) {
    if (Interrupts::pending()) break;
    const auto few = instructions_of(valgrind, program, what, kFew);
    const auto many = instructions_of(valgrind, program, what, kMany);
    if (!few || !many) {
      text += fmt::format("  {:<38} {:>12}\n", name, "not counted");
    } else {
      text += fmt::format("  {:<38} {:>12}\n", name, (*many - *few) / ((kMany - kFew) * kBatch));
    }
  }
  return text;
}

}  // namespace

int print_measured(const CommandLine& line, const std::string& text) {
  if (!Interrupts::pending()) return print_and_return(text, kExitClean);
  line.warn(
      fmt::format("interrupted by {}: only what was measured so far is here", Interrupts::cause()));
  return print_and_return(text, Interrupts::exit_code());
}

int run_bench(const Arguments& arguments, Kinds) {
  const bool named = !arguments.empty() && arguments.front().substr(0, 1) != "-";
  if (named) {
    if (const BenchSubject* const subject = find_subject(arguments.front()))
      return subject->run(Arguments(arguments.begin() + 1, arguments.end()));
  }
  CommandLine line(
      "bench",
      "Run the benchmarks: executions, switches, spawns, round trips and spills per second, beside "
      "greenlet; and instructions, by callgrind. Or one subject, `reweave bench SUBJECT`:" +
          subject_lines(),
      "  reweave bench\n  reweave bench --filter=slice\n  reweave bench --gates\n"
      "  reweave bench --format=json > bench.json\n  reweave bench zombie",
      "0 done, 1 a gate was missed, 69 the benchmarks are not built");
  if (named) return line.fail(unknown_subject(arguments.front()));
  line.add_output_flags({"text", "json"});
  std::string filter;
  bool gates = false;
  CLI::Option* const filtered =
      line.app()
          .add_option("--filter", filter, "Only those whose name matches this")
          ->type_name("REGEX");
  line.app()
      .add_flag("--gates", gates, "Judge only what must hold on every machine: counts and ratios")
      ->excludes(filtered);
  line.limit_time();
  if (!line.parse(arguments)) return line.exit_code();
  const std::string program = neighbour_program("reweave_bench");
  if (program.empty()) {
    return line.fail(
        "the program reweave_bench is not built beside this one; run repro/install_packages test, "
        "then "
        "cmake --workflow --preset release",
        kExitUnavailable);
  }
  std::vector<std::string> argv = {program};
  const bool json = line.format() == Format::kJson;
  if (gates) {
    argv.emplace_back(json ? "--gates=json" : "--gates");
  } else {
    if (!filter.empty()) argv.push_back("--benchmark_filter=" + filter);
    if (json) argv.emplace_back("--benchmark_format=json");
  }
  const Interrupts interrupts;
  const ProcessResult result = run_process(argv, {.environment = {},
                                                  .timeout_ms = 0,
                                                  .capture = false,
                                                  .keep_going = Interrupts::keep_going()});
  if (Interrupts::pending()) return print_measured(line, "");
  if (result.succeeded() && !gates && !json && filter.empty())
    return print_measured(line, instructions_table(program));
  if (result.end == ProcessResult::End::kExited) return result.code;
  return line.fail("the benchmark program died", kExitSoftware);
}

}  // namespace reweave::repro
