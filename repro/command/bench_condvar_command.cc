// `reweave bench condvar`: what a condition variable that polls costs.

#include "repro/bench/condvar_bench.h"
#include "repro/command/bench_command.h"
#include "repro/command/command_line.h"
#include "repro/run/interrupts.h"

namespace reweave::repro {

int run_bench_condvar(const Arguments& arguments) {
  CommandLine line("bench condvar",
                   "How late a waiter wakes who was notified, and how often he woke for nothing "
                   "before: for a condition variable that polls, as Python 2's does, and for one "
                   "on timed locks. In virtual time.",
                   "  reweave bench condvar\n  reweave bench condvar --every 1000\n"
                   "  reweave bench condvar --format=json > condvar.json",
                   "0 done");
  std::uint64_t every = 0;
  line.app()
      .add_option("--every", every,
                  "Notify after 0, N, 2N … microseconds, up to a second, instead of the times that "
                  "show most")
      ->type_name("N")
      ->check(whole_number(100, 1'000'000));
  line.add_output_flags({"text", "json"});
  line.limit_time();
  if (!line.parse(arguments)) return line.exit_code();
  const Interrupts interrupts;
  std::vector<CondvarRow> rows;
  for (const std::uint64_t delay : every == 0 ? condvar_delays() : condvar_delays_every(every)) {
    if (Interrupts::pending()) break;
    rows.push_back(measure_condvar(delay));
  }
  return print_measured(line,
                        line.format() == Format::kJson ? condvar_json(rows) : condvar_text(rows));
}

}  // namespace reweave::repro
