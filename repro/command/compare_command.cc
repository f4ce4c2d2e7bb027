// `reweave compare`: how many executions each strategy takes to its first finding, over many seeds.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>
#include <vector>

#include "repro/command/input.h"
#include "repro/command/quantity.h"
#include "repro/report/printable.h"
#include "repro/run/interrupts.h"
#include "repro/run/nothing_seen.h"
#include "scheduler/search/isolate.h"
#include "scheduler/strategy/exhausting.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::repro {
namespace {

struct CompareFlags {
  InputFlags input;
  SettingsFlags settings;
  std::uint64_t seed = 1;
  std::uint64_t seeds = 100;
  std::uint64_t executions = 20'000;
  std::uint64_t hang_ms = 10'000;
  std::vector<std::string> strategies{};  // None: all.
};

/// How one strategy did.
struct Row {
  std::string strategy;
  std::vector<std::uint64_t> found{};  // Executions up to the finding, for each seed that has one.
  std::uint64_t seeds = 0;             // Searched; less than asked for if it was interrupted.
  std::uint64_t executions = 0;        // Of all seeds.
  std::uint64_t milliseconds = 0;      // Of all seeds.
  Statistics statistics{};             // Of all seeds, without executions that died.

  /// Executions for each finding: where a seed finds nothing its executions count all the same.
  double mean() const {
    return static_cast<double>(executions) /
           static_cast<double>(std::max<std::size_t>(found.size(), 1));
  }
};

void add_flags(CLI::App& app, CompareFlags& flags, Kinds kinds) {
  app.add_option("file", flags.input.file, "A file with a subject; -: standard input")
      ->type_name("FILE");
  app.add_option("--strategy", flags.strategies,
                 "Which, separated by commas; see `help strategies` (default: all)")
      ->type_name("NAMES")
      ->delimiter(',');
  app.add_option("--seeds", flags.seeds, "So many searches with each (default: 100)")
      ->type_name("N")
      ->transform(count_from(1));
  app.add_option("--seed", flags.seed, "The first of the seeds (default: 1)")
      ->type_name("N")
      ->check(whole_number());
  app.add_option("--executions", flags.executions,
                 "Give up a search after so many (default: 20000)")
      ->type_name("N")
      ->transform(count_from(1));
  add_hang_flag(app, flags.hang_ms);
  flags.settings.add(app, kinds);
}

/// One search; what is found is not written. False: interrupted.
bool search_once(Isolator& isolator, Subject& subject, const CompareFlags& flags,
                 std::uint64_t seed, const Limits& limits, Row& row) {
  std::unique_ptr<Strategy> strategy = make_strategy(row.strategy).value();
  if (tries_out(row.strategy)) strategy = std::make_unique<Exhausting>(std::move(strategy));
  ExploreOptions options{
      .budget = {.executions = flags.executions}, .seed = seed, .limits = limits};
  options.keep_going = Interrupts::keep_going();
  const Exploration exploration = isolator.explore(subject, *strategy, options);
  if (exploration.reason == StopReason::kCancelled) return false;
  const bool died = exploration.found && exploration.found->died;
  const std::uint64_t executions = exploration.statistics.executions + (died ? 1 : 0);
  row.executions += executions;
  add(exploration.statistics, row.statistics);
  row.milliseconds += exploration.statistics.milliseconds;
  ++row.seeds;
  if (exploration.found) row.found.push_back(executions);
  return true;
}

/// Why the rows compare nothing; "": they do.
std::string note_of(const std::vector<Row>& rows, const Subject& subject, const Limits& limits) {
  Statistics sum;
  for (const Row& row : rows) {
    if (!row.found.empty()) return "";
    add(row.statistics, sum);
  }
  return nothing_seen(sum, limits, unexplored_words(subject)).words;
}

std::string text_of(const std::vector<Row>& rows, const std::string& note) {
  std::string text = fmt::format("{:<16} {:>9} {:>10} {:>8} {:>8}\n", "strategy", "found", "mean",
                                 "median", "most");
  for (const Row& row : rows) {
    const std::string found = fmt::format("{}/{}", row.found.size(), row.seeds);
    if (row.found.empty()) {
      text += fmt::format("{:<16} {:>9} {:>10} {:>8} {:>8}\n", row.strategy, found, "-", "-", "-");
      continue;
    }
    text += fmt::format("{:<16} {:>9} {:>10.1f} {:>8} {:>8}\n", row.strategy, found, row.mean(),
                        row.found[row.found.size() / 2], row.found.back());
  }
  if (!note.empty()) text += fmt::format("note: {}\n", printable(note));
  return text;
}

std::string json_of(const std::vector<Row>& rows, const CompareFlags& flags,
                    const std::string& name, const std::string& note) {
  using Json = nlohmann::ordered_json;
  Json json = {
      {"schema", Report::kSchema}, {"command", "compare"}, {"file", name},
      {"seed", flags.seed},        {"seeds", flags.seeds}, {"executions_max", flags.executions}};
  json["strategies"] = Json::array();
  for (const Row& row : rows) {
    json["strategies"].push_back({{"strategy", row.strategy},
                                  {"found", row.found.size()},
                                  {"executions", row.executions},
                                  {"milliseconds", row.milliseconds},
                                  {"each", row.found}});
    if (row.seeds < flags.seeds) json["strategies"].back()["seeds"] = row.seeds;
  }
  if (!note.empty()) json["notes"] = Json::array({note});
  if (Interrupts::pending()) json["signal"] = Interrupts::name();
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Expected<WeaveFile> load(const CommandLine& line, const CompareFlags& flags, Runner& runner,
                         Kinds kinds) {
  const Arguments& words = line.subject_words();
  if (words.empty()) return load_input(flags.input, flags.settings, runner, kinds);
  return load_words(*kind_with_arguments(kinds), words, flags.settings);
}

int compare(const CommandLine& line, CompareFlags flags, const Arguments& arguments, Kinds kinds) {
  const Arguments& words = line.subject_words();
  if (flags.input.file.empty() == words.empty())
    return line.fail("name a file to search in, or words after `--`; see --help");
  Runner runner({.hang_ms = flags.hang_ms});
  Expected<WeaveFile> file = load(line, flags, runner, kinds);
  if (!file) return line.fail(file.error());
  if (const std::optional<int> code = run_elsewhere(*file, "compare", arguments)) return *code;
  if (flags.strategies.empty()) {
    for (const StrategyInfo& info : strategies()) flags.strategies.emplace_back(info.name);
  }
  std::vector<Row> rows;
  for (const std::string& name : flags.strategies) {
    if (Expected<std::unique_ptr<Strategy>> known = make_strategy(name); !known)
      return line.fail(known.error());
    rows.push_back({.strategy = name});
  }
  const Interrupts interrupts;
  const std::unique_ptr<Subject> subject = file->make_subject();
  Isolator isolator({.hang_ms = flags.hang_ms});
  for (Row& row : rows) {
    for (std::uint64_t i = 0; i < flags.seeds && !Interrupts::pending(); ++i) {
      if (!search_once(isolator, *subject, flags, flags.seed + i, file->limits(), row)) break;
    }
    std::sort(row.found.begin(), row.found.end());
  }
  const std::string name =
      words.empty() ? flags.input.file : fmt::format("{}", fmt::join(words, " "));
  const std::string note = note_of(rows, *subject, file->limits());
  if (Interrupts::pending()) line.warn_interrupted();
  return print_and_return(
      line.format() == Format::kJson ? json_of(rows, flags, name, note) : text_of(rows, note),
      Interrupts::pending() ? Interrupts::exit_code() : kExitClean);
}

}  // namespace

int run_compare(const Arguments& arguments, Kinds kinds) {
  const SubjectKind* const takes_words = kind_with_arguments(kinds);
  std::string examples =
      "  reweave compare --strategy portfolio,pct:2 corpora/scenarios/neutral.weave";
  if (takes_words != nullptr)
    examples += fmt::format("\n  reweave compare --seeds 20 -- {}", takes_words->arguments());
  CommandLine line("compare",
                   "Search with each strategy from many seeds; tell how many executions each took "
                   "to its first finding.",
                   examples, "0 done, 2 bad flag or file");
  CompareFlags flags;
  add_flags(line.app(), flags, kinds);
  if (takes_words != nullptr) line.take_subject_words(takes_words->arguments());
  line.limit_time();
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  return compare(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
