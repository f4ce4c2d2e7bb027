#include "repro/run/nothing_seen.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "repro/report/terminal.h"
#include "scheduler/search/isolate.h"

namespace reweave::repro {
namespace {

/// The limits that executions were stopped at: "20,000 steps (steps-max) and 3 actors (…)".
std::vector<std::string> limits_reached(const Statistics& statistics, const Limits& limits) {
  std::vector<std::string> all;
  for (const Outcome outcome : kStoppedOutcomes) {
    if (statistics.count(outcome) > 0) all.push_back(limit_words(outcome, limits));
  }
  if (statistics.cut_off > 0) all.emplace_back("the time (--seconds)");
  return all;
}

}  // namespace

NothingSeen nothing_seen(const Statistics& statistics, const Limits& limits,
                         std::string_view unexplored) {
  if (statistics.nothing_asked())
    return {.verdict = std::string(kUnexploredVerdict), .words = std::string(unexplored)};
  if (!statistics.all_stopped()) return {};
  const std::vector<std::string> reached = limits_reached(statistics, limits);
  return {.verdict = std::string(kStoppedVerdict),
          .words = fmt::format("nothing was found up to the limit{} of {}, where every execution "
                               "was stopped",
                               reached.size() == 1 ? "" : "s", fmt::join(reached, " and "))};
}

std::string unexplored_words(const Subject& subject) {
  const std::string why = subject.why_alone();
  return fmt::format(
      "nothing was explored: {}no execution asked a question, so that none could go another way; "
      "nothing was found",
      why.empty() ? "" : why + ", and ");
}

std::string limit_words(Outcome outcome, const Limits& limits) {
  switch (outcome) {
    case Outcome::kStepLimit:
      return plural(limits.steps_max, "step") + " (steps-max)";
    case Outcome::kActorLimit:
      return plural(limits.actors_max, "actor") + " (actors-max)";
    case Outcome::kMemoryLimit:
      return with_commas(limits.memory_mib_max) + " MiB (memory-max)";
    default:
      return "";
  }
}

std::vector<std::string> limit_notes(const Statistics& statistics, const Limits& limits,
                                     const std::vector<std::string>& stops) {
  std::vector<std::string> notes;
  const auto add = [&](Outcome outcome, std::string_view limit, std::string_view what) {
    const std::uint64_t count = statistics.count(outcome);
    if (count == 0) return;
    notes.push_back(fmt::format("{} of {} reached the limit {} ({}): {}", with_commas(count),
                                plural(statistics.executions, "execution"), outcome_name(outcome),
                                limit, what));
  };
  add(Outcome::kActorLimit, "actors-max", "what they would have done then was not seen");
  std::string long_words =
      fmt::format("what came then was not seen; --steps-max N raises it from {}",
                  with_commas(limits.steps_max));
  if (!stops.empty())
    long_words += fmt::format("; where the first was: {}", fmt::join(stops, ", "));
  add(Outcome::kStepLimit, "steps-max", long_words);
  add(Outcome::kMemoryLimit, "memory-max", "what they would have done then was not seen");
  add(Outcome::kQuestionLimit, "questions-max", "what they asked then had the ordinary answers");
  if (statistics.cut_off > 0) {
    notes.push_back(
        fmt::format("{} went on for {} s after the end of --seconds, and {} ended ({}): what came "
                    "then was not seen",
                    plural(statistics.cut_off, "execution"), kLongerMs / 1000,
                    statistics.cut_off == 1 ? "was" : "were", kTimeLimit));
  }
  return notes;
}

}  // namespace reweave::repro
