// `reweave rehunt`: a finding once more, after its scenario or program was edited.

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "repro/command/input.h"
#include "repro/command/quantity.h"
#include "repro/file/workdir.h"
#include "repro/report/report.h"
#include "repro/report/stopwatch.h"
#include "repro/run/again.h"
#include "repro/run/interrupts.h"
#include "repro/run/process.h"
#include "repro/run/search.h"
#include "scheduler/search/near_schedule.h"
#include "scheduler/strategy/exhausting.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

struct RehuntFlags {
  InputFlags input;
  SettingsFlags settings;
  std::string now;  // Where the subject is as it is now; "": in the repro.
  std::uint64_t near = NearOptions{}.executions_max;
  std::uint64_t executions = 100'000;
  std::uint64_t seed = 1;
  std::string strategy{};
  std::uint64_t hang_ms = 10'000;
  std::string output{};  // "": in the folder `findings`.
  bool overwrite = false;

  static constexpr const char* kFolder = "findings";
};

void add_flags(CommandLine& line, RehuntFlags& flags, Kinds kinds) {
  CLI::App& app = line.app();
  app.add_option("file", flags.input.file, "A repro, which diverges now; -: standard input")
      ->type_name("FILE")
      ->required();
  app.add_option("--in", flags.now, "A file with the subject as it is now (default: the repro)")
      ->type_name("FILE");
  app.add_option(
         "--near", flags.near,
         fmt::format("Try so many executions near the old schedule, then hunt (default: {})",
                     flags.near))
      ->type_name("N")
      ->transform(count_from(0));
  app.add_option("--executions", flags.executions,
                 fmt::format("Stop after so many in all (default: {})", flags.executions))
      ->type_name("N")
      ->transform(count_from(1));
  app.add_option("--seed", flags.seed, "Of the hunt that comes then (default: 1)")
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--strategy", flags.strategy, "Of that hunt; see `help strategies`")
      ->type_name("NAME");
  app.add_option("-o,--output", flags.output,
                 "File to write, which must not be there yet (default: one in findings)")
      ->type_name("FILE");
  app.add_flag("--overwrite", flags.overwrite, "It may be there: the repro itself, for example");
  add_hang_flag(app, flags.hang_ms);
  flags.settings.add(app, kinds);
}

/// The repro, with the subject as it is now.
Expected<WeaveFile> load(const CommandLine& line, const RehuntFlags& flags, Runner& runner,
                         Kinds kinds) {
  Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner, kinds);
  if (!file) return file;
  if (!file->schedule) {
    return Error{fmt::format("{0}: it has no schedule to search near; to hunt in it: {1} hunt {0}",
                             flags.input.file, tool_name())};
  }
  const Arguments& words = line.subject_words();
  if (words.empty() && flags.now.empty()) return file;
  if (!words.empty() && !flags.now.empty())
    return Error{"--in and words after `--` exclude each other"};
  Expected<WeaveFile> now = words.empty()
                                ? load_input({.file = flags.now, .target = ""}, {}, runner, kinds)
                                : load_words(*kind_with_arguments(kinds), words, {});
  if (!now) return now;
  if (now->kind().name() != file->kind().name()) {
    return Error{fmt::format("{} is about {}, and what it is now about {}", flags.input.file,
                             file->kind().name(), now->kind().name())};
  }
  file->set_subject(now->make_subject());
  return file;
}

/// Whether it may replace what is there is a question of flags, which comes first.
bool would_replace(const RehuntFlags& flags) {
  std::error_code error;
  return !flags.output.empty() && !flags.overwrite && std::filesystem::exists(flags.output, error);
}

Status try_to_write(const RehuntFlags& flags) {
  if (flags.output.empty()) return Workdir(RehuntFlags::kFolder).try_to_write();
  return try_to_write_file(flags.output);
}

/// What it took, and what came of it.
struct Rehunted {
  std::uint64_t near = 0;    // Executions near the old schedule, the first one among them.
  std::uint64_t hunted = 0;  // And everywhere.
  std::string where{};       // Where it was found: "as it stands", "near", "hunt".
  std::optional<Again> again{};
  std::string error{};  // It does not show again.
  std::vector<std::string> notes{};
  Disturbances disturbances{};
  bool gave_up = false;  // As in Searched.
};

class Rehunt {
 public:
  Rehunt(const CommandLine& line, const RehuntFlags& flags, const WeaveFile& file, Runner& runner)
      : flags_(flags), file_(file), runner_(runner), progress_(line.terminal(), line.quiet()) {}

  Rehunted run() {
    const bool done = as_it_stands() || Interrupts::pending() || near() || Interrupts::pending();
    if (!done) hunt();
    progress_.finish();
    const std::vector<std::string> disturbances = result_.disturbances.notes();
    result_.notes.insert(result_.notes.end(), disturbances.begin(), disturbances.end());
    return std::move(result_);
  }

 private:
  /// What the repro says is found; any finding if it says nothing.
  bool is_the_same(const Finding& finding) const {
    return !file_.verdict || file_.verdict->clean() ||
           file_.verdict->findings.front().kind == finding.kind;
  }

  WeaveFile without_schedule() const {
    WeaveFile file = file_;
    file.schedule.reset();
    file.verdict.reset();
    return file;
  }

  bool as_it_stands() {
    Again again{.file = file_};
    runner_.isolator().set_keep_going(Interrupts::keep_going());
    again.run = runner_.run(file_, ReplayMode::kStrict);
    runner_.isolator().set_keep_going(nullptr);
    if (again.run.cancelled) return false;
    result_.near = 1;
    if (!again.run.disturbance.empty())
      result_.notes.push_back("as it stands " + again.run.disturbance);
    const RunResult& run = again.run;
    if (run.outcome == Outcome::kDiverged) {
      result_.notes.push_back("as it stands it diverges " + divergence_words(run.divergence));
      return false;
    }
    again.shows = !run.killed && !run.findings.empty() && is_the_same(run.findings.front());
    if (!again.shows) {
      result_.notes.push_back(fmt::format("as it stands {}", what_it_did(run)));
      return false;
    }
    again.file.verdict = run.verdict;
    found_in("as it stands", std::move(again));
    return true;
  }

  bool near() {
    if (flags_.near == 0) return false;
    const std::unique_ptr<Subject> subject = file_.make_subject();
    NearOptions options{.executions_max = std::min(flags_.near, flags_.executions)};
    options.counts = [this](const Finding& finding) { return is_the_same(finding); };
    options.progress = [this](std::uint64_t executions) {
      progress_.update("executions", executions, flags_.near, "rehunt");
    };
    options.keep_going = Interrupts::keep_going();
    const WeaveFile file = without_schedule();
    std::optional<Again> same, other;  // What died, the first of either.
    options.shows_again = [&](const Found& found) {
      std::optional<Again>& again = is_the_same(found.finding) ? same : other;
      if (!found.killed && (again || shows_again(file, found, runner_, again))) return true;
      if (!Interrupts::pending()) result_.disturbances.take(found, "near the old schedule, ");
      return false;
    };
    const Near near =
        find_near(*subject, *file_.schedule, runner_.isolator(), file_.limits(), options);
    result_.near += near.executions;
    if (near.executions > 0) {
      result_.notes.push_back(fmt::format("{} of {} fit as they stand", near.followed,
                                          plural(file_.schedule->answers.size(), "answer")));
    }
    const std::optional<Found>& found = near.found ? near.found : near.other;
    if (!found) return false;
    if (near.found) {
      result_.notes.push_back(
          fmt::format("found near the old schedule: {} {} placed elsewhere, left out or put in",
                      near.changes, near.changes == 1 ? "answer was" : "answers were"));
    }
    std::optional<Again>& again = near.found ? same : other;
    found_in("near", found->died && again ? *std::move(again) : repeat(file, *found, runner_));
    return true;
  }

  void hunt() {
    const std::uint64_t left = flags_.executions - std::min(flags_.executions, result_.near);
    if (left == 0) return;
    const std::string name =
        flags_.strategy.empty() ? std::string(default_strategy(file_.kind())) : flags_.strategy;
    std::unique_ptr<Strategy> strategy = make_strategy(name).value();
    if (tries_out(name)) strategy = std::make_unique<Exhausting>(std::move(strategy));
    const WeaveFile file = without_schedule();
    ExploreOptions options{.budget = {.executions = left}, .seed = flags_.seed};
    options.limits = file.limits();
    options.progress = [this](const Statistics& statistics) {
      progress_.update("executions", result_.near + statistics.executions, flags_.executions,
                       "rehunt");
      return true;
    };
    options.keep_going = Interrupts::keep_going();
    const std::unique_ptr<Subject> subject = file.make_subject();
    Strategy* const one = strategy.get();
    std::optional<Again> again;
    const Searched searched =
        search(*subject, {&one, 1}, options, {.hang_ms = flags_.hang_ms},
               [&](const Found& found) { return shows_again(file, found, runner_, again); });
    result_.hunted = searched.exploration.statistics.executions;
    result_.disturbances.add(searched.disturbances);
    result_.gave_up = searched.gave_up;
    const std::optional<Found>& found = searched.exploration.found;
    if (!found) return;
    if (found->died) ++result_.hunted;
    found_in("hunt", again ? *std::move(again) : repeat(file, *found, runner_));
  }

  void found_in(std::string_view where, Again again) {
    result_.where = where;
    if (!again.shows) {
      result_.error = again.error;
      return;
    }
    const std::string now = stated_signature(again.run.findings.front());
    const bool told = file_.verdict && !file_.verdict->clean();
    if (told && file_.verdict->findings.front().signature != now) {
      result_.notes.push_back(
          fmt::format("its signature was: {}", file_.verdict->findings.front().signature));
    }
    result_.again = std::move(again);
  }

  const RehuntFlags& flags_;
  const WeaveFile& file_;
  Runner& runner_;
  Progress progress_;
  Rehunted result_;
};

int write_found(const RehuntFlags& flags, const Again& again, Report& report) {
  report.findings = again.run.findings;
  report.steps = again.run.steps;
  report.trace_hash = again.run.verdict.trace_hash;
  report.schedule = again.file.schedule;
  report.can_shrink = !report.schedule->empty() || again.file.subject().item_count() > 0;
  std::string text = write_weave(again.file);
  Error trouble;
  if (flags.output.empty()) {
    const Expected<std::string> path =
        Workdir(RehuntFlags::kFolder).write_repro(again.file, report.findings.front().kind);
    if (path) {
      report.repro = *path;
      return kExitFinding;
    }
    trouble = path.error();
  } else {
    text = write_with_comments(again.file);  // Of the repro, in place of which it may be written.
    const Status written = write_file(flags.output, text);
    if (written) {
      report.repro = flags.output;
      return kExitFinding;
    }
    trouble = written.error();
  }
  report.not_written = trouble.message;
  report.repro_text = text;
  return kExitOutput;
}

/// Two lines: what to do where nothing was found. What a file does not hold it cannot keep.
std::string after_nothing(const CommandLine& line, const RehuntFlags& flags,
                          const WeaveFile& file) {
  std::string text = fmt::format("\n  to look further     the same with --executions {} --seed {}",
                                 flags.executions * 10, flags.seed + 1);
  const bool is_kept = flags.now.empty() && line.subject_words().empty() && file.verdict &&
                       !is_standard_input(flags.input.file);
  if (is_kept) {
    text += fmt::format("\n  if that is mended   {} check {} --update --mended",
                        shell_word(own_program()), shell_file(flags.input.file));
  }
  return text;
}

int rehunt(const CommandLine& line, const RehuntFlags& flags, const Arguments& arguments,
           Kinds kinds) {
  Runner runner({.hang_ms = flags.hang_ms});
  const Expected<WeaveFile> file = load(line, flags, runner, kinds);
  if (!file) return line.fail(file.error());
  if (const std::optional<int> code = run_elsewhere(*file, "rehunt", arguments)) return *code;
  if (!flags.strategy.empty()) {
    const auto strategy = make_strategy(flags.strategy);
    if (!strategy) return line.fail(strategy.error());
  }
  if (would_replace(flags))
    return line.fail(flags.output + ": it is there already; --overwrite replaces it");
  if (const Status status = try_to_write(flags); !status)
    return line.fail(status.error(), kExitOutput);
  const Interrupts interrupts;
  const Stopwatch stopwatch;
  const Rehunted rehunted = Rehunt(line, flags, *file, runner).run();
  if (!rehunted.error.empty()) return line.fail(rehunted.error, kExitDiverged);

  Report report{.command = "rehunt", .file = flags.input.file, .program = own_program()};
  report.subject = file->kind().name();
  report.executions = rehunted.near + rehunted.hunted;
  report.seconds = stopwatch.seconds();
  report.notes = rehunted.notes;
  report.facts = {{"near", fmt::format("{}", rehunted.near)},
                  {"hunted", fmt::format("{}", rehunted.hunted)}};
  int code = kExitClean;
  if (rehunted.again) {
    report.facts.emplace_back("found", rehunted.where);
    code = write_found(flags, *rehunted.again, report);
  } else if (Interrupts::pending()) {
    report.verdict = "interrupted";
    report.headline =
        fmt::format("interrupted by {}: it was not found again so far", Interrupts::cause());
    report.facts.emplace_back("signal", Interrupts::name());
    code = Interrupts::exit_code();
  } else if (rehunted.gave_up || rehunted.disturbances.crashed_once() > 0) {
    report.verdict = rehunted.gave_up ? "disturbed" : "diverged";
    report.headline = rehunted.gave_up ? kGaveUp : kCrashedOnce;
    code = rehunted.gave_up ? kExitUnavailable : kExitDiverged;
  } else {
    report.headline =
        fmt::format("clean: not found again, {} near the old schedule and {} everywhere else{}",
                    with_commas(rehunted.near), with_commas(rehunted.hunted),
                    after_nothing(line, flags, *file));
  }
  report.places = places_of(report.findings, report.repro);
  append_github_summary(line, github_summary(report));
  return print_and_return(render(report, line.format(), line.terminal()), code);
}

}  // namespace

int run_rehunt(const Arguments& arguments, Kinds kinds) {
  const SubjectKind* const takes_words = kind_with_arguments(kinds);
  std::string examples =
      "  reweave rehunt found.weave\n"
      "  reweave rehunt found.weave --output found.weave --overwrite";
  if (takes_words != nullptr)
    examples += fmt::format("\n  reweave rehunt found.weave -- {}", takes_words->arguments());
  CommandLine line("rehunt",
                   "Find it again after an edit: near the schedule of a repro, which diverges now.",
                   examples,
                   "0 not found, 1 found, 2 bad flag or file, 3 not deterministic, 74 a "
                   "finding cannot be written");
  RehuntFlags flags;
  add_flags(line, flags, kinds);
  if (takes_words != nullptr) line.take_subject_words(takes_words->arguments());
  line.limit_time();
  line.add_output_flags({"text", "json", "github", "markdown", "sarif"});
  if (!line.parse(arguments)) return line.exit_code();
  return rehunt(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
