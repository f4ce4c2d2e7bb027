// The program behind `reweave bench`: registers the benchmarks, or judges the gates.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/execution_load.h"
#include "tests/bench/gates.h"
#include "tests/bench/greenlet_load.h"
#include "tests/bench/slice_pair.h"
#include "tests/bench/table.h"
#include "tests/bench/tasklet_load.h"

namespace reweave::bench {
namespace {

constexpr const char* kHelp =
    R"(reweave_bench: how fast Reweave is on this machine. `reweave bench` runs it.

  reweave_bench                          all benchmarks, as a table; about 20 seconds
  reweave_bench --benchmark_filter=slice only those
  reweave_bench --benchmark_format=json  Google Benchmark's own output; also console, csv
  reweave_bench --gates                  the promises that hold on every machine; --gates=json
  reweave_bench --tasklets=WHAT N        N batches of 1,000 and nothing else: soft-switch,
                                         hard-switch, spawn or round-trip
  reweave_bench --executions=N [SCENARIO] N ordinary executions and nothing else, for a profiler;
                                         "generated": those of a hunt of generated scenarios

Times are of this process alone, the fastest of 5 repetitions that are taken in turn with those of
the others. All other flags are Google Benchmark's: --benchmark_repetitions=N,
--benchmark_min_time=SECONDS, --benchmark_out=FILE.

  executions       one execution of a scenario as a hunt runs it: oracles on, answers recorded
  slice switches   runtime/stack/slice.h, two slices in turn; beside them copies of as many bytes
                   and a switch between two stacks by Boost.Context
  tasklets         the runtime's operations through its C++ interface, no scenario language;
                   beside them greenlet's switch (python3-greenlet), driven from C in this process

Beside it lie two scripts: `instructions` counts those of one execution (valgrind), `fuzz_speed`
measures executions per second inside libFuzzer.

Exit code: 0 done, 1 a gate was missed, 2 a wrong flag.
)";

constexpr std::uint64_t kExecutionsAtOnce = 500, kTurnsAtOnce = 500;

void register_executions(const std::string& scenario, const std::string& strategy) {
  benchmark::RegisterBenchmark(("executions/" + scenario + ", " + strategy).c_str(),
                               [scenario, strategy](benchmark::State& state) {
                                 ExecutionLoad load(scenario, strategy);
                                 load.run(kExecutionsAtOnce);
                                 std::int64_t executions = 0;
                                 for (auto _ : state) {
                                   load.run(kExecutionsAtOnce);
                                   executions += kExecutionsAtOnce;
                                 }
                                 state.SetItemsProcessed(executions);
                               });
}

/// `pair.run(n)` does it n times `times`.
template <typename Pair>
void count_turns(benchmark::State& state, Pair& pair, std::int64_t times) {
  std::int64_t turns = 0;
  for (auto _ : state) {
    pair.run(kTurnsAtOnce);
    turns += kTurnsAtOnce;
  }
  state.SetItemsProcessed(turns * times);
}

void register_switches(const std::string& size, std::size_t bytes) {
  benchmark::RegisterBenchmark(("slice switches/switch, " + size).c_str(),
                               [bytes](benchmark::State& state) {
                                 SlicePair pair(bytes);
                                 count_turns(state, pair, 2);
                               });
  benchmark::RegisterBenchmark(("slice switches/two plain copies, " + size).c_str(),
                               [bytes](benchmark::State& state) {
                                 PlainCopies copies(SlicePair(bytes).depth_bytes());
                                 count_turns(state, copies, 2);
                               });
}

void register_tasklets(const char* name, TaskletLoad::What what, std::size_t padding_bytes = 0) {
  benchmark::RegisterBenchmark((std::string("tasklets/") + name).c_str(),
                               [what, padding_bytes](benchmark::State& state) {
                                 TaskletLoad load(what, padding_bytes);
                                 load.run();
                                 std::int64_t count = 0;
                                 for (auto _ : state) {
                                   load.run();
                                   count += TaskletLoad::kBatch;
                                 }
                                 state.SetItemsProcessed(count);
                               });
}

void register_all() {
  for (const char* const scenario : {"blog", "neutral", "noisy"}) {
    for (const char* const strategy : {"ordinary", "portfolio", "random-walk"}) {
      register_executions(scenario, strategy);
    }
  }
  benchmark::RegisterBenchmark("slice switches/Boost.Context, round trip",
                               [](benchmark::State& state) {
                                 BoostPair boost;
                                 count_turns(state, boost, 1);
                               });
  register_switches("0.5 KiB", 512);
  register_switches("4 KiB", 4 << 10);
  register_switches("64 KiB", 64 << 10);
  using What = TaskletLoad::What;
  register_tasklets("soft switch", What::kSoftSwitch);
  register_tasklets("hard switch", What::kHardSwitch);
  if (GreenletLoad::available()) {
    benchmark::RegisterBenchmark("tasklets/greenlet's switch, from C", [](benchmark::State& state) {
      GreenletLoad load;
      load.run();
      std::int64_t count = 0;
      for (auto _ : state) {
        load.run();
        count += GreenletLoad::kBatch;
      }
      state.SetItemsProcessed(count);
    });
  }
  register_tasklets("hard switch, 4 KiB more of stack", What::kHardSwitch, 4 << 10);
  register_tasklets("spawn, run and finish", What::kSpawn);
  register_tasklets("round trip over channels", What::kChannel);
  register_tasklets("spill and back", What::kSpill);
  register_tasklets("spill and back, 4 KiB more of stack", What::kSpill, 4 << 10);
  register_tasklets("spill and back, 64 KiB more of stack", What::kSpill, 64 << 10);
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

int run_benchmarks(int argc, char** argv) {
  // Ours first, so that those of the command line have the last word.
  std::vector<std::string> words = {argv[0], "--benchmark_repetitions=5",
                                    "--benchmark_enable_random_interleaving=true",
                                    "--benchmark_min_time=0.05"};
  bool own_table = true;
  for (int i = 1; i < argc; ++i) {
    words.emplace_back(argv[i]);
    if (starts_with(words.back(), "--benchmark_format=") ||
        starts_with(words.back(), "--benchmark_list_tests")) {
      own_table = false;
    }
  }
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;
  benchmark::AddCustomContext("schema", "1");
  register_all();
  Table table;
  const std::size_t ran =
      own_table ? benchmark::RunSpecifiedBenchmarks(&table) : benchmark::RunSpecifiedBenchmarks();
  return ran > 0 ? 0 : 2;
}

int run_gates(bool json) {
  const std::vector<Gate> gates = measure_gates();
  const std::string text = json ? gates_json(gates) : gates_text(gates);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return all_passed(gates) ? 0 : 1;
}

int run_executions(std::string_view number, const char* scenario) {
  std::uint64_t executions = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), executions);
  if (error != std::errc() || end != number.data() + number.size() || executions == 0) {
    std::fprintf(stderr, "reweave_bench: --executions needs a whole number above 0\n");
    return 2;
  }
  if (scenario == std::string_view("generated")) {
    run_generated(executions);
  } else {
    ExecutionLoad(scenario, "ordinary").run(executions);
  }
  return 0;
}

// `batches` of TaskletLoad::kBatch, for a program that counts instructions.
int run_tasklets(const std::string& what, std::uint64_t batches) {
  using What = TaskletLoad::What;
  constexpr std::pair<std::string_view, What> kLoads[] = {{"soft-switch", What::kSoftSwitch},
                                                          {"hard-switch", What::kHardSwitch},
                                                          {"spawn", What::kSpawn},
                                                          {"round-trip", What::kChannel}};
  for (const auto& [name, load] : kLoads) {
    if (name != what) continue;
    TaskletLoad tasklets(load);
    for (std::uint64_t i = 0; i < batches; ++i) tasklets.run();
    return 0;
  }
  std::fprintf(stderr,
               "reweave_bench: --tasklets knows soft-switch, hard-switch, spawn and "
               "round-trip, then the number of batches\n");
  return 2;
}

int run(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--help" || first == "-h") {
    std::fputs(kHelp, stdout);
    return 0;
  }
  constexpr std::string_view kExecutions = "--executions=";
  if (starts_with(first, kExecutions) && argc <= 3) {
    return run_executions(first.substr(kExecutions.size()), argc == 3 ? argv[2] : "blog");
  }
  constexpr std::string_view kTasklets = "--tasklets=";
  if (starts_with(first, kTasklets) && argc == 3) {
    return run_tasklets(std::string(first.substr(kTasklets.size())),
                        std::strtoull(argv[2], nullptr, 10));
  }
  if (argc == 2 && first == "--gates") return run_gates(/*json=*/false);
  if (argc == 2 && first == "--gates=json") return run_gates(/*json=*/true);
  return run_benchmarks(argc, argv);
}

}  // namespace
}  // namespace reweave::bench

int main(int argc, char** argv) { return reweave::bench::run(argc, argv); }
