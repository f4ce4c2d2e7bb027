// `reweave bench`: runs the benchmark program that is built beside this one.

#include "repro/command/command_line.h"
#include "repro/process.h"
#include "repro/workdir.h"

namespace reweave::repro {

int run_bench(const Arguments& arguments) {
  CommandLine line("bench", "Run the benchmarks: executions, slice switches and spills per second.",
                   "  reweave bench\n  reweave bench --filter=slice\n  reweave bench --gates\n"
                   "  reweave bench --format=json > bench.json",
                   "0 done, 1 a gate was missed, 69 the benchmarks are not built");
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
  const ProcessResult result =
      run_process(argv, {.environment = {}, .timeout_ms = 0, .capture = false});
  if (result.end == ProcessResult::End::kExited) return result.code;
  return line.fail("the benchmark program died", kExitSoftware);
}

}  // namespace reweave::repro
