// `reweave hunt`: searches the executions of a subject for a finding, and writes it as a repro.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "repro/command/input.h"
#include "repro/file/workdir.h"
#include "repro/report/stopwatch.h"
#include "repro/run/generated.h"
#include "scheduler/strategy/exhausting.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

struct HuntFlags {
  InputFlags input;
  SettingsFlags settings;
  std::uint64_t seed = 1;
  std::string strategy{kDefaultStrategy};
  std::uint64_t executions = 0;
  std::uint64_t seconds = 0;
  std::uint64_t hang_ms = 10'000;
  std::string output = "findings";
  bool generated = false;
  std::uint64_t first = 0;
  std::uint64_t jobs = 1;

  static constexpr std::uint64_t kExecutionsDefault = 100'000;
  static constexpr std::uint64_t kJobsMax = 256;
};

void add_flags(CLI::App& app, HuntFlags& flags, Kinds kinds) {
  CLI::Option* const file =
      app.add_option("file", flags.input.file, "A file with a subject")->type_name("FILE");
  if (find_kind(kinds, WeaveFile::kDefaultKind)) {
    app.add_flag("--generated", flags.generated,
                 "No file: generate a scenario every few executions; all oracles listen")
        ->excludes(file);
  }
  app.add_option("--first", flags.first, "Begin with this execution (default: 0): for shards")
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--jobs", flags.jobs,
                 "Search in so many processes at once (default: 1): each takes its share")
      ->type_name("N")
      ->check(whole_number(1, HuntFlags::kJobsMax));
  app.add_option("--seed", flags.seed, "Start of the random numbers (default: 1)")
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--strategy", flags.strategy,
                 fmt::format("See `help strategies` (default: {})", kDefaultStrategy))
      ->type_name("NAME");
  app.add_option("--executions", flags.executions,
                 fmt::format("Stop after so many (default: {}, without --seconds)",
                             HuntFlags::kExecutionsDefault))
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--seconds", flags.seconds, "Stop after so long")
      ->type_name("N")
      ->check(whole_number());
  add_hang_flag(app, flags.hang_ms);
  flags.settings.add(app, kinds);
  app.add_option("--output", flags.output, "Folder for repros (default: findings)")
      ->type_name("DIR");
}

const char* reason_words(StopReason reason) {
  switch (reason) {
    case StopReason::kFound:
      return "found";
    case StopReason::kExecutions:
      return "executions";
    case StopReason::kSeconds:
      return "seconds";
    case StopReason::kExhausted:
      return "exhausted";
    case StopReason::kCancelled:
      return "cancelled";
  }
  return "";
}

ExploreOptions explore_options(const HuntFlags& flags, const Limits& limits, Progress& progress) {
  ExploreOptions options{.budget = {.executions = flags.executions, .seconds = flags.seconds},
                         .seed = flags.seed,
                         .limits = limits,
                         .first_execution = flags.first};
  if (flags.executions == 0 && flags.seconds == 0)
    options.budget.executions = HuntFlags::kExecutionsDefault;
  options.progress = [&progress, total = options.budget.executions](const Statistics& statistics) {
    progress.update("executions", statistics.executions, total, "hunt");
    return true;
  };
  return options;
}

/// How many executions it took, up to the finding if there is one. Of what several processes did,
/// those that a finding needs: how many they ran besides depends on the machine.
std::uint64_t executions_of(const HuntFlags& flags, const Exploration& exploration) {
  if (!exploration.found) return exploration.statistics.executions;
  if (flags.jobs > 1) return exploration.found->execution - flags.first + 1;
  return exploration.statistics.executions + (exploration.found->died ? 1 : 0);
}

/// What can be said of a search that found nothing because it tried everything; else "".
std::string exhausted_words(const HuntFlags& flags, const Exploration& exploration,
                            const Limits& limits) {
  const bool without_bound = flags.strategy == kDefaultStrategy || flags.strategy == "depth-first";
  if (exploration.reason != StopReason::kExhausted || !without_bound) return "";
  return fmt::format(
      "exhausted: every execution was tried, under these bounds ({} steps, {} questions); nothing "
      "was found",
      with_commas(limits.steps_max), with_commas(limits.questions_max));
}

/// What was hunted and how it went.
struct Hunted {
  const Exploration& exploration;
  double seconds = 0;
  std::string name;       // Of what was hunted.
  std::string strategy;   // As it is named.
  const WeaveFile& file;  // Of the execution that was found; if none was, only its settings count.
};

Report report_of(const HuntFlags& flags, const Hunted& hunted) {
  const Exploration& exploration = hunted.exploration;
  Report report{.command = "hunt", .file = hunted.name, .program = own_program()};
  report.subject = hunted.file.kind().name();
  report.executions = executions_of(flags, exploration);
  if (flags.jobs == 1 || !exploration.found) {
    report.distinct = Report::Distinct{.executions = exploration.statistics.distinct,
                                       .is_exact = exploration.statistics.distinct_is_exact};
  }
  report.seconds = hunted.seconds;
  report.facts = {{"seed", fmt::format("{}", flags.seed)}, {"strategy", hunted.strategy}};
  if (flags.jobs > 1) report.facts.emplace_back("jobs", fmt::format("{}", flags.jobs));
  if (flags.first != 0) report.facts.emplace_back("first", fmt::format("{}", flags.first));
  const SettingValues& settings = hunted.file.settings();
  for (const SettingInfo* const info : settings.rows()) {
    if (info->type == SettingType::kText)
      report.facts.emplace_back(info->word, settings.text(info->word));
  }
  report.facts.emplace_back("stopped_by", reason_words(exploration.reason));
  // What ended otherwise than by itself was not looked at to its end.
  for (const Outcome outcome :
       {Outcome::kQuestionLimit, Outcome::kActorLimit, Outcome::kMemoryLimit}) {
    const std::uint64_t count = exploration.statistics.outcomes[static_cast<std::size_t>(outcome)];
    const bool tells = flags.jobs == 1 || !exploration.found;
    if (count > 0 && tells) report.facts.emplace_back(outcome_name(outcome), with_commas(count));
  }
  return report;
}

/// Names the answers, replays them once, writes all of it and adds it to the report. The exit code
/// of the hunt.
int write_found(const CommandLine& line, const HuntFlags& flags, WeaveFile file, const Found& found,
                Runner& runner, Report& report) {
  report.facts.emplace_back("execution", fmt::format("{}", found.execution));
  Expected<Schedule> schedule = schedule_of_found(file, found, runner);
  if (!schedule) return line.fail(schedule.error(), kExitDiverged);
  file.schedule = std::move(schedule).value();
  const RunResult run = runner.run(file, ReplayMode::kStrict);
  // What died may have broken the structure before: only a look at everything in every step, as in
  // a replay, is sure to see that (ScenarioSubject::run()).
  const bool shows = !run.findings.empty() &&
                     (found.died || run.findings.front().signature == found.finding.signature);
  if (!shows) {
    return line.fail(
        fmt::format("the finding \"{}\" of execution {} does not show again: the subject "
                    "is not deterministic",
                    found.finding.signature, found.execution),
        kExitDiverged);
  }
  file.verdict = run.verdict;
  report.findings = run.findings;
  report.steps = run.steps;
  report.trace_hash = run.verdict.trace_hash;
  report.schedule = file.schedule;
  Expected<std::string> path = Workdir(flags.output).write_repro(file, found.finding.kind);
  if (!path) return line.fail(path.error());
  report.repro = *path;
  return kExitFinding;
}

/// The end of every hunt.
int tell(const CommandLine& line, const HuntFlags& flags, const Hunted& hunted, Runner& runner) {
  Report report = report_of(flags, hunted);
  // A hunt in generated scenarios never tries everything.
  report.headline = exhausted_words(flags, hunted.exploration, hunted.file.limits());
  int code = kExitClean;
  if (const std::optional<Found>& found = hunted.exploration.found) {
    code = write_found(line, flags, hunted.file, *found, runner, report);
    if (code != kExitFinding) return code;
  }
  return print_and_return(render(report, line.format(), line.terminal()), code);
}

/// Every few executions another scenario. One that reaches the limit of steps may be a program that
/// never ends, and is no finding. Every oracle listens, unless a flag switches it off.
int hunt_generated(const CommandLine& line, const HuntFlags& flags) {
  Runner runner({.hang_ms = flags.hang_ms});
  runtime::Settings base;
  base.check_structure = true;
  base.check_specification = true;
  const Expected<SettingValues> values =
      flags.settings.apply(runtime::tasklet_kind(), runtime::values_of(base));
  if (!values) return line.fail(values.error());
  const runtime::Settings settings = runtime::settings_of(*values);
  GeneratedSubject subject(flags.seed, GeneratedAnswers::kAll, settings);
  GeneratedStrategy strategy(subject);
  Progress progress(line.terminal(), line.quiet());
  ExploreOptions options = explore_options(flags, generated_limits(), progress);
  options.counts = counts_unless_livelock;
  const Stopwatch stopwatch;
  options.block = executions_each(GeneratedAnswers::kAll);
  const std::vector<Strategy*> strategies(flags.jobs, &strategy);  // Each child has its own copy.
  const Exploration exploration =
      explore_in_children(subject, strategies, options, {.hang_ms = flags.hang_ms});
  progress.finish();
  const std::uint64_t execution = exploration.found ? exploration.found->execution : flags.first;
  const WeaveFile file = generated_file(flags.seed, execution, GeneratedAnswers::kAll, settings);
  return tell(line, flags,
              {.exploration = exploration,
               .seconds = stopwatch.seconds(),
               .name = "generated scenarios",
               .strategy = "all in turn",
               .file = file},
              runner);
}

/// Who answers in each process. With the default strategy a small scenario is tried out, by the
/// first of them.
class SearchStrategies {
 public:
  SearchStrategies(const HuntFlags& flags, std::unique_ptr<Strategy> named)
      : first_(std::move(named)) {
    if (flags.strategy == kDefaultStrategy)
      first_ = std::make_unique<Exhausting>(std::move(first_));
    jobs_.push_back(first_.get());
    if (flags.jobs == 1) return;
    others_ = make_strategy(flags.strategy).value();
    jobs_.resize(flags.jobs, others_.get());  // Each child has its own copy.
  }
  std::span<Strategy* const> of_jobs() const { return jobs_; }

 private:
  std::unique_ptr<Strategy> first_;
  std::unique_ptr<Strategy> others_;
  std::vector<Strategy*> jobs_;
};

/// A file, or what a kind makes of the words after `--`.
Expected<WeaveFile> load(const CommandLine& line, const HuntFlags& flags, Runner& runner,
                         Kinds kinds) {
  const Arguments& words = line.subject_words();
  if (words.empty()) return load_input(flags.input, flags.settings, runner, kinds);
  return load_words(*kind_with_arguments(kinds), words, flags.settings);
}

int hunt(const CommandLine& line, const HuntFlags& flags, const Arguments& arguments, Kinds kinds) {
  if (flags.generated) return hunt_generated(line, flags);
  const Arguments& words = line.subject_words();
  if (flags.input.file.empty() == words.empty()) {
    return line.fail(words.empty() ? "name a file to hunt in, or say --generated; see --help"
                                   : "a file and words after `--` exclude each other");
  }
  Runner runner({.hang_ms = flags.hang_ms});
  Expected<WeaveFile> file = load(line, flags, runner, kinds);
  if (!file) return line.fail(file.error());
  if (const std::optional<int> code = run_elsewhere(*file, "hunt", arguments)) return *code;
  file->schedule.reset();
  file->verdict.reset();
  Expected<std::unique_ptr<Strategy>> strategy = make_strategy(flags.strategy);
  if (!strategy) return line.fail(strategy.error());

  Progress progress(line.terminal(), line.quiet());
  const ExploreOptions options = explore_options(flags, file->limits(), progress);
  const std::unique_ptr<Subject> subject = file->make_subject();
  const Stopwatch stopwatch;
  const SearchStrategies strategies(flags, std::move(strategy).value());
  const Exploration exploration =
      explore_in_children(*subject, strategies.of_jobs(), options, {.hang_ms = flags.hang_ms});
  progress.finish();
  return tell(line, flags,
              {.exploration = exploration,
               .seconds = stopwatch.seconds(),
               .name = words.empty() ? flags.input.file : fmt::format("{}", fmt::join(words, " ")),
               .strategy = flags.strategy,
               .file = *file},
              runner);
}

}  // namespace

int run_hunt(const Arguments& arguments, Kinds kinds) {
  CommandLine line("hunt",
                   "Search the executions of a subject for a finding, and write it as a repro.",
                   "  reweave hunt corpora/scenarios/neutral.weave --profile stackless-2012-A",
                   "0 nothing found, 1 a finding, 2 bad flag or file, 3 not deterministic");
  HuntFlags flags;
  add_flags(line.app(), flags, kinds);
  if (const SubjectKind* const kind = kind_with_arguments(kinds))
    line.take_subject_words(kind->arguments());
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  return hunt(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
