// `reweave bench zombie`: are zombie frames worth the memory that they hold?

#include <fmt/format.h>

#include "repro/bench/zombie_bench.h"
#include "repro/command/bench_command.h"
#include "repro/command/command_line.h"
#include "repro/report/terminal.h"
#include "repro/run/interrupts.h"

namespace reweave::repro {

int run_bench_zombie(const Arguments& arguments) {
  CommandLine line("bench zombie",
                   "Run a suite of programs that call functions, with and without zombie frames in "
                   "alternating rounds; print times, their differences, and the memory that both "
                   "caches of dead frames hold.",
                   "  reweave bench zombie\n  reweave bench zombie --rounds 3 --filter calls\n"
                   "  reweave bench zombie --free-frames-max 0\n"
                   "  reweave bench zombie --format=json > zombie.json",
                   "0 done, 2 a flag is wrong, 70 the caches changed what a program does");
  ZombieOptions options;
  line.app()
      .add_option("--rounds", options.rounds,
                  fmt::format("Rounds for each program (default: {})", options.rounds))
      ->type_name("N")
      ->check(whole_number(1, 1000));
  line.app()
      .add_option("--free-frames-max", options.free_frames_max,
                  fmt::format("Length of the shared free list, for both sides (default: {})",
                              options.free_frames_max))
      ->type_name("N")
      ->check(whole_number(0, 1'000'000));
  line.app()
      .add_option("--filter", options.filter, "Only programs with this in their name")
      ->type_name("WORD");
  line.add_output_flags({"text", "json"});
  line.limit_time();
  if (!line.parse(arguments)) return line.exit_code();
  const Interrupts interrupts;
  Progress progress(line.terminal(), line.quiet());
  options.progress = [&](std::uint64_t done, std::uint64_t all) {
    progress.update("programs", done, all, "zombie");
    return !Interrupts::pending();
  };
  const Expected<std::vector<ZombieRow>> rows = run_zombie_bench(options);
  progress.finish();
  if (!rows)
    return line.fail(rows.error().message, options.filter.empty() ? kExitSoftware : kExitUsage);
  return print_measured(line, line.format() == Format::kJson ? zombie_json(*rows, options)
                                                             : zombie_text(*rows, options));
}

}  // namespace reweave::repro
