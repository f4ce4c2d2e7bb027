#include "scheduler/search/turning_point.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using toys::LostUpdate;
using toys::Program;

Schedule answers(const char* text) { return *parse_one_line(text); }

TurningPoint turn(Subject& subject, const Schedule& schedule,
                  const TurningPointOptions& options = {}) {
  Isolator isolator;
  const std::vector<AskedQuestion> asked = asked_questions(subject, schedule, isolator, Limits{});
  return find_turning_point(subject, schedule, asked, "lost-value: pick", trial_runner(Limits{}),
                            options);
}

/// Its finding needs both answers, of a kind that the toy cannot do without; only one of them each
/// helps.
TEST(TurningPoint, IsTheLastAnswerOfTheScheduleThatHelpsMadeOrdinary) {
  Program subject(20);
  const TurningPoint found = turn(subject, answers("0 spill op.5 0 1; 0 pick op.14 0 7"));
  ASSERT_EQ(found.flips.size(), 1u);
  EXPECT_EQ(answer_text(found.flips[0].question.given), "0 pick op.14 0 7");
  EXPECT_TRUE(found.flips[0].to_ordinary);
  EXPECT_EQ(found.passing.one_line(), "0 spill op.5 0 1");
  EXPECT_EQ(found.executions, 1u);
}

/// The finding comes unless one of two ordinary answers is another one.
class NeedsAnother : public toys::Toy {
 public:
  NeedsAnother(std::uint32_t needed) : needed_(needed) {}
  void run(Execution& execution) override {
    std::uint32_t others = 0;
    for (std::uint32_t i = 0; i < 6; ++i) {
      if (!execution.step(ActorId{0}, SiteId{i})) return;
      const std::uint32_t answer = execution.ask(QuestionKind::kPick, ActorId{0}, SiteId{i}, 3);
      if ((i == 1 || i == 3) && answer == 2) ++others;
    }
    if (others < needed_)
      execution.report(
          toys::finding(FindingKind::kLostValue, execution.steps(), "lost-value: pick"),
          /*stops=*/false);
  }

 private:
  std::uint32_t needed_;
};

TEST(TurningPoint, MayBeAnotherAnswerWhereTheOrdinaryOneFails) {
  NeedsAnother subject(1);
  const TurningPoint found = turn(subject, {});
  ASSERT_EQ(found.flips.size(), 1u);
  EXPECT_EQ(answer_text(found.flips[0].to), "0 pick op.3 0 2") << "the last one";
  EXPECT_FALSE(found.flips[0].to_ordinary);
  EXPECT_EQ(found.singles, 12u);
}

TEST(TurningPoint, AreTwoAnswersOnlyWhereNoSingleOneHelps) {
  NeedsAnother subject(2);
  const TurningPoint found = turn(subject, {});
  ASSERT_EQ(found.flips.size(), 2u);
  EXPECT_EQ(answer_text(found.flips[0].to), "0 pick op.1 0 2");
  EXPECT_EQ(answer_text(found.flips[1].to), "0 pick op.3 0 2");
  EXPECT_GT(found.executions, found.singles);
  const TurningPoint alone = turn(subject, {}, {.flips_max = 1});
  EXPECT_FALSE(alone.found());
  EXPECT_TRUE(alone.all_singles);
  EXPECT_FALSE(alone.all_pairs);
}

TEST(TurningPoint, SaysWhenNothingHelpsAndWhenItDoesNotKnow) {
  NeedsAnother subject(3);
  const TurningPoint nothing = turn(subject, {});
  EXPECT_FALSE(nothing.found());
  EXPECT_TRUE(nothing.all_singles);
  EXPECT_TRUE(nothing.all_pairs);
  EXPECT_EQ(nothing.executions, 12u + 12u * 10u / 2u);
  const TurningPoint unknown = turn(subject, {}, {.executions_max = 5});
  EXPECT_FALSE(unknown.all_singles);
  EXPECT_EQ(unknown.executions, 5u);
}

TEST(TurningPoint, AsksNothingAfterTheFinding) {
  Program subject(40);
  const Schedule schedule = answers("0 spill op.5 0 1; 0 pick op.14 0 7");
  Isolator isolator;
  const std::vector<AskedQuestion> asked = asked_questions(subject, schedule, isolator, Limits{});
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.size(), 2u * 15u);
  EXPECT_EQ(answer_text(asked.back().given), "0 pick op.14 0 7");
  EXPECT_EQ(asked.back().step, 15u);
}

TEST(TurningPoint, OfARunQuestionNamesWhoRunsInstead) {
  LostUpdate subject(3);
  RandomWalk strategy;
  const Exploration result =
      explore(subject, strategy, {.budget = {.executions = 100'000}, .seed = 1});
  ASSERT_TRUE(result.found);
  const Schedule schedule = *record(subject, result.found->answers);
  Isolator isolator;
  const auto asked = asked_questions(subject, schedule, isolator, Limits{});
  const TurningPoint found =
      find_turning_point(subject, schedule, asked, "assertion: lost update", isolator, Limits{});
  ASSERT_TRUE(found.found());
  for (const Flip& flip : found.flips) EXPECT_NE(flip.to.chosen, flip.question.given.chosen);
  Execution execution;
  replay(subject, execution, found.passing, ReplayMode::kStrict);
  EXPECT_TRUE(execution.findings().empty());
  EXPECT_EQ(execution.outcome(), Outcome::kCompleted);
}

/// Ends its process.
class Crashes final : public Program {
 public:
  using Program::Program;

 protected:
  void fail(Execution&) override { std::abort(); }
};

TEST(TurningPoint, OfACrashIsFoundInChildren) {
  Crashes subject(20);
  const Schedule schedule = answers("0 spill op.5 0 1; 0 pick op.14 0 7");
  Isolator isolator;
  const auto asked = asked_questions(subject, schedule, isolator, Limits{});
  ASSERT_EQ(asked.size(), 2u * 15u);
  const TurningPoint found =
      find_turning_point(subject, schedule, asked, "crash SIGABRT", isolator, Limits{});
  ASSERT_EQ(found.flips.size(), 1u);
  EXPECT_EQ(answer_text(found.flips[0].question.given), "0 pick op.14 0 7");
}

}  // namespace
}  // namespace reweave
