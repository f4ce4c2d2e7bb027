// The runtime and the specification do the same in programs that nobody wrote, whatever is
// answered. The full length is a script: tests/quality/long.
#include "repro/generated.h"
#include "scheduler/explore.h"
#include "scheduler/sanitizer.h"
#include "tests/quality/quality.h"

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
