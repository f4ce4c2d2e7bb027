#include "repro/file/split_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace reweave::repro {
namespace {

using Bytes = std::vector<std::uint8_t>;
using SchedulePlan = reweave::Plan;

SchedulePlan some_plan() {
  SchedulePlan plan;
  plan.seed = 7;
  plan.items.push_back({.kind = QuestionKind::kRun, .position = 300, .nth = 2, .answer = 1});
  return plan;
}

TEST(SplitInput, GivesBackDataAndPlan) {
  Bytes input = {'a', 'b', 0xf5};
  append_plan(some_plan(), input);
  SchedulePlan plan;
  const std::span<const std::uint8_t> data = split_input(input, plan);
  EXPECT_THAT(data, testing::ElementsAre('a', 'b', 0xf5));
  EXPECT_EQ(plan, some_plan());
}

TEST(SplitInput, WithoutAPlanIsDataUnderTheOrdinarySchedule) {
  for (const Bytes& input :
       {Bytes{}, Bytes{0xf5}, Bytes{1, 0xf5}, Bytes{'a', 'b'}, Bytes(20, 0xf5)}) {
    SchedulePlan plan = some_plan();
    EXPECT_EQ(split_input(input, plan).size(), input.size());
    EXPECT_TRUE(plan.items.empty());
  }
}

TEST(AppendPlan, LeavesDataAloneUnlessSomethingIsDecided) {
  Bytes data = {'a', 'b'};
  append_plan({}, data);
  EXPECT_THAT(data, testing::ElementsAre('a', 'b'));
}

// What was data must not become a plan.
TEST(AppendPlan, KeepsDataThatLookAsIfAPlanFollowed) {
  Bytes data = {'a'};
  append_plan(some_plan(), data);
  const Bytes before = data;
  append_plan({}, data);
  SchedulePlan plan;
  const std::span<const std::uint8_t> read = split_input(data, plan);
  EXPECT_EQ(Bytes(read.begin(), read.end()), before);
  EXPECT_TRUE(plan.items.empty());
}

std::size_t upper_case(std::uint8_t* data, std::size_t size, std::size_t size_max) {
  for (std::size_t i = 0; i < size; ++i) data[i] = 'A';
  if (size < size_max) data[size++] = 'B';
  return size;
}

TEST(MutateInput, ChangesDataAndPlanAndKeepsThemApart) {
  int data_changed = 0, plan_changed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Bytes input = {'a', 'b'};
    append_plan(some_plan(), input);
    const std::size_t size = input.size();
    input.resize(100);
    const std::size_t mutated = mutate_input(input.data(), size, 100, Prng(seed), {}, &upper_case);
    ASSERT_LE(mutated, 100u);
    SchedulePlan plan;
    const auto data = split_input({input.data(), mutated}, plan);
    const std::string text(data.begin(), data.end());
    ASSERT_TRUE(text == "ab" || text == "AAB") << text;
    data_changed += text == "AAB" ? 1 : 0;
    plan_changed += plan == some_plan() ? 0 : 1;
  }
  EXPECT_GT(data_changed, 50);
  EXPECT_GT(plan_changed, 50);
}

TEST(MutateInput, StaysBelowAnyLimit) {
  for (std::size_t size_max = 1; size_max < 40; ++size_max) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Bytes input(size_max + 1, 'x');  // One more, to see who writes there.
      const std::size_t size =
          mutate_input(input.data(), size_max, size_max, Prng(seed), {}, &upper_case);
      ASSERT_LE(size, size_max);
      ASSERT_EQ(input.back(), 'x');
    }
  }
}

TEST(MutateInput, WithoutAnEngineChangesThePlanAlone) {
  Bytes input(64);
  input[0] = 'a';
  const std::size_t size = mutate_input(input.data(), 1, input.size(), Prng(1), {}, nullptr);
  SchedulePlan plan;
  EXPECT_THAT(split_input(std::span(input).first(size), plan), testing::ElementsAre('a'));
}

}  // namespace
}  // namespace reweave::repro
