// What is drawn with generated scenarios, and what stays as it was given.
#include "repro/run/generated.h"

#include <gtest/gtest.h>

#include <set>

namespace reweave::repro {
namespace {

constexpr std::uint64_t kScenarios = 200;

runtime::Settings settings_of_scenario(std::uint64_t number, const runtime::Settings& base,
                                       const GeneratedOptions& options) {
  return settings_of(
      generated_file(/*seed=*/5, number, GeneratedAnswers::kOrdinary, base, options));
}

TEST(Generated, SettingsAreDrawnWithEachScenario) {
  std::set<runtime::Switching> switching;
  std::set<std::uint32_t> spill_levels;
  std::set<bool> fail_allocations, collect;
  for (std::uint64_t number = 0; number < kScenarios; ++number) {
    const runtime::Settings settings = settings_of_scenario(number, {}, {});
    switching.insert(settings.switching);
    spill_levels.insert(settings.spill_levels);
    fail_allocations.insert(settings.fail_allocations);
    collect.insert(settings.collect);
    EXPECT_EQ(settings.limits.steps_max, generated_limits().steps_max);
  }
  EXPECT_EQ(switching.size(), 2u);
  EXPECT_EQ(spill_levels.size(), 7u);
  EXPECT_EQ(fail_allocations.size(), 2u);
  EXPECT_EQ(collect.size(), 2u);
}

TEST(Generated, WhatIsGivenIsNotDrawn) {
  runtime::Settings base;
  base.switching = runtime::Switching::kHard;
  base.spill_levels = 9;
  GeneratedOptions options;
  options.limits.steps_max = 77;
  options.limits.actors_max = 5;
  options.draws_switching = options.draws_spill_levels = false;
  options.draws_fail_allocations = options.draws_collect = false;
  for (std::uint64_t number = 0; number < kScenarios; ++number) {
    const runtime::Settings settings = settings_of_scenario(number, base, options);
    EXPECT_EQ(settings.switching, runtime::Switching::kHard);
    EXPECT_EQ(settings.spill_levels, 9u);
    EXPECT_FALSE(settings.fail_allocations);
    EXPECT_FALSE(settings.collect);
    EXPECT_EQ(settings.limits.steps_max, 77u);
    EXPECT_EQ(settings.limits.actors_max, 5u);
  }
}

TEST(Generated, WhatIsGivenChangesNothingElse) {
  GeneratedOptions options;
  options.draws_switching = false;
  for (std::uint64_t number = 0; number < kScenarios; ++number) {
    const runtime::Settings drawn = settings_of_scenario(number, {}, {});
    const runtime::Settings given = settings_of_scenario(number, {}, options);
    EXPECT_EQ(given.switching, runtime::Settings{}.switching);
    EXPECT_EQ(given.spill_levels, drawn.spill_levels);
    EXPECT_EQ(given.fail_allocations, drawn.fail_allocations);
    EXPECT_EQ(given.collect, drawn.collect);
  }
}

}  // namespace
}  // namespace reweave::repro
