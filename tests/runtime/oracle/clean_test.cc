// No oracle that looks at memory or structure speaks where no defect is on: generated scenarios,
// random answers, both ways to switch.
#include <gtest/gtest.h>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/language/text.h"
#include "scheduler/search/explore.h"
#include "scheduler/strategy/portfolio.h"

namespace reweave::runtime {
namespace {

TEST(CleanRuntime, LetsNoOracleSpeakInGeneratedScenarios) {
  constexpr std::uint64_t kScenarios = 1500, kExecutions = 12;
  std::uint64_t completed = 0, executions = 0;
  for (std::uint64_t seed = 1; seed <= kScenarios; ++seed) {
    Prng prng(seed);
    Scenario scenario;
    generate_scenario(prng, {}, scenario);
    Settings settings;
    settings.check_structure = true;
    settings.switching = seed % 2 == 0 ? Switching::kSoft : Switching::kHard;
    settings.spill_levels = seed % 3 == 0 ? 2 : 25;
    settings.limits.steps_max = 3000;
    ScenarioSubject subject(scenario, settings);
    Portfolio strategy;
    const Exploration exploration =
        explore(subject, strategy,
                {.budget = {.executions = kExecutions}, .seed = seed, .limits = settings.limits});
    executions += exploration.statistics.executions;
    for (const Outcome ended : {Outcome::kCompleted, Outcome::kUncaughtError})
      completed += exploration.statistics.outcomes[static_cast<std::size_t>(ended)];
    if (!exploration.found) continue;
    const Finding& finding = exploration.found->finding;
    if (finding.kind == FindingKind::kLivelock) continue;
    FAIL() << "seed " << seed << ": " << finding.signature << "\n"
           << finding.message << "\n"
           << write_scenario(scenario);
  }
  // A scenario without a question is executed once, one that never ends until that is seen.
  EXPECT_GT(executions, kScenarios * kExecutions * 8 / 10);
  EXPECT_GT(completed, executions * 99 / 100);
}

}  // namespace
}  // namespace reweave::runtime
