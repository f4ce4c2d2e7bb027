#include "repro/explain/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "repro/explain/story.h"
#include "scheduler/search/recording.h"

namespace reweave::repro {
namespace {

/// What one execution did, seen from outside.
struct Seen {
  std::vector<Deed> deeds;
  std::vector<std::string> paths;  // Of each actor.
  std::uint64_t steps = 0;
};

/// Runs here, with a log. One that ends its process is stopped before the step in which it does;
/// there may be none before it.
Seen watch(const WeaveFile& file, const Schedule& schedule, std::uint64_t steps_max) {
  if (steps_max == 0) return {.deeds = {}, .paths = {"0"}, .steps = 0};
  const std::unique_ptr<Subject> subject = file.make_subject();
  Limits limits = file.limits();
  limits.steps_max = std::min(limits.steps_max, steps_max);
  Execution execution(limits);
  replay(*subject, execution, schedule, ReplayMode::kLenient, /*keep_log=*/true);
  Seen seen{.deeds = deeds_of(*subject, execution), .paths = {}, .steps = execution.steps()};
  for (std::uint32_t actor = 0; actor < execution.actor_count(); ++actor)
    seen.paths.push_back(execution.actor_path(ActorId{actor}));
  return seen;
}

/// The words of a setting's list, each left out once: what faults have to be on?
std::vector<std::string> find_without(const WeaveFile& file, const Schedule& schedule,
                                      Runner& runner) {
  std::vector<std::string> without;
  for (const SettingInfo* const row : file.settings().rows()) {
    if (row->type != SettingType::kText) continue;
    const std::string value = file.settings().text(row->word);
    const std::string none = SettingValues(file.kind().settings()).text(row->word);
    if (value == none) continue;
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= value.size();) {
      const std::size_t comma = std::min(value.find(',', at), value.size());
      words.push_back(value.substr(at, comma - at));
      at = comma + 1;
    }
    for (const std::string& word : words) {
      std::string rest;
      for (const std::string& other : words)
        if (other != word) rest += (rest.empty() ? "" : ",") + other;
      WeaveFile changed = file;
      SettingValues values = file.settings();
      if (!values.set(row->word, rest.empty() ? none : rest)) continue;
      changed.set_settings(values);
      changed.schedule = schedule;
      const RunResult run = runner.run(changed, ReplayMode::kLenient);
      if (!run.died && run.findings.empty() && came_to_its_end(run.outcome))
        without.push_back(word);
    }
  }
  return without;
}

/// Where the sites that are told of stand in the source of a program.
void find_places(const Subject& subject, const std::vector<AskedQuestion>& asked,
                 Explanation& told) {
  const auto add = [&](const AskedQuestion& question) {
    const std::string& site = question.given.site;
    if (told.places.contains(site)) return;
    if (const std::string words = subject.place_of(site); !words.empty()) told.places[site] = words;
  };
  for (const auto* const flips : {&told.turning.flips, &told.turning.elsewhere}) {
    for (const Flip& flip : *flips) add(flip.question);
  }
  for (const AskedQuestion& question : asked)
    if (!question.ordinary) add(question);
}

}  // namespace

Expected<Explanation> explain(const WeaveFile& file, Runner& runner,
                              const ExplainOptions& options) {
  Explanation told;
  told.kind = file.kind().name();
  const RunResult run = runner.run(file, ReplayMode::kStrict);
  if (run.cancelled) return Error{"it was interrupted before its end"};
  if (run.killed) return Error{std::string(kKilledWords)};
  if (run.outcome == Outcome::kDiverged) {
    return Error{"it diverges, so that there is nothing to explain: " +
                 divergence_words(run.divergence)};
  }
  told.steps = run.steps;
  told.outcome = run.outcome;
  told.findings = run.findings;
  told.schedule = run.followed;
  if (run.findings.empty()) return told;

  if (run.died) told.steps_shown = std::max<std::uint64_t>(run.steps, 1) - 1;
  Seen seen = watch(file, run.followed, told.steps_shown);
  const std::unique_ptr<Subject> subject = file.make_subject();
  const std::vector<AskedQuestion> asked =
      asked_questions(*subject, run.followed, runner.isolator(), file.limits());
  told.turning = find_turning_point(*subject, run.followed, asked, run.findings.front().signature,
                                    runner.isolator(), file.limits(),
                                    {.executions_max = options.executions_max,
                                     .progress = options.progress,
                                     .keep_going = options.keep_going});
  if (told.turning.found()) {
    const Seen passing = watch(file, told.turning.passing, UINT64_MAX);
    told.passing = passing.deeds;
    told.passing_steps = passing.steps;
  }
  find_places(*subject, asked, told);
  told.without = find_without(file, run.followed, runner);
  told.deeds = std::move(seen.deeds);
  tell(told, asked, seen.paths);
  return told;
}

}  // namespace reweave::repro
