// `reweave check`: the CI verb. Every repro must give exactly the verdict written in it.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "repro/command/command_line.h"
#include "repro/command/input.h"
#include "repro/file/workdir.h"
#include "repro/report/stopwatch.h"
#include "repro/run/runner.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

/// Files as they are named; of folders every `.weave` below them, in order of their names.
std::vector<std::string> expand(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (!fs::is_directory(name, ignored)) {
      files.push_back(name);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : fs::recursive_directory_iterator(name, ignored)) {
      if (entry.path().extension() == WeaveFile::kExtension)
        inside.push_back(entry.path().string());
    }
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

/// The line of the file on which its verdict begins; 1 if there is none.
int verdict_line(const std::string& text) {
  int line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (text.compare(begin, 7, "verdict") == 0) return line;
    begin = end + 1;
  }
  return 1;
}

struct CheckOptions {
  std::uint64_t hang_ms = 10'000;
  bool update = false;
};

struct Checked {
  CheckedCase result;
  int exit_code = kExitClean;
  std::string_view skipped;  // Why, or "".
};

/// What the process of the subject itself says of it.
std::optional<Checked> check_elsewhere(const WeaveFile& file, const std::string& name,
                                       const CheckOptions& options) {
  Arguments again = {name, "--format=json", fmt::format("--hang-ms={}", options.hang_ms)};
  if (options.update) again.push_back("--update");
  std::string output;
  const std::optional<int> code = run_elsewhere(file, "check", again, &output);
  if (!code) return std::nullopt;
  Checked checked;
  checked.exit_code = *code;
  if (std::optional<CheckedCase> there = read_checked_case(output)) {
    checked.result = std::move(*there);
  } else {
    if (*code == kExitClean) checked.exit_code = kExitSoftware;
    checked.result.message = fmt::format("{}: its process gave no verdict; see above", name);
  }
  checked.result.file = name;
  return checked;
}

Checked check_file(const std::string& name, Runner& runner, const CheckOptions& options,
                   Kinds kinds) {
  const bool update = options.update;
  Checked checked;
  CheckedCase& result = checked.result;
  result.file = name;
  const auto fail = [&](int code, std::string message) {
    checked.exit_code = code;
    result.message = std::move(message);
    return checked;
  };
  const Expected<std::string> text = read_file(name);
  if (!text) return fail(kExitUsage, text.error().message);
  Expected<WeaveFile> file = read_weave(*text, name, kinds);
  if (!file) return fail(kExitUsage, file.error().message);
  if (!file->verdict && !update) {
    return fail(
        kExitUsage,
        fmt::format("{}: states no verdict; `reweave check --update` writes the present one",
                    name));
  }
  result.line = verdict_line(*text);
  checked.skipped = file->kind().cannot_show(file->settings());
  if (!checked.skipped.empty()) return checked;
  if (std::optional<Checked> there = check_elsewhere(*file, name, options)) {
    there->result.line = verdict_line(*text);
    return *there;
  }
  const RunResult run = runner.run(*file, ReplayMode::kStrict);
  result.trace_hash = run.verdict.trace_hash;
  if (!run.findings.empty()) result.finding = run.findings.front();
  if (run.outcome == Outcome::kDiverged) {
    return fail(kExitDiverged,
                fmt::format("diverged at step {}: expected {}; found {}", run.divergence.step,
                            run.divergence.expected, run.divergence.found));
  }
  if (update) {
    file->verdict = run.verdict;
    if (Status status = write_file(name, write_weave(*file)); !status)
      return fail(kExitUsage, status.error().message);
  } else if (const std::string other = difference(*file->verdict, run.verdict); !other.empty()) {
    return fail(kExitChanged, other);
  }
  result.passed = true;
  return checked;
}

/// What stands for all of them: what cannot be read first, then what is not deterministic, then
/// what changed.
int worse(int a, int b) {
  for (const int code :
       {kExitSoftware, kExitUnavailable, kExitUsage, kExitDiverged, kExitChanged}) {
    if (a == code || b == code) return code;
  }
  return kExitClean;
}

void append_github_summary(const CheckReport& report) {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return;
  std::ofstream(path, std::ios::app) << github_summary(report);
}

int check(const CommandLine& line, const std::vector<std::string>& names,
          const CheckOptions& options, Kinds kinds) {
  const std::vector<std::string> files = expand(names);
  if (files.empty()) return line.fail("these folders hold no .weave file");
  Runner runner({.hang_ms = options.hang_ms});
  Progress progress(line.terminal(), line.quiet());
  CheckReport report;
  int code = kExitClean;
  const Stopwatch stopwatch;
  for (const std::string& file : files) {
    const Stopwatch of_case;
    Checked checked = check_file(file, runner, options, kinds);
    checked.result.seconds = of_case.seconds();
    if (!checked.skipped.empty()) {
      ++report.skipped;
      report.why_skipped = checked.skipped;
      continue;
    }
    code = worse(code, checked.exit_code);
    report.cases.push_back(std::move(checked.result));
    progress.update("repros", report.cases.size(), files.size(), "check");
  }
  progress.finish();
  report.seconds = stopwatch.seconds();
  if (line.format() == Format::kGithub) append_github_summary(report);
  return print_and_return(render(report, line.format(), line.terminal()), code);
}

}  // namespace

int run_check(const Arguments& arguments, Kinds kinds) {
  CommandLine line(
      "check", "For CI: every repro must give exactly the verdict written in it.",
      "  reweave check corpora/repros\n"
      "  reweave check corpora/repros --format=junit > repros.xml\n"
      "  reweave check new.weave --update    # write the present verdict into it",
      "0 all give their verdicts, 2 a file cannot be read, 3 diverged, 4 another verdict");
  std::vector<std::string> names;
  CheckOptions options;
  line.app()
      .add_option("files", names, "Repros, or folders of them")
      ->type_name("FILE")
      ->required();
  line.app().add_flag("--update", options.update, "Write verdicts instead of comparing them");
  add_hang_flag(line.app(), options.hang_ms);
  line.add_output_flags({"text", "json", "junit", "github"});
  if (!line.parse(arguments)) return line.exit_code();
  return check(line, names, options, kinds);
}

}  // namespace reweave::repro
