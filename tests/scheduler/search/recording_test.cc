#include "scheduler/search/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/search/explore.h"
#include "scheduler/strategy/dense_replay.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using testing::HasSubstr;
using toys::Interleavings;
using toys::Switches;

Schedule schedule_of(const char* text) {
  auto schedule = parse_schedule(text, "test");
  CHECK(schedule);
  return *schedule;
}

/// Runs `text` on `subject`, strictly.
Divergence divergence_of(Subject& subject, const char* text) {
  const Schedule schedule = schedule_of(text);
  Execution execution;
  replay(subject, execution, schedule, ReplayMode::kStrict);
  EXPECT_EQ(execution.outcome(), Outcome::kDiverged) << text;
  return execution.divergence();
}

TEST(Replay, GivesTheSameTraceInEveryFormAndMode) {
  Interleavings subject(3, 5);
  const Prng root(7);
  RandomWalk walk;
  for (std::uint64_t i = 0; i < 50; ++i) {
    walk.begin(root.split(i), i);
    Execution original;
    original.begin(walk);
    subject.run(original);
    const std::string trace = subject.trace;
    EXPECT_TRUE(original.named_answers().empty());

    Execution again;
    for (const bool names : {false, true}) {  // Fast and named mode.
      DenseReplay dense(original.dense_answers(), names);
      again.begin(dense);
      subject.run(again);
      EXPECT_EQ(again.trace_hash(), original.trace_hash());
      EXPECT_EQ(subject.trace, trace);
    }
    const auto schedule = record(subject, original.dense_answers());
    ASSERT_TRUE(schedule);
    EXPECT_EQ(schedule->answers.size(), original.dense_answers().size());
    for (const ReplayMode mode : {ReplayMode::kStrict, ReplayMode::kLenient}) {
      replay(subject, again, *schedule, mode);
      EXPECT_EQ(again.outcome(), Outcome::kCompleted);
      EXPECT_EQ(again.trace_hash(), original.trace_hash());
      EXPECT_EQ(again.dense_answers(), original.dense_answers());
      EXPECT_EQ(named_schedule(subject, again), *schedule);
    }
  }
}

TEST(Replay, ChoosesTheActorThatTheScheduleNames) {
  Interleavings subject(3, 2);
  const Schedule schedule = schedule_of("0.1 run op.0 0 0.3\n0.3 run op.2 0 0.2\n");
  Execution execution;
  replay(subject, execution, schedule, ReplayMode::kStrict);
  EXPECT_EQ(execution.outcome(), Outcome::kCompleted);
  EXPECT_EQ(subject.trace, "221100");
}

TEST(StrictReplay, DivergesWhereAnAnswerIsNeverAskedFor) {
  Switches subject(5, {});
  const Divergence divergence = divergence_of(subject, "0 preempt op.1 0 1\n0 preempt op.1 1 1\n");
  EXPECT_EQ(divergence.step, 5u);
  EXPECT_EQ(divergence.expected, "\"0 preempt op.1 1 1\"");
  EXPECT_EQ(divergence.found, "the execution ended and never asked for it");
}

TEST(StrictReplay, DivergesAtOnceWhereTheSubjectLacksASite) {
  Switches subject(5, {});
  const Divergence divergence = divergence_of(subject, "0 preempt op.1 0 1\n0 preempt op.7 0 1\n");
  EXPECT_EQ(divergence.step, 0u);
  EXPECT_EQ(divergence.found, "no site \"op.7\" in this subject");
}

TEST(StrictReplay, DivergesWhereAnAnswerIsOutOfRange) {
  Switches subject(5, {});
  const Divergence divergence = divergence_of(subject, "0 preempt op.2 0 2\n");
  EXPECT_EQ(divergence.step, 3u);
  EXPECT_EQ(divergence.expected, "\"0 preempt op.2 0 2\"");
  EXPECT_EQ(divergence.found, "the highest possible answer is 1");
}

TEST(StrictReplay, DivergesWhereTheActorIsNotReady) {
  Interleavings subject(3, 1);
  const Divergence divergence = divergence_of(subject, "0.1 run op.0 0 0.2\n0.2 run op.1 0 0.2\n");
  EXPECT_EQ(divergence.step, 1u);
  EXPECT_EQ(divergence.expected, "\"0.2 run op.1 0 0.2\"");
  EXPECT_EQ(divergence.found, "that actor is not ready; ready are 0.3 0.1");
}

TEST(StrictReplay, DivergesWhereAnswersAreAskedForInAnotherOrder) {
  Switches subject(5, {});
  const Divergence divergence = divergence_of(subject, "0 preempt op.3 0 1\n0 preempt op.1 0 1\n");
  EXPECT_EQ(divergence.step, 2u);
  EXPECT_EQ(divergence.expected, "\"0 preempt op.3 0 1\"");
  EXPECT_EQ(divergence.found, "\"0 preempt op.1 0 1\" was asked for first");
}

TEST(StrictReplay, DivergesWhereAnotherActorAsks) {
  Switches subject(5, {});
  EXPECT_THAT(divergence_of(subject, "0.1 preempt op.1 0 1\n").found, HasSubstr("never asked"));
}

TEST(LenientReplay, DropsWhatDoesNotFitAndRecordsTheRest) {
  Switches subject(5, {});
  const Schedule schedule = schedule_of(
      "0 preempt op.3 0 1\n"    // fits, though not in order
      "0 preempt op.1 0 1\n"    // fits
      "0 preempt op.2 0 7\n"    // out of range
      "0 preempt op.9 0 1\n"    // no such site
      "0.4 preempt op.4 0 1\n"  // no such actor
      "0 spill op.0 0 1\n"      // not asked
      "0 preempt op.0 3 1\n");  // not so often
  Execution execution;
  replay(subject, execution, schedule, ReplayMode::kLenient);
  EXPECT_EQ(execution.outcome(), Outcome::kCompleted);
  EXPECT_EQ(named_schedule(subject, execution),
            schedule_of("0 preempt op.1 0 1\n0 preempt op.3 0 1\n"));
}

TEST(Record, SaysWhenTheSubjectIsNotDeterministic) {
  class Moody : public toys::Toy {
   public:
    void run(Execution& execution) override {
      for (int i = 0; i < questions; ++i)
        execution.ask(QuestionKind::kPick, ActorId{0}, SiteId{0}, 3);
      --questions;
    }
    int questions = 3;
  };
  Moody subject;
  const std::vector<DenseAnswer> out_of_range = {{1, 4}};
  const auto schedule = record(subject, out_of_range);
  ASSERT_FALSE(schedule);
  EXPECT_THAT(schedule.error().message, HasSubstr("not deterministic"));
}

}  // namespace
}  // namespace reweave
