// `reweave hunt`: searches the executions of a subject for a finding, and writes it as a repro.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "repro/campaign/shard.h"
#include "repro/command/generated_census.h"
#include "repro/command/hunt_all.h"
#include "repro/command/input.h"
#include "repro/command/quantity.h"
#include "repro/file/workdir.h"
#include "repro/program/program_kind.h"
#include "repro/report/report.h"
#include "repro/report/stopwatch.h"
#include "repro/report/terminal.h"
#include "repro/run/again.h"
#include "repro/run/generated.h"
#include "repro/run/interrupts.h"
#include "repro/run/nothing_seen.h"
#include "repro/run/process.h"
#include "repro/run/search.h"
#include "repro/run/search_all.h"
#include "scheduler/search/determinism.h"
#include "scheduler/strategy/exhausting.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

struct HuntFlags {
  InputFlags input;
  SettingsFlags settings;
  std::uint64_t seed = 1;
  std::string strategy{};  // "": that of the kind of subject.
  std::uint64_t executions = 0;
  std::uint64_t milliseconds = 0;
  std::uint64_t hang_ms = 10'000;
  std::string output = "findings";
  bool generated = false;
  bool beyond = false;
  bool census = false;
  std::uint64_t first = 0;
  std::uint64_t jobs = 1;
  std::uint64_t check_every = 0;
  std::string shard_word{};
  Shard shard{};
  bool keep_going = false;
  bool shrink = false;
  std::vector<std::string> known{};

  static constexpr std::uint64_t kExecutionsDefault = 100'000;
  static constexpr std::uint64_t kJobsMax = 256;
};

void add_flags(CLI::App& app, HuntFlags& flags, Kinds kinds) {
  app.add_option("file", flags.input.file, "A file with a subject; -: standard input")
      ->type_name("FILE");
  if (find_kind(kinds, WeaveFile::kDefaultKind)) {
    app.add_flag("--generated", flags.generated,
                 "No file: generate scenarios; all oracles listen; also: --beyond, --census");
    // Not shown on the one screen that there is: what they add is said by `help operations`.
    app.add_flag("--beyond", flags.beyond,
                 "With --generated: operations that Stackless does not have, too (help operations)")
        ->needs("--generated")
        ->group("");
    app.add_flag("--census", flags.census,
                 "With --generated: count what was reached, operation by operation; no findings")
        ->needs("--generated")
        ->group("");
  }
  // Not shown: what an interrupted hunt says to go on with.
  app.add_option("--first", flags.first, "Begin with this execution (default: 0)")
      ->type_name("N")
      ->transform(count_from(0))
      ->group("");
  app.add_option("--jobs", flags.jobs,
                 "Search in so many processes at once (default: 1): each takes its share")
      ->type_name("N")
      ->check(whole_number(1, HuntFlags::kJobsMax));
  app.add_option("--shard", flags.shard_word,
                 "Be one of n processes that share the executions: 3/8, auto, auto/8 (`campaign "
                 "run --help`)")
      ->type_name("I/N");
  app.add_option("--check-determinism", flags.check_every,
                 "Repeat each N-th execution with its answers: it must do the same")
      ->type_name("N")
      ->check(whole_number(1));
  app.add_flag("--keep-going", flags.keep_going,
               "Go on after a finding, for other signatures; list all at the end");
  app.add_flag("--shrink", flags.shrink, "With --keep-going: shrink each before it is written");
  app.add_option("--known", flags.known,
                 "With --keep-going: mask the signatures of the repros in there (may be repeated)")
      ->type_name("FOLDER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--seed", flags.seed, "Start of the random numbers (default: 1)")
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--strategy", flags.strategy,
                 fmt::format("See `help strategies` (default: {}; for programs {})",
                             kDefaultStrategy, kProgramStrategy))
      ->type_name("NAME");
  app.add_option("--executions", flags.executions,
                 fmt::format("Stop after so many (default: {}, without --seconds)",
                             HuntFlags::kExecutionsDefault))
      ->type_name("N")
      ->transform(count_from(1));
  app.add_option("--seconds", flags.milliseconds, "Stop after so long: 90, 0.5, 15m, 2h")
      ->type_name("TIME")
      ->transform(time_span());
  add_hang_flag(app, flags.hang_ms);
  flags.settings.add(app, kinds);
  app.add_option("-o,--output", flags.output, "Folder for repros (default: findings)")
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
      return "interrupted";
  }
  return "";
}

ExploreOptions explore_options(const HuntFlags& flags, const Limits& limits, Progress& progress) {
  ExploreOptions options{
      .budget = {.executions = flags.executions, .milliseconds = flags.milliseconds},
      .seed = flags.seed,
      .limits = limits,
      .first_execution = flags.first,
      .check_every = flags.check_every};
  if (flags.executions == 0 && flags.milliseconds == 0)
    options.budget.executions = HuntFlags::kExecutionsDefault;
  options.progress = [&progress, total = options.budget.executions](const Statistics& statistics) {
    const std::uint64_t stopped = statistics.count(Outcome::kStepLimit);
    const std::string label =
        stopped == 0 ? "executions"
                     : fmt::format("executions, {} stopped at steps-max", with_commas(stopped));
    progress.update(label.c_str(), statistics.executions, total, "hunt");
    return true;
  };
  options.keep_going = Interrupts::keep_going();
  options.block = flags.generated ? executions_each(GeneratedAnswers::kAll) : 1;
  take_shard(flags.shard, options);
  return options;
}

/// How many executions it took, up to the finding if there is one. Of what several processes did,
/// those that a finding needs: how many they ran besides depends on the machine.
std::uint64_t executions_of(const HuntFlags& flags, const ExploreOptions& options,
                            const Exploration& exploration) {
  if (!exploration.found) return exploration.statistics.executions;
  if (flags.jobs > 1)
    return numbers_of_shard(options.first_execution, exploration.found->execution, options);
  return exploration.statistics.executions + (exploration.found->died ? 1 : 0);
}

/// What was hunted and how it went.
struct Hunted {
  const Searched& searched;
  const ExploreOptions& options;
  double seconds = 0;
  std::vector<std::string> escapes{};  // Subject::escapes().
  std::string unexplored{};            // What is said if no execution asked a question.
  std::vector<std::string> stops{};    // Subject::places_of_stop().
  std::vector<std::string> remarks{};  // Subject::remarks().
  std::string name;                    // Of what was hunted.
  std::string strategy;                // As it is named.
  const WeaveFile& file;  // Of the execution that was found; if none was, only its settings count.
  std::optional<Again> again{};  // If that execution has been repeated already.
  const Arguments& arguments;
};

/// What a strategy that goes from bound to bound counts; "": it does not.
std::string_view bounded_noun(std::string_view strategy) {
  const std::string_view name = strategy.substr(0, strategy.find(':'));
  if (name == "depth-first") return "answers that are not ordinary";
  if (name == "preemption-bound") return "preemptions";
  return name == "delay-bound" ? "delays" : "";
}

/// A search that tries everything, as far as the limits let it.
bool is_without_bound(const HuntFlags& flags) {
  const bool bounded = flags.strategy.find(':') != std::string::npos;
  return !flags.generated &&
         (tries_out(flags.strategy) || (!bounded && !bounded_noun(flags.strategy).empty()));
}

/// The command that goes on where this one stopped; "" where none can.
std::string command_to_go_on(const HuntFlags& flags, const Hunted& hunted) {
  const std::uint64_t next = hunted.searched.exploration.next;
  if (next == UINT64_MAX || !bounded_noun(flags.strategy).empty()) return "";
  std::string command = fmt::format("{} hunt", shell_word(own_program()));
  const std::string first = fmt::format(" --first {}", next);
  bool skips = false, told = false;
  for (const std::string& word : hunted.arguments) {
    const bool names_first = word == "--first";
    const bool is_first = skips || names_first || word.starts_with("--first=");
    skips = names_first;
    if (is_first && !told) continue;
    if (word == "--" && !told) {
      command += first;
      told = true;
    }
    command += " " + shell_word(word);
  }
  return told ? command : command + first;
}

/// What a search that found nothing was, in one line for people; "": it was clean, as it seems.
std::string headline_of(const HuntFlags& flags, const Hunted& hunted, std::string& verdict) {
  const Exploration& exploration = hunted.searched.exploration;
  const Limits limits = hunted.file.limits();
  if (exploration.reason == StopReason::kCancelled) {
    verdict = "interrupted";
    const std::string command = command_to_go_on(flags, hunted);
    return fmt::format("interrupted by {}: nothing was found so far{}", Interrupts::cause(),
                       command.empty() ? "" : "\n  to go on   " + command);
  }
  if (NothingSeen seen = nothing_seen(exploration.statistics, limits, hunted.unexplored)) {
    verdict = std::move(seen.verdict);
    return std::move(seen.words);
  }
  // A hunt in generated scenarios never tries everything.
  if (exploration.reason != StopReason::kExhausted || !is_without_bound(flags)) return "";
  return fmt::format(
      "exhausted: every execution was tried, under these bounds ({} steps, {} questions, {} "
      "actors); nothing was found",
      with_commas(limits.steps_max), with_commas(limits.questions_max),
      with_commas(limits.actors_max));
}

/// What else a person has to know to judge the word "clean".
std::vector<std::string> notes_of(const Hunted& hunted) {
  std::vector<std::string> notes = hunted.searched.disturbances.notes();
  const Statistics& statistics = hunted.searched.exploration.statistics;
  for (std::string& note : limit_notes(statistics, hunted.file.limits(), hunted.stops))
    notes.push_back(std::move(note));
  const std::string_view noun = bounded_noun(hunted.strategy);
  if (statistics.bounds_done > 0 && !noun.empty()) {
    notes.push_back(fmt::format("every execution with at most {} {} was tried",
                                statistics.bounds_done - 1, noun));
  }
  for (const std::string& escape : hunted.escapes) notes.push_back("not under control: " + escape);
  return notes;
}

Report report_of(const HuntFlags& flags, const Hunted& hunted) {
  const Exploration& exploration = hunted.searched.exploration;
  Report report{.command = "hunt", .file = hunted.name, .program = own_program()};
  report.subject = hunted.file.kind().name();
  report.executions = executions_of(flags, hunted.options, exploration);
  if (flags.jobs == 1 || !exploration.found) {
    report.distinct = Report::Distinct{.executions = exploration.statistics.distinct,
                                       .is_exact = exploration.statistics.distinct_is_exact};
  }
  report.seconds = hunted.seconds;
  report.notes = notes_of(hunted);
  report.facts = {{"seed", fmt::format("{}", flags.seed)}, {"strategy", hunted.strategy}};
  if (flags.jobs > 1) report.facts.emplace_back("jobs", fmt::format("{}", flags.jobs));
  if (flags.first != 0) report.facts.emplace_back("first", fmt::format("{}", flags.first));
  if (!flags.shard.is_whole()) report.facts.emplace_back("shard", flags.shard.text());
  const SettingValues& settings = hunted.file.settings();
  for (const SettingInfo* const info : settings.rows()) {
    if (info->type == SettingType::kText)
      report.facts.emplace_back(info->word, settings.text(info->word));
  }
  report.facts.emplace_back("stopped_by", reason_words(exploration.reason));
  if (exploration.reason == StopReason::kExhausted && is_without_bound(flags)) {
    const Limits limits = hunted.file.limits();
    report.facts.emplace_back("steps_max", fmt::format("{}", limits.steps_max));
    report.facts.emplace_back("questions_max", fmt::format("{}", limits.questions_max));
    report.facts.emplace_back("actors_max", fmt::format("{}", limits.actors_max));
  }
  if (exploration.reason == StopReason::kCancelled) {
    report.facts.emplace_back("signal", Interrupts::name());
    if (exploration.next != UINT64_MAX)
      report.facts.emplace_back("next", fmt::format("{}", exploration.next));
  }
  // What ended otherwise than by itself was not looked at to its end.
  for (const Outcome outcome : {Outcome::kQuestionLimit, Outcome::kActorLimit, Outcome::kStepLimit,
                                Outcome::kMemoryLimit}) {
    const std::uint64_t count = exploration.statistics.count(outcome);
    const bool tells = flags.jobs == 1 || !exploration.found;
    if (count > 0 && tells) report.facts.emplace_back(outcome_name(outcome), with_commas(count));
  }
  if (const std::uint64_t count = exploration.statistics.cut_off; count > 0 && !exploration.found)
    report.facts.emplace_back(kTimeLimit, with_commas(count));
  return report;
}

/// Writes the execution and adds it to the report. The exit code of the hunt.
int write_found(const CommandLine& line, const HuntFlags& flags, const Found& found,
                const Again& again, Report& report) {
  if (!again.shows) return line.fail(again.error, kExitDiverged);
  report.facts.emplace_back("execution", fmt::format("{}", found.execution));
  report.findings = again.run.findings;
  report.steps = again.run.steps;
  report.trace_hash = again.run.verdict.trace_hash;
  report.schedule = again.file.schedule;
  report.can_shrink = !report.schedule->empty() || again.file.subject().item_count() > 0;
  Expected<std::string> path = Workdir(flags.output).write_repro(again.file, found.finding.kind);
  if (path) {
    report.repro = *path;
    return kExitFinding;
  }
  report.not_written = path.error().message;
  report.repro_text = write_with_comments(again.file);
  return kExitOutput;
}

/// An execution that did something else when it was repeated: no repro can be made of it.
int tell_nondeterminism(const Found& found, Report& report) {
  report.facts.emplace_back("execution", fmt::format("{}", found.execution));
  report.findings = {nondeterminism_of(found)};
  report.steps = found.steps;
  return kExitDiverged;
}

/// The end of every hunt.
int tell(const CommandLine& line, const HuntFlags& flags, const Hunted& hunted, Runner& runner) {
  const Searched& searched = hunted.searched;
  Report report = report_of(flags, hunted);
  int code = kExitClean;
  const std::optional<Found>& found = searched.exploration.found;
  if (found && is_nondeterminism(found->finding)) {
    code = tell_nondeterminism(*found, report);
  } else if (found) {
    const Again again = hunted.again ? *hunted.again : repeat(hunted.file, *found, runner);
    report.notes.insert(report.notes.end(), hunted.remarks.begin(), hunted.remarks.end());
    code = write_found(line, flags, *found, again, report);
    if (code == kExitDiverged) return code;
  } else {
    report.headline = headline_of(flags, hunted, report.verdict);
    if (searched.exploration.reason == StopReason::kCancelled) code = Interrupts::exit_code();
    if (searched.disturbances.crashed_once() > 0 && code == kExitClean) {
      code = kExitDiverged;
      report.verdict = "diverged";
      report.headline = kCrashedOnce;
    }
    if (searched.gave_up) {
      code = kExitUnavailable;
      report.verdict = "disturbed";
      report.headline = kGaveUp;
    }
  }
  const bool made = report.file.empty() || !report.file.ends_with(WeaveFile::kExtension);
  report.places = places_of(report.findings, made ? report.repro : report.file);
  append_github_summary(line, github_summary(report));
  return print_and_return(render(report, line.format(), line.terminal()), code);
}

/// More shards than executions: 0 would mean that there is no limit.
bool is_empty_share(const HuntFlags& flags, const ExploreOptions& options) {
  return options.budget.executions == 0 && (flags.executions != 0 || flags.milliseconds == 0);
}
constexpr std::string_view kEmptyShare = "--shard: there are more shards than --executions";

HuntAll hunt_all_of(const HuntFlags& flags, std::string name, std::string strategy,
                    std::function<WeaveFile(std::uint64_t)> file_of) {
  HuntAll all{.name = std::move(name),
              .strategy = std::move(strategy),
              .output = flags.output,
              .shrink = flags.shrink,
              .known = flags.known,
              .hang_ms = flags.hang_ms};
  all.file_of = std::move(file_of);
  all.facts = {{"seed", fmt::format("{}", flags.seed)}, {"strategy", all.strategy}};
  if (flags.jobs > 1) all.facts.emplace_back("jobs", fmt::format("{}", flags.jobs));
  if (flags.first != 0) all.facts.emplace_back("first", fmt::format("{}", flags.first));
  if (!flags.shard.is_whole()) all.facts.emplace_back("shard", flags.shard.text());
  const WeaveFile file = all.file_of(flags.first);
  for (const SettingInfo* const info : file.settings().rows()) {
    if (info->type == SettingType::kText)
      all.facts.emplace_back(info->word, file.settings().text(info->word));
  }
  return all;
}

/// What a flag says is not drawn.
GeneratedOptions generated_options(const HuntFlags& flags, const Limits& limits) {
  return {.generator = {.beyond = flags.beyond},
          .limits = limits,
          .draws_switching = !flags.settings.names("switching"),
          .draws_spill_levels = !flags.settings.names("spill-levels"),
          .draws_fail_allocations = !flags.settings.names("fail-allocations"),
          .draws_collect = !flags.settings.names("collect")};
}

/// Every few executions another scenario. One that reaches the limit of steps may be a program that
/// never ends, and is no finding. Every oracle listens, unless a flag switches it off.
int hunt_generated(const CommandLine& line, const HuntFlags& flags, const Arguments& arguments) {
  if (Status status = Workdir(flags.output).try_to_write(); !status)
    return line.fail(status.error(), kExitOutput);
  Runner runner({.hang_ms = flags.hang_ms});
  runtime::Settings base;
  base.check_structure = true;
  base.check_specification = true;
  base.limits = generated_limits();
  const Expected<SettingValues> values =
      flags.settings.apply(runtime::tasklet_kind(), runtime::values_of(base));
  if (!values) return line.fail(values.error());
  const runtime::Settings settings = runtime::settings_of(*values);
  const GeneratedOptions generated = generated_options(flags, settings.limits);
  GeneratedSubject subject(flags.seed, GeneratedAnswers::kAll, settings, generated);
  GeneratedStrategy strategy(subject);
  const Interrupts interrupts;
  Progress progress(line.terminal(), line.quiet());
  ExploreOptions options = explore_options(flags, generated.limits, progress);
  if (is_empty_share(flags, options)) return line.fail(kEmptyShare);
  options.counts = counts_unless_livelock;
  if (flags.census) return take_census(line, subject, generated.generator, options, progress);
  const Stopwatch stopwatch;
  const std::vector<Strategy*> strategies(flags.jobs, &strategy);  // Each child has its own copy.
  const auto file_of = [&](std::uint64_t execution) {
    return generated_file(flags.seed, execution, GeneratedAnswers::kAll, settings, generated);
  };
  if (flags.keep_going)
    return hunt_all(line, hunt_all_of(flags, "generated scenarios", "all in turn", file_of),
                    subject, strategies, options, runner, progress);
  std::optional<Again> again;
  const Searched searched =
      search(subject, strategies, options, {.hang_ms = flags.hang_ms}, [&](const Found& found) {
        return shows_again(file_of(found.execution), found, runner, again);
      });
  progress.finish();
  const std::optional<Found>& found = searched.exploration.found;
  const WeaveFile file = file_of(found ? found->execution : flags.first);
  return tell(line, flags,
              {.searched = searched,
               .options = options,
               .seconds = stopwatch.seconds(),
               .unexplored = unexplored_words(subject),
               .name = "generated scenarios",
               .strategy = "all in turn",
               .file = file,
               .again = std::move(again),
               .arguments = arguments},
              runner);
}

/// Who answers in each process. With a default strategy a small subject is tried out, by the first
/// of them.
class SearchStrategies {
 public:
  SearchStrategies(const HuntFlags& flags, std::unique_ptr<Strategy> named)
      : first_(std::move(named)) {
    if (tries_out(flags.strategy) && flags.shard.index == 0)
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

/// What can be named to hunt in, where nothing was.
std::string nothing_named(Kinds kinds) {
  const SubjectKind* const takes_words = kind_with_arguments(kinds);
  const bool generates = find_kind(kinds, WeaveFile::kDefaultKind).has_value();
  std::string words = "name a file to hunt in";
  if (takes_words != nullptr) {
    words += fmt::format("{} a {}: `{} hunt -- {}`", generates ? "," : " or", takes_words->noun(),
                         tool_name(), takes_words->arguments());
  }
  if (generates) words += ", or say --generated";
  return words + "; see --help";
}

/// A file, or what a kind makes of the words after `--`.
Expected<WeaveFile> load(const CommandLine& line, const HuntFlags& flags, Runner& runner,
                         Kinds kinds) {
  const Arguments& words = line.subject_words();
  if (words.empty()) {
    Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner, kinds);
    // What is remarked on a verdict is not true of what will be found.
    if (file && !file->is_by_hand()) file->source.clear();
    return file;
  }
  return load_words(*kind_with_arguments(kinds), words, flags.settings);
}

int hunt(const CommandLine& line, HuntFlags flags, const Arguments& arguments, Kinds kinds) {
  if (!flags.keep_going && (flags.shrink || !flags.known.empty()))
    return line.fail("--shrink and --known are for --keep-going");
  if (!flags.shard_word.empty()) {
    const Expected<Shard> shard = parse_shard(flags.shard_word, variable_of_environment);
    if (!shard) return line.fail("--shard: " + shard.error().message);
    flags.shard = *shard;
  }
  const Arguments& words = line.subject_words();
  if (flags.generated && (!flags.input.file.empty() || !words.empty()))
    return line.fail("--generated makes its own scenarios: name nothing to hunt in");
  if (flags.generated) return hunt_generated(line, flags, arguments);
  if (flags.input.file.empty() == words.empty()) {
    return line.fail(words.empty() ? nothing_named(kinds)
                                   : "a file and words after `--` exclude each other");
  }
  Runner runner({.hang_ms = flags.hang_ms});
  Expected<WeaveFile> file = load(line, flags, runner, kinds);
  if (!file) return line.fail(file.error());
  if (const std::optional<int> code = run_elsewhere(*file, "hunt", arguments)) return *code;
  if (Status status = Workdir(flags.output).try_to_write(); !status)
    return line.fail(status.error(), kExitOutput);
  file->schedule.reset();
  file->verdict.reset();
  if (flags.strategy.empty()) flags.strategy = default_strategy(file->kind());
  Expected<std::unique_ptr<Strategy>> strategy = make_strategy(flags.strategy);
  if (!strategy) return line.fail(strategy.error());

  const Interrupts interrupts;
  Progress progress(line.terminal(), line.quiet());
  const ExploreOptions options = explore_options(flags, file->limits(), progress);
  if (is_empty_share(flags, options)) return line.fail(kEmptyShare);
  const std::unique_ptr<Subject> subject = file->make_subject();
  const Stopwatch stopwatch;
  const SearchStrategies strategies(flags, std::move(strategy).value());
  const std::string name =
      words.empty() ? flags.input.file : fmt::format("{}", fmt::join(words, " "));
  if (flags.keep_going) {
    const auto file_of = [&](std::uint64_t) { return *file; };
    return hunt_all(line, hunt_all_of(flags, name, flags.strategy, file_of), *subject,
                    strategies.of_jobs(), options, runner, progress);
  }
  std::optional<Again> again;
  const Searched searched =
      search(*subject, strategies.of_jobs(), options, {.hang_ms = flags.hang_ms},
             [&](const Found& found) { return shows_again(*file, found, runner, again); });
  progress.finish();
  return tell(line, flags,
              {.searched = searched,
               .options = options,
               .seconds = stopwatch.seconds(),
               .escapes = subject->escapes(),
               .unexplored = unexplored_words(*subject),
               .stops = subject->places_of_stop(),
               .remarks = subject->remarks(),
               .name = name,
               .strategy = flags.strategy,
               .file = *file,
               .again = std::move(again),
               .arguments = arguments},
              runner);
}

}  // namespace

int run_hunt(const Arguments& arguments, Kinds kinds) {
  const SubjectKind* const takes_words = kind_with_arguments(kinds);
  std::string examples =
      "  reweave hunt corpora/scenarios/neutral.weave --profile stackless-2012-A";
  if (takes_words != nullptr)
    examples +=
        fmt::format("\n  reweave hunt --keep-going --shrink -- {}", takes_words->arguments());
  CommandLine line("hunt",
                   "Search the executions of a subject for a finding, and write it as a repro.",
                   examples,
                   "0 nothing found, 1 a finding, 2 bad flag or file, 3 not deterministic, 74 a "
                   "finding cannot be written");
  HuntFlags flags;
  add_flags(line.app(), flags, kinds);
  if (takes_words != nullptr) line.take_subject_words(takes_words->arguments());
  line.add_output_flags({"text", "json", "github", "markdown", "sarif"});
  if (!line.parse(arguments)) return line.exit_code();
  return hunt(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
