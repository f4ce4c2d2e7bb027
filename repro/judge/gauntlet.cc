#include "repro/judge/gauntlet.h"

#include <fmt/format.h>

#include <algorithm>

#include "repro/file/tasklet_file.h"
#include "repro/run/generated.h"
#include "scheduler/search/shrink.h"

namespace reweave::repro {
namespace {

constexpr std::size_t kErrorsMax = 5;

/// What one seed found.
struct Catch {
  std::uint64_t executions = 0;
  double seconds = 0;
  WeaveFile file;  // With its schedule.
  Finding finding;
};

/// One defect on the gauntlet.
class Hunt {
 public:
  Hunt(const runtime::DefectInfo& defect, const GauntletOptions& options, Runner& runner)
      : defect_(defect), options_(options), runner_(runner) {
    settings_.defects.add(defect.defect);
    settings_.only_specification = options.oracle == "specification";
    settings_.check_specification = true;
    settings_.check_structure = true;
    row_.defect = defect.name;
    row_.seeds = options.seeds;
  }

  GauntletRow run() {
    std::vector<Catch> catches;
    for (std::uint64_t seed = 1; seed <= options_.seeds && keeps_going(); ++seed) {
      if (std::optional<Catch> caught = hunt(seed)) catches.push_back(std::move(*caught));
    }
    row_.found = catches.size();
    take_medians(catches);
    shrink_smallest(catches);
    count_ordinary();
    return std::move(row_);
  }

 private:
  std::optional<Catch> hunt(std::uint64_t seed);
  Exploration explore(std::uint64_t seed, std::uint64_t first, std::uint64_t done,
                      std::uint64_t executions, GeneratedAnswers answers,
                      const std::function<bool(const Finding&)>& counts);
  bool keeps_going() const { return !options_.keep_going || options_.keep_going(); }
  /// As in a hunt: a generated program that never ends is nobody's error.
  bool counts(const Finding& finding) const {
    return counts_unless_livelock(finding) &&
           (options_.oracle.empty() || options_.oracle == finding.oracle);
  }
  std::optional<Finding> finding_without_defect(const WeaveFile& file);
  void take_medians(const std::vector<Catch>& catches);
  void shrink_smallest(std::vector<Catch>& catches);
  void count_ordinary();
  void error(std::string text) {
    if (row_.errors.size() < kErrorsMax) row_.errors.push_back(std::move(text));
  }

  const runtime::DefectInfo& defect_;
  const GauntletOptions& options_;
  Runner& runner_;
  runtime::Settings settings_;
  GauntletRow row_;
};

// From number `first` on; `done` executions were run before.
Exploration Hunt::explore(std::uint64_t seed, std::uint64_t first, std::uint64_t done,
                          std::uint64_t executions, GeneratedAnswers answers,
                          const std::function<bool(const Finding&)>& counts) {
  GeneratedSubject subject(seed, answers, settings_);
  GeneratedStrategy strategy(subject);
  ExploreOptions explore{.budget = {.executions = executions},
                         .seed = seed,
                         .limits = generated_limits(),
                         .first_execution = first,
                         .block = executions_each(answers)};
  explore.counts = counts;
  explore.keep_going = options_.keep_going;
  if (options_.progress) {
    explore.progress = [&](const Statistics& statistics) {
      options_.progress(defect_.name, seed, done + statistics.executions);
      return true;
    };
  }
  return runner_.isolator().explore(subject, strategy, explore);
}

/// What the execution of `file` shows when the defect is off.
std::optional<Finding> Hunt::finding_without_defect(const WeaveFile& file) {
  runtime::Settings off = settings_of(file);
  off.defects = {};
  runtime::ScenarioSubject subject(scenario_of(file), off);
  const IsolatedRun run =
      runner_.isolator().replay(subject, *file.schedule, ReplayMode::kLenient, off.limits);
  return run.finding;
}

std::optional<Catch> Hunt::hunt(std::uint64_t seed) {
  std::uint64_t first = 0;
  std::uint64_t executions = 0;
  std::uint64_t milliseconds = 0;
  while (executions < options_.executions && row_.errors.size() < kErrorsMax && keeps_going()) {
    const Exploration exploration =
        explore(seed, first, executions, options_.executions - executions, GeneratedAnswers::kAll,
                [this](const Finding& finding) { return counts(finding); });
    milliseconds += exploration.statistics.milliseconds;
    executions += exploration.statistics.executions;
    if (!exploration.found) return std::nullopt;
    const Found& found = *exploration.found;
    first = found.execution + 1;
    executions += found.died ? 1 : 0;
    if (found.killed) continue;  // By somebody else.
    Catch caught{.executions = executions,
                 .seconds = static_cast<double>(milliseconds) / 1000,
                 .file = generated_file(seed, found.execution, GeneratedAnswers::kAll, settings_),
                 .finding = found.finding};
    Expected<Schedule> schedule = schedule_of_found(caught.file, found, runner_);
    if (!schedule) {
      error(fmt::format("seed {}, execution {}: {}", seed, found.execution,
                        schedule.error().message));
      continue;
    }
    caught.file.schedule = std::move(schedule).value();
    if (found.died) {
      // What died may have broken the structure before, which a replay sees for sure.
      const RunResult again = runner_.run(caught.file, ReplayMode::kStrict);
      if (again.findings.empty()) continue;  // It was stopped by somebody else, not by itself.
      caught.finding = again.findings.front();
    }
    const std::optional<Finding> without = finding_without_defect(caught.file);
    if (!without) return caught;
    if (counts_unless_livelock(*without)) {
      error(fmt::format("seed {}, execution {}: {} also shows without the defect", seed,
                        found.execution, without->signature));
    }  // Else the program itself never ends, which is nobody's error.
  }
  return std::nullopt;
}

void Hunt::take_medians(const std::vector<Catch>& catches) {
  const std::size_t middle = row_.seeds / 2;
  if (middle >= catches.size()) return;
  std::vector<std::uint64_t> executions;
  std::vector<double> seconds;
  for (const Catch& caught : catches) {
    executions.push_back(caught.executions);
    seconds.push_back(caught.seconds);
  }
  std::sort(executions.begin(), executions.end());
  std::sort(seconds.begin(), seconds.end());
  row_.executions_median = executions[middle];
  row_.seconds_median = seconds[middle];
}

// Shrinks what each seed found and keeps the smallest: fewest operations, then fewest answers, then
// the lowest seed.
void Hunt::shrink_smallest(std::vector<Catch>& catches) {
  for (Catch& caught : catches) {
    if (!keeps_going()) return;
    WeaveFile& file = caught.file;
    const std::unique_ptr<Subject> subject = file.make_subject();
    Expected<Shrunk> shrunk = shrink(
        *subject, *file.schedule, caught.finding.signature, runner_.isolator(), file.limits(),
        {.executions_max = options_.shrink, .keep_going = options_.keep_going});
    if (!keeps_going()) return;
    if (shrunk) {
      if (shrunk->subject) file.set_subject(std::move(shrunk->subject));
      file.schedule = shrunk->schedule;
      if (const std::optional<Finding> without = finding_without_defect(file);
          without && counts_unless_livelock(*without)) {
        error(fmt::format("a shrunk scenario shows {} also without the defect:\n{}",
                          without->signature, write_weave(file)));
        continue;
      }
    } else if (options_.oracle.empty()) {
      error(fmt::format("cannot be shrunk: {}", shrunk.error().message));
    }
    const std::size_t size = operation_count(scenario_of(file));
    const std::size_t answers = file.schedule->answers.size();
    if (row_.size && std::pair(*row_.size, row_.answers) <= std::pair(size, answers)) continue;
    row_.size = size;
    row_.answers = answers;
    row_.kind = finding_kind_name(caught.finding.kind);
    row_.oracle = caught.finding.oracle;
    row_.smallest = file;
  }
}

void Hunt::count_ordinary() {
  row_.ordinary = options_.ordinary;
  std::uint64_t first = 0;
  while (first < options_.ordinary && keeps_going()) {
    // None of them ends the search, so that the statistics count them all.
    const Exploration exploration =
        explore(1, first, first, options_.ordinary - first, GeneratedAnswers::kOrdinary,
                [](const Finding&) { return false; });
    row_.ordinary_found +=
        exploration.statistics.outcomes[static_cast<std::size_t>(Outcome::kFinding)];
    if (!exploration.found) return;
    row_.ordinary_found += exploration.found->killed ? 0 : 1;  // It died.
    first = exploration.found->execution + 1;
  }
}

}  // namespace

GauntletRow run_gauntlet(const runtime::DefectInfo& defect, const GauntletOptions& options,
                         Runner& runner) {
  return Hunt(defect, options, runner).run();
}

}  // namespace reweave::repro
