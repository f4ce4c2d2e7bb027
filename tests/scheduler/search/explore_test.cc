#include "scheduler/search/explore.h"

#include <gtest/gtest.h>

#include "scheduler/search/recording.h"
#include "scheduler/strategy/portfolio.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using toys::Interleavings;
using toys::LostUpdate;

TEST(Explore, StopsAtTheBudgetOfExecutionsAndCounts) {
  Interleavings subject(2, 3);
  RandomWalk strategy;
  const Exploration result = explore(subject, strategy, {.budget = {.executions = 100}});
  EXPECT_EQ(result.reason, StopReason::kExecutions);
  EXPECT_FALSE(result.found);
  EXPECT_EQ(result.statistics.executions, 100u);
  EXPECT_EQ(result.statistics.steps, 600u);
  EXPECT_GT(result.statistics.questions, 300u);
  EXPECT_EQ(result.statistics.outcomes[static_cast<std::size_t>(Outcome::kCompleted)], 100u);
}

TEST(Explore, StopsAtTheBudgetOfSeconds) {
  Interleavings subject(2, 3);
  RandomWalk strategy;
  const Exploration result = explore(subject, strategy, {.budget = {.seconds = 1}});
  EXPECT_EQ(result.reason, StopReason::kSeconds);
  EXPECT_GE(result.statistics.milliseconds, 1000u);
  EXPECT_LT(result.statistics.milliseconds, 60'000u);
}

TEST(Explore, KeepsAnExecutionThatCanBeReplayed) {
  LostUpdate subject(4);
  Portfolio strategy;
  const Exploration result =
      explore(subject, strategy, {.budget = {.executions = 1000}, .seed = 3});
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.reason, StopReason::kFound);
  EXPECT_FALSE(result.found->died);
  const auto schedule = record(subject, result.found->answers);
  ASSERT_TRUE(schedule);
  Execution execution;
  replay(subject, execution, *schedule, ReplayMode::kStrict);
  EXPECT_EQ(execution.trace_hash(), result.found->trace_hash);
  ASSERT_FALSE(execution.findings().empty());
  EXPECT_EQ(execution.findings()[0].signature, result.found->finding.signature);
}

TEST(Explore, FindsTheSameWithTheSameSeed) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto found = [&] {
      LostUpdate subject(6);
      Portfolio strategy;
      return explore(subject, strategy, {.budget = {.executions = 1000}, .seed = seed})
          .found.value();
    };
    const Found a = found(), b = found();
    EXPECT_EQ(a.execution, b.execution);
    EXPECT_EQ(a.trace_hash, b.trace_hash);
    EXPECT_EQ(a.answers, b.answers);
  }
}

TEST(Explore, ShardsShareTheExecutionsOfOneSeed) {
  const auto found = [](std::uint64_t first, std::uint64_t stride) {
    LostUpdate subject(12);
    RandomWalk strategy;
    const ExploreOptions options{
        .budget = {.executions = 10'000}, .seed = 1, .first_execution = first, .stride = stride};
    return explore(subject, strategy, options).found.value().execution;
  };
  const std::uint64_t whole = found(0, 1);
  EXPECT_EQ(std::min({found(0, 3), found(1, 3), found(2, 3)}), whole);
}

TEST(Explore, TellsOfProgressAndCanBeCancelled) {
  Interleavings subject(2, 3);
  RandomWalk strategy;
  int calls = 0;
  ExploreOptions options;
  options.progress = [&](const Statistics& statistics) {
    EXPECT_GT(statistics.executions, 0u);
    return ++calls < 3;
  };
  options.progress_ms = 1;
  const Exploration result = explore(subject, strategy, options);
  EXPECT_EQ(result.reason, StopReason::kCancelled);
  EXPECT_EQ(calls, 4);  // And once at the end.
}

TEST(Explore, TellsWhereThatNothingWasFoundSaysLittle) {
  RandomWalk strategy;
  ExploreOptions options{.budget = {.executions = 5}};
  Interleavings alone(1, 3);
  EXPECT_TRUE(explore(alone, strategy, options).statistics.nothing_asked());
  Interleavings several(2, 3);
  const Statistics clean = explore(several, strategy, options).statistics;
  EXPECT_FALSE(clean.nothing_asked() || clean.all_stopped());
  options.limits.actors_max = 1;
  const Statistics stopped = explore(several, strategy, options).statistics;
  EXPECT_EQ(stopped.count(Outcome::kActorLimit), 5u);
  EXPECT_TRUE(stopped.all_stopped());
}

TEST(Explore, ReportsALivelockByTheStepLimit) {
  Interleavings subject(2, 3);
  RandomWalk strategy;
  ExploreOptions options;
  options.limits.steps_max = 5;
  const Exploration result = explore(subject, strategy, options);
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.found->finding.kind, FindingKind::kLivelock);
}

}  // namespace
}  // namespace reweave
