// `reweave shrink`: the same finding from fewer decisions and a smaller scenario.

#include "scheduler/search/shrink.h"

#include <fmt/format.h>

#include <chrono>

#include "repro/command/input.h"
#include "repro/file/workdir.h"
#include "runtime/interpreter/scenario_subject.h"

namespace reweave::repro {
namespace {

struct ShrinkFlags {
  InputFlags input;
  SettingsFlags settings;
  std::string output;
  std::uint64_t executions = ShrinkOptions{}.executions_max;
  std::uint64_t hang_ms = 10'000;
};

std::size_t operation_count(const runtime::Scenario& scenario) {
  std::size_t count = 0;
  for (const runtime::Function& function : scenario.functions) count += function.ops.size();
  return count;
}

std::string counts(const WeaveFile& file) {
  const std::size_t answers = file.schedule ? file.schedule->answers.size() : 0;
  const std::size_t operations = operation_count(file.scenario);
  return fmt::format("{} answer{} and {} operation{}", answers, answers == 1 ? "" : "s", operations,
                     operations == 1 ? "" : "s");
}

int shrink_file(const CommandLine& line, const ShrinkFlags& flags) {
  Runner runner({.hang_ms = flags.hang_ms});
  Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner);
  if (!file) return line.fail(file.error());
  const auto begin = std::chrono::steady_clock::now();
  const RunResult before = runner.run(*file, ReplayMode::kLenient);
  if (before.findings.empty()) {
    return line.fail(
        fmt::format("{}: shows no finding, so there is nothing to shrink", flags.input.file),
        kExitChanged);
  }
  const std::string& signature = before.findings.front().signature;
  if (file->verdict && !flags.settings.any()) {
    const std::string other = difference(*file->verdict, before.verdict);
    if (!other.empty())
      return line.fail(fmt::format("{}: {}", flags.input.file, other), kExitChanged);
  }
  file->schedule = before.followed;
  const std::string size_before = counts(*file);

  Progress progress(line.terminal(), line.quiet());
  ShrinkOptions options{.executions_max = flags.executions};
  options.progress = [&](std::size_t, std::size_t, std::uint64_t executions) {
    progress.update("executions", executions, 0, "shrink");
  };
  const std::unique_ptr<Subject> subject = make_subject(*file);
  // Always in children: a smaller program may crash where this one does not.
  Expected<Shrunk> shrunk = shrink(*subject, *file->schedule, signature, runner.isolator(),
                                   file->settings.limits, options);
  progress.finish();
  if (!shrunk) return line.fail(shrunk.error(), kExitChanged);

  if (shrunk->subject) {
    file->scenario = dynamic_cast<const runtime::ScenarioSubject&>(*shrunk->subject).scenario();
  }
  file->schedule = shrunk->schedule;
  file->verdict.reset();
  const RunResult after = runner.run(*file, ReplayMode::kStrict);
  if (after.findings.empty() || after.findings.front().signature != signature) {
    return line.fail(
        "what was shrunk does not show the finding again: the subject is not deterministic",
        kExitDiverged);
  }
  file->verdict = after.verdict;
  if (Status status = write_file(flags.output, write_weave(*file)); !status)
    return line.fail(status.error());

  Report report{.command = "shrink", .file = flags.input.file, .program = own_program()};
  report.headline = fmt::format(
      "shrunk from {} to {}{}", size_before, counts(*file),
      shrunk->minimal ? ": nothing more can be deleted" : "; the budget came to its end");
  report.repro = flags.output;
  report.findings = after.findings;
  report.executions = shrunk->executions;
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  report.steps = after.steps;
  report.trace_hash = after.verdict.trace_hash;
  report.schedule = file->schedule;
  report.facts = {{"answers", fmt::format("{}", file->schedule->answers.size())},
                  {"operations", fmt::format("{}", operation_count(file->scenario))},
                  {"minimal", shrunk->minimal ? "yes" : "no"}};
  return print_and_return(render(report, line.format(), line.terminal()), kExitClean);
}

}  // namespace

int run_shrink(const Arguments& arguments) {
  CommandLine line(
      "shrink", "Make a repro as small as it can be: fewer decisions, then fewer operations.",
      "  reweave shrink found.weave --output small.weave\n"
      "  reweave shrink crash-1a2b --target tempval --profile stackless-2012-A --output "
      "small.weave",
      "0 written, 2 bad flag or file, 3 not deterministic, 4 the finding does not show");
  ShrinkFlags flags;
  flags.input.add(line.app(), "A repro");
  line.app().add_option("--output", flags.output, "File to write")->type_name("FILE")->required();
  line.app()
      .add_option("--executions", flags.executions, "Stop after so many (default: 100000)")
      ->type_name("N")
      ->check(whole_number());
  add_hang_flag(line.app(), flags.hang_ms);
  flags.settings.add(line.app());
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  return shrink_file(line, flags);
}

}  // namespace reweave::repro
