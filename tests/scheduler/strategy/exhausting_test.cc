// A search that repeats itself tries everything instead, and says when it has.
#include "scheduler/strategy/exhausting.h"

#include <gtest/gtest.h>

#include "scheduler/search/explore.h"
#include "scheduler/strategy/pos.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/actors.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

TEST(Exhausting, TriesASmallSubjectOut) {
  toys::Interleavings subject(2, 5);  // 10! / (5! 5!) interleavings.
  Exhausting strategy(std::make_unique<RandomWalk>());
  const Exploration result =
      explore(subject, strategy, {.budget = {.executions = 100'000}, .seed = 1});
  EXPECT_EQ(result.reason, StopReason::kExhausted);
  EXPECT_EQ(result.statistics.distinct, 252u);
  EXPECT_TRUE(result.statistics.distinct_is_exact);
  EXPECT_LT(result.statistics.executions, 10'000u);
}

TEST(Exhausting, LeavesALargeOneToTheOtherStrategy) {
  toys::Interleavings subject(4, 20);
  Exhausting strategy(std::make_unique<RandomWalk>());
  RandomWalk alone;
  const ExploreOptions options{.budget = {.executions = 5000}, .seed = 1};
  const Exploration result = explore(subject, strategy, options);
  EXPECT_EQ(result.reason, StopReason::kExecutions);
  EXPECT_EQ(result.statistics.steps, explore(subject, alone, options).statistics.steps);
  EXPECT_EQ(result.statistics.distinct, explore(subject, alone, options).statistics.distinct);
}

TEST(Exhausting, IsAskedAsTheOtherStrategyIs) {
  toys::RacyCounter subject;
  Exhausting strategy(std::make_unique<Pos>());
  strategy.begin(Prng(1), 0);
  Execution execution;
  execution.begin(strategy);
  EXPECT_TRUE(execution.wants_steps());
  subject.run(execution);
  EXPECT_TRUE(subject.engine.fast());
  EXPECT_TRUE(strategy.end(execution));
}

}  // namespace
}  // namespace reweave
