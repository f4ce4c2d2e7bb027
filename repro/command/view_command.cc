// `reweave view`: an execution as a picture, in one HTML file.

#include <fmt/format.h>

#include <filesystem>

#include "repro/command/input.h"
#include "repro/explain/explanation.h"
#include "repro/file/workdir.h"
#include "repro/run/interrupts.h"
#include "repro/run/process.h"
#include "repro/view/page.h"

namespace reweave::repro {
namespace {

struct ViewFlags {
  InputFlags input;
  SettingsFlags settings;
  std::string output;  // "": the name of the file with .html, in the current folder.
  std::string beside;
  bool alone = false;
  std::uint64_t executions = 5'000;
  std::uint64_t hang_ms = 10'000;
};

/// The execution that is shown beside: that of a file, or the one that explain() found.
Expected<std::optional<PageRun>> other_run(const WeaveFile& file, const ViewFlags& flags,
                                           const Explanation& told, Runner& runner, Kinds kinds) {
  if (flags.alone) return std::optional<PageRun>();
  if (flags.beside.empty()) {
    if (!told.turning.found()) return std::optional<PageRun>();
    PageRun run{.label = "with the other answer: passes", .same_before = told.turning.first_step()};
    run.recording = record_execution(file, told.turning.passing, UINT64_MAX);
    return std::optional(std::move(run));
  }
  const Expected<std::string> content = read_file(flags.beside);
  if (!content) return content.error();
  const Expected<WeaveFile> other = read_weave(*content, flags.beside, kinds);
  if (!other) return other.error();
  if (&other->kind() != &file.kind())
    return Error{fmt::format("{}: a subject of another kind", flags.beside)};
  const RunResult result = runner.run(*other, ReplayMode::kLenient);
  if (result.cancelled) return std::optional<PageRun>();
  PageRun run{.label = flags.beside};
  if (!result.findings.empty()) run.finding = result.findings.front();
  const std::uint64_t steps_max =
      result.died ? std::max<std::uint64_t>(result.steps, 1) - 1 : UINT64_MAX;
  run.recording = record_execution(*other, other->schedule.value_or(Schedule{}), steps_max);
  return std::optional(std::move(run));
}

/// "slot.html" of "found/slot.weave".
std::string page_of(const std::string& input) {
  return is_standard_input(input) ? "view.html"
                                  : std::filesystem::path(input).stem().string() + ".html";
}

int view_file(const CommandLine& line, ViewFlags flags, const Arguments& arguments, Kinds kinds) {
  if (flags.output.empty()) flags.output = page_of(flags.input.file);
  Runner runner({.hang_ms = flags.hang_ms});
  const Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner, kinds);
  if (!file) return line.fail(file.error());
  if (const std::optional<int> code = run_elsewhere(*file, "view", arguments)) return *code;
  if (Status status = try_to_write_file(flags.output); !status)
    return line.fail(status.error(), kExitOutput);
  const Interrupts interrupts;
  runner.isolator().set_keep_going(Interrupts::keep_going());
  Expected<Explanation> told = explain(*file, runner,
                                       {.executions_max = flags.alone ? 0 : flags.executions,
                                        .progress = {},
                                        .keep_going = Interrupts::keep_going()});
  if (Interrupts::pending()) return line.fail_interrupted();
  if (!told) return line.fail(told.error(), kExitDiverged);
  told->file = flags.input.file;
  std::vector<PageRun> runs;
  runs.reserve(2);
  runs.emplace_back();
  PageRun& own = runs.front();
  own.label = told->findings.empty() ? "passes" : "fails";
  if (!told->findings.empty()) own.finding = told->findings.front();
  own.recording = record_execution(*file, told->schedule, told->steps_shown);
  Expected<std::optional<PageRun>> other = other_run(*file, flags, *told, runner, kinds);
  if (!other) return line.fail(other.error());
  if (Interrupts::pending()) return line.fail_interrupted();
  if (*other) runs.push_back(std::move(**other));
  const std::string page = view_page(*told, runs);
  if (const Status written = write_file(flags.output, page); !written)
    return line.fail(written.error(), kExitOutput);
  return print_and_return(fmt::format("{}: {}{}; open it in a browser\n", flags.output,
                                      plural(own.recording.steps.size(), "step"),
                                      runs.size() > 1 ? ", beside an execution that passes" : ""),
                          kExitClean);
}

}  // namespace

int run_view(const Arguments& arguments, Kinds kinds) {
  CommandLine line("view", "Draw what a repro does, as one HTML file that needs nothing else.",
                   "  reweave view found.weave                  # writes found.html\n"
                   "  reweave view found.weave -o both.html --beside good.weave\n",
                   "0 written, 2 bad flag or file, 3 diverged, 74 it cannot be written");
  ViewFlags flags;
  flags.input.add(line.app(), "A repro, or a file with a subject", kinds);
  line.app()
      .add_option("-o,--output", flags.output,
                  "The HTML file to write (default: FILE's name with .html, in this folder)")
      ->type_name("FILE");
  line.app()
      .add_option("--beside", flags.beside,
                  "Show the execution of this file beside it (default: one with another answer, "
                  "which passes)")
      ->type_name("FILE");
  line.app().add_flag("--alone", flags.alone, "Show nothing beside it");
  line.app()
      .add_option("--executions", flags.executions,
                  fmt::format("Try so many other answers at most (default: {})", flags.executions))
      ->type_name("N")
      ->check(whole_number(0, 1'000'000'000));
  add_hang_flag(line.app(), flags.hang_ms);
  flags.settings.add(line.app(), kinds);
  line.limit_time();
  if (!line.parse(arguments)) return line.exit_code();
  return view_file(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
