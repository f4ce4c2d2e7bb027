// `reweave gauntlet`: hunts every historical defect from generated scenarios, and says how each
// fared.

#include "repro/judge/gauntlet.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "repro/command/command_line.h"
#include "repro/command/quantity.h"
#include "repro/file/workdir.h"
#include "repro/run/interrupts.h"
#include "runtime/oracle/dangling_stack.h"

namespace reweave::repro {
namespace {

struct GauntletFlags {
  GauntletOptions options;
  std::string defects;
  std::string output;
};

std::string rate(const GauntletRow& row) {
  if (row.ordinary_found == 0) return fmt::format("0 of {}", with_commas(row.ordinary));
  return fmt::format("1 in {}", with_commas(row.ordinary / row.ordinary_found));
}

std::string line_of(const std::string& defect, const std::string& found,
                    const std::string& executions, const std::string& seconds,
                    const std::string& size, const std::string& oracle,
                    const std::string& ordinary) {
  return fmt::format("{:<30} {:>7} {:>12} {:>9} {:>7}  {:<34} {}\n", defect, found, executions,
                     seconds, size, oracle, ordinary);
}

std::string heading() {
  return line_of("defect", "found", "executions", "seconds", "size", "oracle", "ordinary answers");
}

std::string line_of(const GauntletRow& row) {
  return line_of(row.defect, fmt::format("{} of {}", row.found, row.seeds),
                 row.executions_median ? with_commas(*row.executions_median) : "-",
                 row.seconds_median ? fmt::format("{:.2f}", *row.seconds_median) : "-",
                 row.size ? fmt::format("{}+{}", *row.size, row.answers) : "-",
                 row.oracle.empty() ? "-" : fmt::format("{} ({})", row.kind, row.oracle),
                 rate(row));
}

std::string legend(const std::vector<GauntletRow>& rows) {
  std::size_t complete = 0;
  for (const GauntletRow& row : rows) complete += row.found == row.seeds ? 1 : 0;
  const std::string interrupted =
      Interrupts::pending() ? fmt::format("\ninterrupted by {}", Interrupts::cause()) : "";
  return fmt::format(
      "{}\n{} of {} defects found by every seed. Executions and seconds: the median of all seeds.\n"
      "Size: operations and answers of the smallest repro. Ordinary answers: how many executions "
      "of\ngenerated scenarios show the defect although nobody interferes.\n",
      interrupted, complete, rows.size());
}

nlohmann::ordered_json json_of(const GauntletRow& row) {
  using Json = nlohmann::ordered_json;
  Json json = {{"name", row.defect}, {"found", row.found}, {"seeds", row.seeds}};
  json["executions_median"] = row.executions_median ? Json(*row.executions_median) : Json();
  json["seconds_median"] = row.seconds_median ? Json(*row.seconds_median) : Json();
  json["size"] = row.size ? Json(*row.size) : Json();
  json["oracle"] = row.oracle.empty() ? Json() : Json(row.oracle);
  json["kind"] = row.kind.empty() ? Json() : Json(row.kind);
  json["answers"] = row.size ? Json(row.answers) : Json();
  json["ordinary"] = {{"found", row.ordinary_found}, {"executions", row.ordinary}};
  json["errors"] = row.errors;
  return json;
}

std::string json_of(const std::vector<GauntletRow>& rows) {
  nlohmann::ordered_json json = {{"schema", Report::kSchema}};
  if (Interrupts::pending()) json["signal"] = Interrupts::name();
  json["defects"] = nlohmann::ordered_json::array();
  for (const GauntletRow& row : rows) json["defects"].push_back(json_of(row));
  return json.dump() + "\n";
}

int gauntlet(const CommandLine& line, GauntletFlags& flags) {
  const Expected<runtime::DefectSet> wanted = runtime::parse_defects(flags.defects);
  if (!wanted) return line.fail(wanted.error());
  if (!flags.output.empty()) {
    if (Status status = Workdir(flags.output).try_to_write(); !status)
      return line.fail(status.error(), kExitOutput);
  }
  const Interrupts interrupts;
  flags.options.keep_going = Interrupts::keep_going();
  Runner runner;
  runner.isolator().set_keep_going(Interrupts::keep_going());
  Progress progress(line.terminal(), line.quiet());
  std::uint64_t limit = flags.options.executions;
  flags.options.progress = [&](const char* defect, std::uint64_t seed, std::uint64_t executions) {
    const std::string phase = fmt::format("{}, seed {}", defect, seed);
    progress.update("executions", executions, limit, phase.c_str());
  };
  std::vector<GauntletRow> rows;
  bool errors = false, missed = false, unwritten = false;
  // Text comes line by line, for the whole takes long.
  const bool text = line.format() != Format::kJson;
  if (text && print_and_return(heading(), kExitClean) != kExitClean) return kExitOutput;
  for (const runtime::DefectInfo& defect : runtime::all_defects()) {
    if (!wanted->empty() && !wanted->has(defect.defect)) continue;
    if (!runtime::shows_in_this_build(runtime::DefectSet().add(defect.defect))) continue;
    GauntletRow row = run_gauntlet(defect, flags.options, runner);
    progress.finish();
    if (Interrupts::pending()) break;  // What this one found is not whole.
    for (const std::string& error : row.errors) line.warn(fmt::format("{}: {}", row.defect, error));
    errors = errors || !row.errors.empty();
    missed = missed || row.found < row.seeds;
    if (!flags.output.empty() && row.smallest) {
      WeaveFile file = *row.smallest;
      const RunResult run = runner.run(file, ReplayMode::kStrict);
      if (run.cancelled) break;
      file.verdict = run.verdict;
      const std::string repro = write_weave(file);
      const Expected<std::string> path = Workdir(flags.output).write_named(row.defect, repro);
      if (!path) line.warn(fmt::format("{}\n{}", path.error().message, repro));
      unwritten = unwritten || !path;
    }
    if (text && print_and_return(line_of(row), kExitClean) != kExitClean) return kExitOutput;
    rows.push_back(std::move(row));
  }
  const int code = Interrupts::pending() ? Interrupts::exit_code()
                   : errors              ? kExitDiverged
                   : unwritten           ? kExitOutput
                   : missed              ? kExitFinding
                                         : kExitClean;
  return print_and_return(text ? legend(rows) : json_of(rows), code);
}

}  // namespace

int run_gauntlet_command(const Arguments& arguments, Kinds) {
  CommandLine line("gauntlet",
                   "A mutation test of the oracles: is every historical defect, switched on alone, "
                   "found from generated scenarios, and how soon?",
                   "  reweave gauntlet\n"
                   "  reweave gauntlet --seeds 3 --defects post-switch-clear,spill-drops-tempval\n"
                   "  reweave gauntlet --oracle specification --format=json",
                   "0 all found by every seed, 1 some were not, 2 bad flag, 3 a finding that also "
                   "shows without its defect, 74 a repro cannot be written");
  GauntletFlags flags;
  const auto number = [&](const char* name, std::uint64_t& value, const char* help,
                          std::uint64_t low) {
    line.app()
        .add_option(name, value, fmt::format("{} (default: {})", help, value))
        ->type_name("N")
        ->transform(count_from(low));
  };
  number("--seeds", flags.options.seeds, "Hunt each defect with the seeds 1 to N", 1);
  line.app()
      .add_option("--defects", flags.defects, "Only these, separated by commas (default: all)")
      ->type_name("LIST");
  number("--budget", flags.options.executions, "Executions for each defect and seed", 1);
  number("--ordinary", flags.options.ordinary, "Executions under ordinary answers, for each defect",
         0);
  number("--shrink", flags.options.shrink, "Executions to shrink one finding with", 0);
  line.app()
      .add_option("--oracle", flags.options.oracle,
                  "Only what this one reports counts, for example specification (default: all)")
      ->type_name("NAME");
  line.app()
      .add_option("-o,--output", flags.output, "Folder for the smallest repro of each defect")
      ->type_name("DIR");
  line.limit_time();
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  return gauntlet(line, flags);
}

}  // namespace reweave::repro
