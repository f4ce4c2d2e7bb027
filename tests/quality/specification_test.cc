// The runtime and the specification do the same in programs that nobody wrote, whatever is
// answered. The full length is a script: tests/quality/long.
#include <algorithm>

#include "repro/file/raw_input.h"
#include "repro/run/generated.h"
#include "runtime/language/mutator.h"
#include "scheduler/machine/sanitizer.h"
#include "scheduler/search/explore.h"
#include "scheduler/strategy/fuzz_input.h"
#include "tests/quality/quality.h"
#include "tests/runtime/language/wild.h"

namespace reweave::quality {
namespace {

Exploration hunt_generated(const runtime::Settings& settings, std::uint64_t seed,
                           std::uint64_t executions) {
  repro::GeneratedSubject subject(seed, repro::GeneratedAnswers::kAll, settings);
  repro::GeneratedStrategy strategy(subject);
  ExploreOptions options{.budget = {.executions = executions, .seconds = 0},
                         .seed = seed,
                         .limits = repro::generated_limits()};
  options.counts = [](const Finding& finding) { return finding.kind != FindingKind::kLivelock; };
  return explore(subject, strategy, options);
}

TEST(SpecificationQuality, AgreesWithTheRuntimeInGeneratedPrograms) {
  runtime::Settings settings;
  settings.check_specification = true;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Exploration exploration =
        hunt_generated(settings, seed, sanitizer::kAddress ? 2'000 : 20'000);
    EXPECT_FALSE(exploration.found.has_value())
        << "seed " << seed << ", execution " << exploration.found->execution << ": "
        << exploration.found->finding.message;
  }
}

/// On purpose, or by what it says is right.
bool misbehaves(const runtime::Scenario& scenario) {
  return std::ranges::any_of(scenario.functions, [](const runtime::Function& function) {
    return std::ranges::any_of(function.ops, [](const runtime::Op& op) {
      return op.code == runtime::OpCode::kCanary || op.code == runtime::OpCode::kAssert;
    });
  });
}

// Not only what the generator would write: any program at all, and what mutation makes of it. All
// operations are drawn alike, so that threads are as frequent as anything else.
TEST(SpecificationQuality, AgreesWithTheRuntimeOnWhateverAFuzzerDecodes) {
  const Expected<const repro::FuzzTarget*> target = repro::find_fuzz_target("tempval");
  ASSERT_TRUE(target.has_value());
  runtime::Settings settings = (*target)->settings;
  ASSERT_TRUE(settings.check_specification);
  runtime::Scenario scenario = runtime::wild_scenario(0);
  runtime::ScenarioSubject subject(runtime::wild_scenario(0), settings);
  Plan plan;
  FuzzInput strategy(plan);
  Execution execution(settings.limits);
  int threaded = 0;
  const std::uint64_t executions = sanitizer::kAddress ? 3'000 : 30'000;
  for (std::uint64_t i = 0; i < executions; ++i) {
    Prng prng = Prng(1).split(i);
    if (prng.chance({1, 4})) {
      scenario = runtime::wild_scenario(prng.next());
    } else {
      runtime::mutate_scenario(prng, {.ops_max = 60}, scenario);
    }
    mutate_plan(plan, prng);
    if (misbehaves(scenario)) continue;
    settings.switching =
        prng.chance({1, 2}) ? runtime::Switching::kSoft : runtime::Switching::kHard;
    subject.set_settings(settings);
    subject.edit_scenario([&](runtime::Scenario& edited) { edited = scenario; });
    execution.begin(strategy);
    subject.run(execution);
    threaded += subject.interpreter().runtime().threaded() ? 1 : 0;
    if (execution.findings().empty()) continue;
    const Finding& finding = execution.findings().front();
    EXPECT_EQ(finding.kind, FindingKind::kLivelock) << "input " << i << ": " << finding.message;
  }
  EXPECT_GE(threaded, static_cast<int>(executions / 100));
}

// Were it blind, the test above would prove nothing.
TEST(SpecificationQuality, AloneItFindsTheLostValueInGeneratedPrograms) {
  runtime::Settings settings;
  settings.only_specification = true;
  settings.defects.add(runtime::Defect::kPostSwitchClear);
  settings.defects.add(runtime::Defect::kSpillDropsTempval);
  const Exploration exploration = hunt_generated(settings, /*seed=*/1, /*executions=*/400'000);
  ASSERT_TRUE(exploration.found.has_value());
  EXPECT_EQ(exploration.found->finding.kind, FindingKind::kDiverged);
}

}  // namespace
}  // namespace reweave::quality
