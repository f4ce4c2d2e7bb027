// A look at what each step touches, confirmed by one at everything, says what a look at everything
// in every step says: the same findings in the same steps, and so the same trace hash. With defects
// as without.
#include "runtime/tasklet/touched.h"

#include <gtest/gtest.h>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/language/text.h"
#include "runtime/oracle/dangling_stack.h"
#include "scheduler/search/explore.h"
#include "scheduler/strategy/random_walk.h"

namespace reweave::runtime {
namespace {

/// How often each way found something in the same executions of `scenario`.
struct Counts {
  std::uint64_t executions = 0;
  std::uint64_t findings = 0;
  std::uint64_t differences = 0;
};

void compare(const Scenario& scenario, const Settings& settings, std::uint64_t seed,
             Counts& counts) {
  ScenarioSubject by_touch(scenario, settings), whole(scenario, settings);
  whole.look_at_everything(true);
  RandomWalk strategy, same;
  Execution execution(settings.limits), expected(settings.limits);
  for (std::uint64_t i = 0; i < 4; ++i) {
    strategy.begin(Prng(seed).split(i), i);
    execution.begin(strategy);
    by_touch.run(execution);
    same.begin(Prng(seed).split(i), i);
    expected.begin(same);
    whole.run(expected);
    ++counts.executions;
    counts.findings += expected.findings().empty() ? 0 : 1;
    if (execution.trace_hash() == expected.trace_hash()) continue;
    ++counts.differences;
    const auto first = [](const Execution& ran) {
      return ran.findings().empty() ? std::string("nothing") : ran.findings().front().signature;
    };
    ADD_FAILURE() << defect_names(settings.defects) << ", seed " << seed << ", execution " << i
                  << ": " << first(execution) << " instead of " << first(expected) << "\n"
                  << write_scenario(scenario);
  }
}

TEST(Touched, SaysWhatALookAtEverythingSays) {
  Counts counts;
  // Crashes would end the test.
  const std::vector<DefectInfo>& defects = all_defects();
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Prng prng(seed);
    Scenario scenario;
    generate_scenario(prng, {}, scenario);
    Settings settings;
    settings.check_structure = true;
    settings.switching = seed % 2 == 0 ? Switching::kSoft : Switching::kHard;
    settings.spill_levels = seed % 3 == 0 ? 2 : 25;
    settings.limits.steps_max = 300;
    if (seed % 4 != 0) {
      const DefectInfo& defect = defects[seed % defects.size()];
      if (!shows_in_this_build(DefectSet().add(defect.defect))) continue;
      settings.defects.add(defect.defect);
    }
    compare(scenario, settings, seed, counts);
  }
  EXPECT_GT(counts.executions, 8000u);
  EXPECT_GT(counts.findings, 100u);
  EXPECT_EQ(counts.differences, 0u);
}

}  // namespace
}  // namespace reweave::runtime
