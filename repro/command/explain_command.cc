// `reweave explain`: why did it fail, on one screen?

#include <fmt/format.h>

#include "repro/command/input.h"
#include "repro/explain/explanation.h"
#include "repro/explain/render_explanation.h"
#include "repro/file/workdir.h"
#include "repro/run/interrupts.h"

namespace reweave::repro {
namespace {

struct ExplainFlags {
  InputFlags input;
  SettingsFlags settings;
  std::uint64_t executions = ExplainOptions{}.executions_max;
  std::uint64_t hang_ms = 10'000;
  std::string passing;
};

/// A repro of the execution that passes.
Status write_passing(const WeaveFile& file, const Explanation& told, Runner& runner,
                     const std::string& path) {
  WeaveFile passing = file;
  passing.schedule = told.turning.passing;
  const RunResult run = runner.run(passing, ReplayMode::kStrict);
  if (run.cancelled) return Error{"it was interrupted before its end"};
  passing.verdict = run.verdict;
  return write_file(path, write_with_comments(passing));
}

std::string rendered(const CommandLine& line, const Explanation& told) {
  switch (line.format()) {
    case Format::kJson:
      return explanation_json(told);
    case Format::kMarkdown:
      return explanation_markdown(told, tool_name());
    default:
      return explanation_text(told, line.terminal(), tool_name());
  }
}

int explain_file(const CommandLine& line, const ExplainFlags& flags, const Arguments& arguments,
                 Kinds kinds) {
  Runner runner({.hang_ms = flags.hang_ms});
  const Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner, kinds);
  if (!file) return line.fail(file.error());
  if (const std::optional<int> code = run_elsewhere(*file, "explain", arguments)) return *code;
  if (!flags.passing.empty()) {
    if (Status status = try_to_write_file(flags.passing); !status)
      return line.fail(status.error(), kExitOutput);
  }
  const Interrupts interrupts;
  runner.isolator().set_keep_going(Interrupts::keep_going());
  Progress progress(line.terminal(), line.quiet());
  ExplainOptions options{.executions_max = flags.executions};
  options.progress = [&](std::uint64_t executions) {
    progress.update("executions", executions, flags.executions, "explain");
  };
  options.keep_going = Interrupts::keep_going();
  Expected<Explanation> told = explain(*file, runner, options);
  progress.finish();
  if (Interrupts::pending()) return line.fail_interrupted();
  if (!told) return line.fail(told.error(), kExitDiverged);
  told->file = flags.input.file;
  if (!flags.passing.empty() && told->turning.found()) {
    const Status written = write_passing(*file, *told, runner, flags.passing);
    if (!written) return line.fail(written.error(), kExitOutput);
  }
  return print_and_return(rendered(line, *told),
                          told->findings.empty() ? kExitClean : kExitFinding);
}

}  // namespace

int run_explain(const Arguments& arguments, Kinds kinds) {
  CommandLine line(
      "explain", "Say why a repro fails: who did what, and which of its answers decided it.",
      "  reweave explain found.weave\n"
      "  reweave explain found.weave --format=markdown    # for a pull request\n"
      "  reweave explain found.weave --passing good.weave # the execution that passes\n",
      "0 there is no finding, 1 explained, 2 bad flag or file, 3 diverged, 74 what passes "
      "cannot be written");
  ExplainFlags flags;
  flags.input.add(line.app(), "A repro, or a file with a subject", kinds);
  line.app()
      .add_option("--passing", flags.passing,
                  "Write the execution with the other answer, which passes, as a repro")
      ->type_name("FILE");
  line.app()
      .add_option("--executions", flags.executions,
                  fmt::format("Try so many other answers at most (default: {})", flags.executions))
      ->type_name("N")
      ->check(whole_number(0, 1'000'000'000));
  add_hang_flag(line.app(), flags.hang_ms);
  flags.settings.add(line.app(), kinds);
  line.limit_time();
  line.add_output_flags({"text", "markdown", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  return explain_file(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
