// `reweave check`: the CI verb. Every repro must give exactly the verdict written in it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "repro/command/command_line.h"
#include "repro/command/input.h"
#include "repro/file/find_files.h"
#include "repro/file/workdir.h"
#include "repro/report/stopwatch.h"
#include "repro/run/interrupts.h"
#include "repro/run/process.h"
#include "repro/run/runner.h"
#include "scheduler/search/trials_ahead.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

/// Something to check, or to complain of.
struct Named {
  std::string file;
  bool by_user = false;   // Not only by its folder.
  std::string trouble{};  // Why it cannot be looked at, or "".
};

/// Files as they are named; of folders every `.weave` below them.
std::vector<Named> expand(const std::vector<std::string>& names) {
  std::vector<Named> all;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (!fs::is_directory(name, ignored)) {
      all.push_back({.file = name, .by_user = true});
      continue;
    }
    const FoundFiles found = find_weave_files(name);
    for (const std::string& file : found.files) all.push_back({.file = file});
    for (const FoundFiles::Trouble& trouble : found.troubles)
      all.push_back({.file = trouble.folder, .trouble = trouble.message});
  }
  return all;
}

/// The line that an error message names, "FILE:LINE: …"; 0 if it names none.
int line_in(const std::string& message, const std::string& file) {
  if (message.compare(0, file.size() + 1, file + ":") != 0) return 0;
  int line = 0;
  const char* const end = message.data() + message.size();
  const auto [rest, error] = std::from_chars(message.data() + file.size() + 1, end, line);
  return error == std::errc{} && rest != end && *rest == ':' ? line : 0;
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

/// What somebody does about it who has nothing but this text: commands, aligned.
std::vector<std::string> next_steps(const CheckedCase& checked, int code, bool is_mended) {
  const std::string tool = shell_word(own_program()), file = shell_file(checked.file);
  std::vector<std::string> lines;
  const auto add = [&](std::string_view what, std::string_view command, std::string_view flags) {
    lines.push_back(fmt::format("{:<28} {} {} {}{}", what, tool, command, file, flags));
  };
  if (code == kExitChanged && checked.finding) add("to see why:", "explain", "");
  const bool is_gone = code == kExitChanged && !checked.finding;
  const bool is_file = !is_standard_input(checked.file);
  if (code == kExitDiverged || is_gone) {
    // In place of the file, so that the next check is about what was found.
    add("to find it near by:", "rehunt",
        is_file ? fmt::format(" --output {} --overwrite", file) : " --output found.weave");
  }
  if (code == kExitDiverged && checked.finding && is_file)
    add("to keep what still fits:", "check", " --update");
  const bool may_be_mended = is_gone || (code == kExitDiverged && !checked.finding);
  if (may_be_mended && is_file) add("if that finds nothing:", "check", " --update --mended");
  if (checked.passed && !checked.message.empty() && !checked.finding && !is_mended)
    add("to see whether it is gone:", "rehunt", "");
  return lines;
}

struct Checked {
  CheckedCase result;
  int exit_code = kExitClean;
  std::string skipped{};   // Why, or "".
  bool cancelled = false;  // Nobody wanted to wait for it.
};

constexpr std::string_view kNoVerdict =
    "states no verdict; `reweave check FILE --update` writes the present one";

/// "nothing is found", or what is.
std::string words_of(const Verdict& verdict) {
  if (verdict.clean()) return "nothing is found";
  const StatedFinding& first = verdict.findings.front();
  return fmt::format("{}, signature \"{}\"{}", finding_kind_name(first.kind), first.signature,
                     verdict.findings.size() > 1 ? ", and others after it" : "");
}

/// What --update changed, two lines; "" if people would see no difference.
std::string change_words(const std::optional<Verdict>& before, const Verdict& now) {
  if (!before || words_of(*before) == words_of(now)) return "";
  return fmt::format("was: {}\nnow: {}", words_of(*before), words_of(now));
}

/// What --update and its like say.
struct Renewing {
  bool update = false;
  bool mended = false;  // The user knows that what is not found any more is mended.
};

class Checker {
 public:
  Checker(Runner& runner, std::uint64_t hang_ms, Renewing renewing, Kinds kinds)
      : runner_(runner),
        hang_ms_(hang_ms),
        update_(renewing.update),
        mended_(renewing.mended),
        kinds_(kinds) {}

  Checked check(const Named& named) {
    checked_ = {};
    checked_.result.file = named.file;
    if (!named.trouble.empty()) {
      cannot_read(named.trouble);
      return checked_;
    }
    const Expected<std::string> text = read_file(named.file);
    if (!text) {
      cannot_read(text.error().message);
      return checked_;
    }
    Expected<WeaveFile> file = read_weave(*text, named.file, kinds_);
    if (!file) {
      cannot_read(file.error().message);
      return checked_;
    }
    checked_.result.line = verdict_line(*text);
    if (!file->verdict && !named.by_user) {
      checked_.skipped = kNoVerdict;
    } else if (!file->verdict && !update_) {
      error(kExitUsage, "no verdict", fmt::format("{}: {}", named.file, kNoVerdict));
    } else {
      checked_.skipped = file->kind().cannot_show(file->settings());
      if (checked_.skipped.empty()) compare(*text, *file);
    }
    return checked_;
  }

 private:
  void fail(int code, std::string title, std::string message) {
    checked_.exit_code = code;
    checked_.result.title = std::move(title);
    checked_.result.message = std::move(message);
  }
  void error(int code, std::string title, std::string message) {
    checked_.result.is_error = true;
    fail(code, std::move(title), std::move(message));
  }
  void cannot_read(const std::string& message) {
    checked_.result.line = line_in(message, checked_.result.file);
    error(kExitUsage, "cannot be read", message);
  }

  /// Why that process said nothing of the repro: in its own words, or in those of what started it.
  static std::string why_none(const std::string& output, int code) {
    if (std::optional<std::string> why = read_error(output)) return *std::move(why);
    constexpr int kSignalled = 128;  // As a shell has it.
    return fmt::format("the process of the program gave no verdict: {} {}",
                       code > kSignalled ? "it was ended by signal" : "exit code",
                       code > kSignalled ? code - kSignalled : code);
  }

  /// What the process of the subject itself says of it. False: the subject runs here.
  bool compare_elsewhere(const WeaveFile& file) {
    CheckedCase& result = checked_.result;
    Arguments again = {result.file, "--format=json", fmt::format("--hang-ms={}", hang_ms_)};
    if (update_) again.push_back("--update");
    if (mended_) again.push_back("--mended");
    if (Interrupts::time_is_limited())
      again.push_back(fmt::format("--seconds={}ms", Interrupts::milliseconds_left()));
    std::string output;
    const std::optional<int> code = run_elsewhere(file, "check", again, &output);
    if (!code) return false;
    if (std::optional<CheckedCase> there = read_checked_case(output)) {
      there->file = result.file;
      there->line = result.line;
      result = std::move(*there);
      checked_.exit_code = *code;
    } else {
      error(*code == kExitClean ? kExitSoftware : *code, "no verdict", why_none(output, *code));
    }
    return true;
  }

  void compare(const std::string& text, const WeaveFile& file) {
    if (compare_elsewhere(file)) return;
    CheckedCase& result = checked_.result;
    const RunResult run = runner_.run(file, ReplayMode::kStrict);
    // Nothing is known of it, and nothing may be written.
    if ((checked_.cancelled = run.cancelled)) return;
    if (run.killed) return error(kExitUnavailable, "no verdict", std::string(kKilledWords));
    result.note = run.disturbance;
    result.trace_hash = run.verdict.trace_hash;
    if (!run.findings.empty()) result.finding = run.findings.front();
    if (run.outcome == Outcome::kDiverged) return diverged(text, file, run);
    if (update_) return update(text, file, run.verdict);
    const std::string other = difference(*file.verdict, run.verdict, file.kind().is_compiled());
    if (!other.empty()) return fail(kExitChanged, "another verdict", other);
    result.passed = true;
  }

  /// The subject was edited, so that the schedule does not fit any more. What the answers give that
  /// still do is said, and with --update kept.
  void diverged(const std::string& text, const WeaveFile& file, const RunResult& run) {
    CheckedCase& result = checked_.result;
    const std::string where = "diverged " + divergence_words(run.divergence);
    if (!run.parting.empty()) return fail(kExitDiverged, "diverged", where);  // Nothing was edited.
    const RunResult now = runner_.run(file, ReplayMode::kLenient);
    if ((checked_.cancelled = now.cancelled)) return;
    if (now.killed) return error(kExitUnavailable, "no verdict", std::string(kKilledWords));
    if (now.outcome == Outcome::kDiverged) return fail(kExitDiverged, "diverged", where);
    if (!now.findings.empty()) result.finding = now.findings.front();
    result.trace_hash = now.verdict.trace_hash;
    const std::string fits =
        fmt::format("{} of {} still fit", now.followed.answers.size(),
                    plural(file.schedule ? file.schedule->answers.size() : 0, "answer"));
    // Where a limit stopped it nobody knows what comes then.
    const bool ended = !now.findings.empty() || came_to_its_end(now.outcome);
    const std::string gives =
        ended ? words_of(now.verdict) : fmt::format("it ends as \"{}\"", outcome_name(now.outcome));
    // One of the answers that are gone may be the one that it takes.
    const bool proves_nothing = ended && now.findings.empty();
    if (!update_ || !ended || (proves_nothing && !mended_)) {
      return fail(kExitDiverged, "diverged",
                  fmt::format("{}\n{}: {}{}", where, fits, gives,
                              !proves_nothing ? ""
                              : update_ ? ", which proves nothing, so that nothing was written"
                                        : ", which proves nothing"));
    }
    WeaveFile renewed = file;
    renewed.schedule = now.followed;
    const RunResult again = runner_.run(renewed, ReplayMode::kStrict);
    if ((checked_.cancelled = again.cancelled)) return;
    const bool same = !again.killed && again.outcome != Outcome::kDiverged &&
                      difference(now.verdict, again.verdict, file.kind().is_compiled()).empty();
    if (!same) return fail(kExitDiverged, "diverged", where + "\nonce more it did something else");
    const std::string change = change_words(file.verdict, again.verdict);
    write(with_verdict(with_schedule(text, now.followed), again.verdict),
          fmt::format("{}\n{}, and are kept\n{}", where, fits,
                      change.empty() ? "as before: " + gives : change));
  }

  void update(const std::string& text, const WeaveFile& file, const Verdict& verdict) {
    if (file.verdict && *file.verdict == verdict) {
      checked_.result.passed = true;
    } else {
      write(with_verdict(text, verdict), change_words(file.verdict, verdict));
    }
  }

  /// `change`: what a person has to know of it.
  void write(const std::string& text, std::string change) {
    const Status status = write_file(checked_.result.file, text);
    if (!status) return error(kExitOutput, "cannot be written", status.error().message);
    checked_.result.passed = true;
    checked_.result.title = "updated";
    checked_.result.message = std::move(change);
  }

  Runner& runner_;
  const std::uint64_t hang_ms_;
  const bool update_;
  const bool mended_;
  Kinds kinds_;
  Checked checked_;
};

/// What stands for all of them: what cannot be read first, then what could not be done, then what
/// is not deterministic, then what changed.
int worse(int a, int b) {
  for (const int code :
       {kExitSoftware, kExitUsage, kExitOutput, kExitUnavailable, kExitDiverged, kExitChanged}) {
    if (a == code || b == code) return code;
  }
  return kExitClean;
}

int check(const CommandLine& line, const std::vector<std::string>& names, std::uint64_t hang_ms,
          Renewing renewing, Kinds kinds) {
  if (renewing.mended && !renewing.update)
    return line.fail(
        "--mended is for --update: it says that what diverges and shows nothing is mended");
  if (renewing.update && std::any_of(names.begin(), names.end(), is_standard_input))
    return line.fail("a verdict cannot be written into standard input; name a file");
  const std::vector<Named> files = expand(names);
  if (files.empty()) {
    return line.fail(fmt::format("{}: {} no .weave file", fmt::join(names, ", "),
                                 names.size() == 1 ? "this folder holds" : "these folders hold"));
  }
  const Interrupts interrupts;
  Runner runner({.hang_ms = hang_ms});
  runner.isolator().set_keep_going(Interrupts::keep_going());
  Checker checker(runner, hang_ms, renewing, kinds);
  Progress progress(line.terminal(), line.quiet());
  CheckReport report;
  int code = kExitClean;
  const Stopwatch stopwatch;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const Stopwatch of_case;
    Checked checked = checker.check(files[i]);
    checked.result.next = next_steps(checked.result, checked.exit_code, renewing.mended);
    checked.result.seconds = of_case.seconds();
    if (Interrupts::pending() || checked.cancelled) {
      report.interrupted_by = Interrupts::cause();
      report.signal = Interrupts::name();
      report.left = files.size() - i;
      break;
    }
    if (!checked.skipped.empty()) {
      report.skip(checked.skipped, files[i].file);
      continue;
    }
    code = worse(code, checked.exit_code);
    report.cases.push_back(std::move(checked.result));
    progress.update("repros", i + 1, files.size(), "check");
  }
  progress.finish();
  report.seconds = stopwatch.seconds();
  // Where nothing was asked nothing was answered.
  const bool nothing_asked =
      report.cases.empty() && !report.skipped.empty() && report.skipped.front().why == kNoVerdict;
  if (nothing_asked && report.interrupted_by.empty()) code = kExitUsage;
  if (Interrupts::pending()) code = Interrupts::exit_code();
  append_github_summary(line, github_summary(report));
  return print_and_return(render(report, line.format(), line.terminal()), code);
}

}  // namespace

int run_check(const Arguments& arguments, Kinds kinds) {
  CommandLine line(
      "check", "For CI: every repro must give exactly the verdict written in it.",
      "  reweave check corpora/repros\n"
      "  reweave check corpora/repros --format=junit > repros.xml\n"
      "  reweave check new.weave --update    # keep the present verdict; what changed is said",
      "0 all give their verdicts, 2 a file cannot be read or none states a verdict, 3 diverged, "
      "4 another verdict, 74 an update cannot be written");
  std::vector<std::string> names;
  std::uint64_t hang_ms = 10'000;
  Renewing renewing;
  line.app()
      .add_option(
          "files", names,
          "Repros, or folders of them, where what states no verdict is skipped; -: standard input")
      ->type_name("FILE")
      ->required();
  line.app().add_flag(
      "--update", renewing.update,
      "Write verdicts instead of comparing them; and schedules that an edit has outlived, where "
      "what still fits shows a finding");
  line.app().add_flag("--mended", renewing.mended,
                      "With --update: where it shows none, too, for `rehunt` finds it no more");
  add_hang_flag(line.app(), hang_ms);
  line.limit_time();
  line.add_output_flags({"text", "json", "junit", "github", "markdown", "sarif"});
  if (!line.parse(arguments)) return line.exit_code();
  return check(line, names, hang_ms, renewing, kinds);
}

}  // namespace reweave::repro
