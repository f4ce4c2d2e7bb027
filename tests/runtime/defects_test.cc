// Defects against programs that nobody wrote: a corrupted state is reported and survived, and
// without a defect there is nothing to report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/language/mutator.h"
#include "runtime/oracle/dangling_stack.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/strategy/strategies.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

constexpr std::uint64_t kScenarios = 400;
constexpr std::uint64_t kExecutionsOfEach = 3;

/// Any operations in any order, but none that misbehaves or complains on purpose, and none that
/// lets a tasklet end while switching is forbidden, which is fatal for the real thing.
Scenario wild_program(std::uint64_t seed) {
  Scenario scenario = wild_scenario(seed);
  Prng prng(seed);
  if (seed % 4 != 0) generate_scenario(prng, {}, scenario);
  if (seed % 4 > 1) mutate_scenario(prng, {}, scenario);
  for (Function& function : scenario.functions) {
    for (Op& op : function.ops) {
      if (op.code == OpCode::kCanary || op.code == OpCode::kSwtrap || op.code == OpCode::kAssert) {
        op.code = OpCode::kSched;
        op.args = {};
      }
    }
  }
  relink(scenario);
  return scenario;
}

/// Signatures of what random executions of random programs report; those programs have no oracle
/// but the runtime's own.
std::vector<std::string> stress(DefectSet defects, std::uint64_t first) {
  const std::unique_ptr<Strategy> strategy = std::move(make_strategy("random-walk")).value();
  const Prng root(11);
  Settings settings;
  settings.defects = defects;
  settings.limits.steps_max = 1000;
  Execution execution(settings.limits);
  std::vector<std::string> seen;
  for (std::uint64_t i = first; i < first + kScenarios; ++i) {
    settings.switching = i % 2 == 0 ? Switching::kSoft : Switching::kHard;
    settings.spill_levels = i % 3 == 0 ? 2 : 25;
    ScenarioSubject subject(wild_program(i), settings);
    for (std::uint64_t k = 0; k < kExecutionsOfEach; ++k) {
      strategy->begin(root.split(i), k);
      execution.begin(*strategy);
      subject.run(execution);
      (void)strategy->end(execution);
      for (const Finding& finding : execution.findings()) {
        if (finding.kind != FindingKind::kLivelock) {
          seen.push_back(finding.signature + " (program " + std::to_string(i) +
                         "): " + finding.message);
        }
      }
    }
  }
  return seen;
}

TEST(WildDefects, WithoutOneWildProgramsAreClean) {
  EXPECT_THAT(stress({}, 0), testing::IsEmpty());
}

TEST(WildDefects, EachLeavesTheProcessAliveInWildPrograms) {
  for (const DefectInfo& info : all_defects()) {
    SCOPED_TRACE(info.name);
    if (ends_the_process(info.defect)) continue;
    (void)stress(DefectSet().add(info.defect), 1000);
  }
}

TEST(WildDefects, AllTogetherLeaveTheProcessAliveInWildPrograms) {
  DefectSet all;
  for (const DefectInfo& info : all_defects()) {
    if (!ends_the_process(info.defect)) all.add(info.defect);
  }
  EXPECT_FALSE(stress(all, 2000).empty());
}

}  // namespace
}  // namespace reweave::runtime
