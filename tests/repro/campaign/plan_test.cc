#include "repro/campaign/campaign_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "repro/campaign/campaign_state.h"

namespace reweave::repro {
namespace {

TEST(Plan, GivesAllOfABudgetAndNotMore) {
  for (const std::uint64_t budget : {1u, 999u, 1'000u, 16'001u, 3'000'000u}) {
    const Plan plan(7, 3, budget);
    std::uint64_t sum = 0, count = 0;
    while (const std::optional<Unit> unit = plan.unit(count)) {
      EXPECT_GT(unit->executions, 0u);
      sum += unit->executions;
      ++count;
    }
    EXPECT_EQ(sum, budget);
    EXPECT_FALSE(plan.unit(count + 1).has_value());
  }
}

TEST(Plan, WithoutABudgetNeverEndsAndUnitsGrow) {
  const Plan plan(7, 3, 0);
  EXPECT_EQ(plan.unit(0)->executions, Plan::kFirst);
  EXPECT_EQ(plan.unit(Plan::kGroup)->executions, 2 * Plan::kFirst);
  EXPECT_EQ(plan.unit(1'000'000)->executions, Plan::kFirst << Plan::kDoublings);
}

TEST(Plan, TriesEachArmFirstAndThenAllOfThemAgainAndAgain) {
  const Plan plan(7, 5, 0);
  std::map<std::size_t, int> drawn;
  std::set<std::uint64_t> seeds;
  int may_choose = 0;
  for (std::uint64_t number = 0; number < 1'000; ++number) {
    const Unit unit = *plan.unit(number);
    if (number < 5) {
      EXPECT_EQ(unit.arm, number);
      EXPECT_FALSE(unit.may_choose);
    }
    may_choose += unit.may_choose ? 1 : 0;
    ++drawn[unit.arm];
    seeds.insert(unit.seed);
  }
  EXPECT_EQ(seeds.size(), 1'000u);
  EXPECT_NEAR(may_choose, 500, 60);
  ASSERT_EQ(drawn.size(), 5u);
  for (const auto& [arm, count] : drawn) EXPECT_NEAR(count, 200, 50) << arm;
}

TEST(ChooseArm, HandsEffortToWhatFoundSomethingLately) {
  std::vector<ArmRecord> arms(3);
  const Unit unit{.number = 9, .seed = 1, .executions = 1, .arm = 0, .may_choose = true};
  EXPECT_EQ(choose_arm(unit, arms), 0u);  // Nobody has found anything: as drawn.
  arms[2].add_unit(100, 1);
  EXPECT_EQ(choose_arm(unit, arms), 2u);
  Unit fixed = unit;
  fixed.may_choose = false;
  EXPECT_EQ(choose_arm(fixed, arms), 0u);
  // What it found is long ago, another one found something just now.
  for (int i = 0; i < 3; ++i) arms[2].add_unit(100, 0);
  arms[1].add_unit(100, 1);
  EXPECT_EQ(choose_arm(unit, arms), 1u);
  for (int i = 0; i < 20; ++i) arms[1].add_unit(100, 0), arms[2].add_unit(100, 0);
  EXPECT_EQ(choose_arm(unit, arms), 0u);
}

TEST(ChooseArm, PassesOverWhatWasTriedOut) {
  std::vector<ArmRecord> arms(3);
  Unit unit{.number = 9, .seed = 1, .executions = 1, .arm = 1, .may_choose = false};
  arms[1].exhausted = true;
  EXPECT_EQ(choose_arm(unit, arms), 2u);
  arms[0].exhausted = arms[2].exhausted = true;
  EXPECT_EQ(choose_arm(unit, arms), std::nullopt);
}

ShardState state() {
  ShardState made{.seed = 3, .shard = {.index = 1, .count = 4}, .next = 1};
  made.arms.push_back({.target = "a file", .strategy = "mix"});
  return made;
}

TEST(ShardState, KnowsWhichUnitsAreDoneInWhateverOrderTheyEnd) {
  ShardState shard = state();
  EXPECT_FALSE(shard.is_done(1));
  shard.set_done(9);
  EXPECT_FALSE(shard.is_done(5));
  EXPECT_TRUE(shard.is_done(9));
  shard.set_done(1);
  EXPECT_EQ(shard.next, 5u);
  shard.set_done(5);
  EXPECT_EQ(shard.next, 13u);
  EXPECT_TRUE(shard.beyond.empty());
}

TEST(ShardState, IsTheSameAfterWritingAndReading) {
  ShardState shard = state();
  shard.set_done(9);
  shard.times = {{"leak \"a\"", 3}, {"deadlock", 1}};
  shard.arms[0].record.add_unit(10, 2);
  shard.executions = 10;
  shard.add_trouble("a sentence");
  shard.add_sample({.milliseconds = 10, .executions = 20, .signatures = 3});
  const Expected<ShardState> read = read_state(write_state(shard), "x.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(write_state(*read), write_state(shard));
  EXPECT_EQ(read->name(), shard.name());
  EXPECT_EQ(read->arms[0].record, shard.arms[0].record);
}

TEST(ShardState, KeepsTheWholeOfItsHistoryInFewSamples) {
  ShardState shard = state();
  for (std::uint64_t i = 1; i <= 20'000; ++i) shard.add_sample({.milliseconds = i});
  ASSERT_EQ(shard.history.size(), ShardState::kSamplesMax);
  EXPECT_EQ(shard.history.front().milliseconds, 1u);
  EXPECT_EQ(shard.history.back().milliseconds, 20'000u);
  for (std::size_t i = 1; i < shard.history.size(); ++i) {
    EXPECT_LE(shard.history[i].milliseconds - shard.history[i - 1].milliseconds, 200u) << i;
  }
}

TEST(ShardState, ThatIsNoneIsAnErrorWithTheNameOfItsFile) {
  const std::string good = write_state(state());
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[1]"), good.substr(0, good.size() / 2),
        std::string("{\"schema\":1}"), std::string("{\"schema\":2}"),
        std::string("{\"schema\":1,\"seed\":\"x\"}")}) {
    const Expected<ShardState> read = read_state(text, "x.json");
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().message.find("x.json: is no state of a campaign"), 0u);
  }
}

TEST(ShardState, OfTwoOneIsFartherAndNeverBoth) {
  ShardState less = state(), more = state();
  more.units = 1;
  EXPECT_TRUE(is_farther(more, less));
  EXPECT_FALSE(is_farther(less, more));
  EXPECT_FALSE(is_farther(more, more));
}

TEST(ShardState, HasANameOfWhatMakesItsUnits) {
  ShardState other = state();
  other.executions = 5;
  EXPECT_EQ(other.name(), state().name());
  other.seed = 4;
  EXPECT_NE(other.name(), state().name());
}

}  // namespace
}  // namespace reweave::repro
