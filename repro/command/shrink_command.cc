// `reweave shrink`: the same finding from fewer decisions and a smaller subject.

#include "scheduler/search/shrink.h"

#include <fmt/format.h>

#include "repro/command/input.h"
#include "repro/command/quantity.h"
#include "repro/file/workdir.h"
#include "repro/report/stopwatch.h"
#include "repro/report/terminal.h"
#include "repro/run/interrupts.h"

namespace reweave::repro {
namespace {

struct ShrinkFlags {
  InputFlags input;
  SettingsFlags settings;
  std::string output;
  std::uint64_t executions = ShrinkOptions{}.executions_max;
  bool schedule_only = false;
  std::uint64_t hang_ms = 10'000;
};

std::string interrupted_before() {
  return fmt::format("interrupted by {} before anything was shrunk", Interrupts::cause());
}

std::string nothing_to_shrink(const ShrinkFlags& flags) {
  return fmt::format("{}: shows no finding, so there is nothing to shrink{}", flags.input.file,
                     flags.input.target.empty()
                         ? ""
                         : "; say with which defects the target ran, by --profile or --defects");
}

/// A subject that is code has nothing but its schedule.
std::string counts(const WeaveFile& file) {
  std::string words = plural(file.schedule ? file.schedule->answers.size() : 0, "answer");
  if (const std::size_t items = file.subject().item_count(); items > 0)
    words += fmt::format(" and {}", plural(items, file.kind().item_noun()));
  return words;
}

int shrink_file(const CommandLine& line, const ShrinkFlags& flags, const Arguments& arguments,
                Kinds kinds) {
  Runner runner({.hang_ms = flags.hang_ms});
  Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner, kinds);
  if (!file) return line.fail(file.error());
  if (const std::optional<int> code = run_elsewhere(*file, "shrink", arguments)) return *code;
  if (Status status = try_to_write_file(flags.output); !status)
    return line.fail(status.error(), kExitOutput);
  const Interrupts interrupts;
  runner.isolator().set_keep_going(Interrupts::keep_going());
  const Stopwatch stopwatch;
  const RunResult before = runner.run(*file, ReplayMode::kLenient);
  if (before.killed) return line.fail(kKilledWords, kExitUnavailable);
  if (Interrupts::pending()) return line.fail(interrupted_before(), Interrupts::exit_code());
  if (before.findings.empty()) {
    return line.fail(nothing_to_shrink(flags), kExitChanged);
  }
  const std::string& signature = before.findings.front().signature;
  if (file->verdict && !flags.settings.any()) {
    const std::string other =
        difference(*file->verdict, before.verdict, file->kind().is_compiled());
    if (!other.empty())
      return line.fail(fmt::format("{}: {}", flags.input.file, other), kExitChanged);
  }
  file->schedule = before.followed;
  const std::string size_before = counts(*file);

  Progress progress(line.terminal(), line.quiet());
  ShrinkOptions options{.executions_max = flags.executions, .schedule_only = flags.schedule_only};
  options.progress = [&](std::size_t, std::size_t, std::uint64_t executions) {
    progress.update("executions", executions, 0, "shrink");
  };
  options.keep_going = Interrupts::keep_going();
  const std::unique_ptr<Subject> subject = file->make_subject();
  // Always in children: a smaller program may crash where this one does not.
  Expected<Shrunk> shrunk =
      shrink(*subject, *file->schedule, signature, runner.isolator(), file->limits(), options);
  progress.finish();
  if (!shrunk && Interrupts::pending())
    return line.fail(interrupted_before(), Interrupts::exit_code());
  if (!shrunk) return line.fail(shrunk.error(), kExitChanged);
  runner.isolator().set_keep_going(nullptr);  // What there is so far is written.

  if (shrunk->subject) file->set_subject(std::move(shrunk->subject));
  file->schedule = shrunk->schedule;
  file->verdict.reset();
  const RunResult after = runner.run(*file, ReplayMode::kStrict);
  if (after.killed) return line.fail(kKilledWords, kExitUnavailable);
  if (after.findings.empty() || after.findings.front().signature != signature) {
    return line.fail(
        "what was shrunk does not show the finding again: the subject is not deterministic",
        kExitDiverged);
  }
  file->verdict = after.verdict;
  Report report{.command = "shrink", .file = flags.input.file, .program = own_program()};
  const std::string text = write_with_comments(*file);
  if (Status status = write_file(flags.output, text); status) {
    report.repro = flags.output;
  } else {
    report.not_written = status.error().message;
    report.repro_text = text;
  }
  report.headline =
      fmt::format("shrunk from {} to {}{}", size_before, counts(*file),
                  shrunk->minimal         ? ": nothing more can be deleted"
                  : Interrupts::pending() ? fmt::format("; interrupted by {}", Interrupts::cause())
                                          : "; the budget came to its end");
  report.subject = file->kind().name();
  report.findings = after.findings;
  report.executions = shrunk->executions;
  report.seconds = stopwatch.seconds();
  report.steps = after.steps;
  report.trace_hash = after.verdict.trace_hash;
  report.schedule = file->schedule;
  report.facts = {{"answers", fmt::format("{}", file->schedule->answers.size())}};
  if (const std::size_t items = file->subject().item_count(); items > 0)
    report.facts.emplace_back(fmt::format("{}s", file->kind().item_noun()),
                              fmt::format("{}", items));
  report.facts.emplace_back("minimal", shrunk->minimal ? "yes" : "no");
  if (Interrupts::pending()) report.facts.emplace_back("signal", Interrupts::name());
  const int code = !report.not_written.empty() ? kExitOutput
                   : Interrupts::pending()     ? Interrupts::exit_code()
                                               : kExitClean;
  return print_and_return(render(report, line.format(), line.terminal()), code);
}

}  // namespace

int run_shrink(const Arguments& arguments, Kinds kinds) {
  CommandLine line(
      "shrink", "Make a repro as small as it can be: fewer decisions, then a smaller subject.",
      "  reweave shrink found.weave --output small.weave\n"
      "  reweave shrink crash-1a2b --target tempval --profile stackless-2012-A --output "
      "small.weave",
      "0 written, 2 bad flag or file, 3 not deterministic, 4 the finding does not show, 74 it "
      "could "
      "not be written");
  ShrinkFlags flags;
  flags.input.add(line.app(), "A repro", kinds);
  line.app()
      .add_option("-o,--output", flags.output, "File to write")
      ->type_name("FILE")
      ->required();
  line.app()
      .add_option("--executions", flags.executions, "Stop after so many (default: 100000)")
      ->type_name("N")
      ->transform(count_from(1));
  line.app().add_flag("--schedule-only", flags.schedule_only,
                      "Leave the subject as it is: fewer answers alone");
  add_hang_flag(line.app(), flags.hang_ms);
  flags.settings.add(line.app(), kinds);
  line.limit_time();
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  return shrink_file(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
