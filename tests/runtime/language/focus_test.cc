// What scenarios are about: what a focus has, and what it does to what is drawn.
#include "runtime/language/focus.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "runtime/language/draw.h"
#include "runtime/language/generator.h"
#include "runtime/language/mutator.h"

namespace reweave::runtime {
namespace {

TEST(Focus, WithoutTopicsAndOperationsItIsEmptyAndHasNothing) {
  const Focus focus;
  EXPECT_TRUE(focus.empty());
  EXPECT_FALSE(focus.has(Topic::kThreads));
  EXPECT_FALSE(focus.has(OpCode::kSend));
  EXPECT_FALSE(Focus{.topics = {Topic::kThreads}}.empty());
  EXPECT_FALSE(Focus{.operations = {OpCode::kSend}}.empty());
}

TEST(Focus, HasAnOperationByItsTopicOrByItself) {
  const Focus focus{.topics = {Topic::kThreads}, .operations = {OpCode::kSend}};
  EXPECT_TRUE(focus.has(Topic::kThreads));
  EXPECT_TRUE(focus.has(OpCode::kSettle)) << "of the topic";
  EXPECT_TRUE(focus.has(OpCode::kSend)) << "of the list";
  EXPECT_FALSE(focus.has(OpCode::kRecv));
  EXPECT_FALSE(focus.has(Topic::kCore)) << "that one operation of it is on the list is not enough";
}

/// Of 20,000 draws.
std::array<int, 2> draws_of(const OpWeights& weights, OpCode one, OpCode other) {
  Prng prng(1);
  std::array<int, 2> draws{};
  for (int i = 0; i < 20'000; ++i) {
    const OpCode code = weights.draw(prng);
    draws[0] += code == one ? 1 : 0;
    draws[1] += code == other ? 1 : 0;
  }
  return draws;
}

TEST(Focus, IsDrawnSoManyTimesAsOftenBesideWhatItHasNot) {
  OpWeights weights;
  const auto before = draws_of(weights, OpCode::kSend, OpCode::kRecv);
  weights.raise(Focus{.operations = {OpCode::kSend}});
  const auto after = draws_of(weights, OpCode::kSend, OpCode::kRecv);
  const double ratio = static_cast<double>(after[0]) / after[1] * before[1] / before[0];
  EXPECT_GT(ratio, 0.7 * Focus::kFactor);
  EXPECT_LT(ratio, 1.4 * Focus::kFactor);
}

TEST(Focus, RaisesNothingThatIsOff) {
  OpWeights weights;
  Prng prng(1);
  weights.switch_off(prng, {1, 1});
  weights.raise(Focus{.topics = {Topic::kThreads}, .operations = {OpCode::kSend}});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(weights.draw(prng), OpCode::kSpawn);
}

TEST(Focus, KeepsItsTopicsInEveryScenarioAndMakesTheOthersRare) {
  int threads = 0, others = 0, others_without = 0;
  constexpr int kScenarios = 400;
  const auto count_others = [](const OpWeights& weights, int& count) {
    for (std::size_t t = 1; t < kTopicCount; ++t) {
      const auto topic = static_cast<Topic>(t);
      if (topic != Topic::kThreads) count += weights.has(topic) ? 1 : 0;
    }
  };
  for (int seed = 0; seed < kScenarios; ++seed) {
    Prng prng(static_cast<std::uint64_t>(seed));
    OpWeights weights;
    weights.draw_topics(prng, Focus{.topics = {Topic::kThreads}});
    threads += weights.has(Topic::kThreads) ? 1 : 0;
    EXPECT_TRUE(weights.has(Topic::kCore));
    count_others(weights, others);
    OpWeights unfocused;
    unfocused.draw_topics(prng);
    count_others(unfocused, others_without);
  }
  EXPECT_EQ(threads, kScenarios);
  EXPECT_GT(others, 0) << "nothing is excluded";
  EXPECT_LT(others, others_without * 7 / 10);
}

/// The share of the operations of `focus` in what is generated with `used`.
double share_of(const Focus& focus, const Focus& used) {
  std::size_t of_focus = 0, all = 0;
  Scenario scenario;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Prng prng(seed);
    generate_scenario(prng, {.focus = used}, scenario);
    for (const Function& function : scenario.functions) {
      for (const Op& op : function.ops) {
        ++all;
        of_focus += focus.has(op.code) ? 1 : 0;
      }
    }
  }
  return static_cast<double>(of_focus) / static_cast<double>(all);
}

TEST(Focus, FillsGeneratedScenarios) {
  const Focus threads{.topics = {Topic::kThreads}};
  EXPECT_GT(share_of(threads, threads), 3 * share_of(threads, {}));
}

// One that is empty draws no number: old seeds give what they gave.
TEST(Focus, OneThatIsEmptyChangesNoScenario) {
  Scenario with, without;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Prng one(seed), other(seed);
    generate_scenario(one, {.focus = Focus{}}, with);
    generate_scenario(other, {}, without);
    EXPECT_EQ(with, without) << seed;
  }
}

TEST(Focus, FillsWhatMutationsPutIn) {
  const Focus threads{.topics = {Topic::kThreads}};
  const auto inserted = [&](const Focus& focus) {
    std::size_t found = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      Prng prng(seed);
      Scenario scenario;
      generate_scenario(prng, {.focus = focus}, scenario);
      for (int i = 0; i < 20; ++i) mutate_scenario(prng, {.focus = focus}, scenario);
      for (const Function& function : scenario.functions) {
        for (const Op& op : function.ops) found += threads.has(op.code) ? 1 : 0;
      }
    }
    return found;
  };
  EXPECT_GT(inserted(threads), 2 * inserted({}));
}

}  // namespace
}  // namespace reweave::runtime
