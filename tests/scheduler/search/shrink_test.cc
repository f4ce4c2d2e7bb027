#include "scheduler/search/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/search/explore.h"
#include "scheduler/search/recording.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using toys::LostUpdate;
using toys::Program;

/// The schedule of the first finding of a random walk.
Schedule found_schedule(Subject& subject, std::uint64_t seed) {
  RandomWalk strategy;
  const Exploration result =
      explore(subject, strategy, {.budget = {.executions = 1'000'000}, .seed = seed});
  CHECK(result.found);
  return *record(subject, result.found->answers);
}

TEST(Shrink, LeavesExactlyWhatIsNeeded) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Program subject(40);
    const Schedule schedule = found_schedule(subject, seed);
    EXPECT_GT(schedule.answers.size(), 10u);
    const auto shrunk = shrink(subject, schedule, "lost-value: pick", trial_runner(Limits{}));
    ASSERT_TRUE(shrunk);
    EXPECT_TRUE(shrunk->minimal);
    EXPECT_EQ(shrunk->schedule.one_line(), "0 spill op.5 0 1; 0 pick op.14 0 7");
    ASSERT_NE(shrunk->subject, nullptr);
    const auto& smaller = dynamic_cast<const Program&>(*shrunk->subject);
    EXPECT_THAT(smaller.labels(),
                ElementsAre(Program::kSpillAt, Program::kNeeded, Program::kPickAt));
    EXPECT_EQ(shrunk->finding.step, 3u);
    EXPECT_LT(shrunk->executions, 400u);
    EXPECT_EQ(subject.labels().size(), 40u) << "the subject that was given does not change";
  }
}

TEST(Shrink, IsDeterministic) {
  const auto once = [] {
    Program subject(40);
    auto shrunk =
        shrink(subject, found_schedule(subject, 3), "lost-value: pick", trial_runner(Limits{}));
    return std::make_pair(shrunk->executions, shrunk->schedule.text());
  };
  EXPECT_EQ(once(), once());
}

TEST(Shrink, LeavesOneSwitchOfALostUpdate) {
  LostUpdate subject(10);
  const Schedule schedule = found_schedule(subject, 1);
  const auto shrunk = shrink(subject, schedule, "assertion: lost update", trial_runner(Limits{}));
  ASSERT_TRUE(shrunk);
  EXPECT_TRUE(shrunk->minimal);
  EXPECT_EQ(shrunk->schedule.answers.size(), 1u) << shrunk->schedule.one_line();
  EXPECT_EQ(shrunk->subject, nullptr) << "it offers no reductions";
  // Tried again by hand: without the answer there is no finding.
  Execution execution;
  replay(subject, execution, shrunk->schedule, ReplayMode::kStrict);
  EXPECT_FALSE(execution.findings().empty());
  replay(subject, execution, {}, ReplayMode::kStrict);
  EXPECT_TRUE(execution.findings().empty());
}

TEST(Shrink, SaysWhatItSeesWhenTheFindingIsNotShown) {
  Program subject(20);
  const auto nothing = shrink(subject, {}, "lost-value: pick", trial_runner(Limits{}));
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message, HasSubstr("it shows no finding"));
  const auto other = shrink(subject, found_schedule(subject, 0), "leak", trial_runner(Limits{}));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("it shows \"lost-value: pick\""));
}

TEST(Shrink, StopsAtItsBudgetAndSaysSo) {
  Program subject(40);
  const Schedule schedule = found_schedule(subject, 2);
  const auto shrunk =
      shrink(subject, schedule, "lost-value: pick", trial_runner(Limits{}), {.executions_max = 12});
  ASSERT_TRUE(shrunk);
  EXPECT_EQ(shrunk->executions, 12u);
  EXPECT_FALSE(shrunk->minimal);
  Execution execution;
  Subject& result = shrunk->subject != nullptr ? *shrunk->subject : subject;
  replay(result, execution, shrunk->schedule, ReplayMode::kStrict);
  ASSERT_FALSE(execution.findings().empty());
  EXPECT_EQ(execution.findings()[0].signature, "lost-value: pick");
}

TEST(Shrink, TellsOfEveryStepAndNeverGrows) {
  Program subject(40);
  std::pair<std::size_t, std::size_t> last = {SIZE_MAX, SIZE_MAX};
  ShrinkOptions options;
  int steps = 0;
  options.progress = [&](std::size_t answers, std::size_t size, std::uint64_t) {
    const std::pair<std::size_t, std::size_t> now = {answers, size};
    EXPECT_LE(now, last);
    last = now;
    ++steps;
  };
  ASSERT_TRUE(shrink(subject, found_schedule(subject, 2), "lost-value: pick",
                     trial_runner(Limits{}), options));
  EXPECT_GT(steps, 3);
}

/// Spawns actors with labels, each of which passes its own label's site a few times; the finding is
/// that actor 6 spilled. Reductions delete one actor or one pass.
class Family : public toys::Toy {
 public:
  std::vector<std::uint32_t> actors = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::uint32_t passes = 5;

  void run(Execution& execution) override {
    for (const std::uint32_t label : actors) {
      const ActorId actor = execution.spawn(ActorId{0});
      for (std::uint32_t i = 0; i < passes; ++i) {
        const bool spilled = execution.ask(QuestionKind::kSpill, actor, SiteId{label}, 2) == 1;
        if (spilled && label == 6)
          execution.report(toys::finding(FindingKind::kLeak, 0, "leak"), false);
      }
    }
  }
  std::size_t reduction_count() const override { return actors.size() + 1; }
  std::unique_ptr<Subject> reduce(std::size_t n) const override {
    auto smaller = std::make_unique<Family>(*this);
    if (n < actors.size()) {
      smaller->actors.erase(smaller->actors.begin() + static_cast<std::ptrdiff_t>(n));
    } else if (--smaller->passes == 0) {
      return nullptr;
    }
    return smaller;
  }
  std::size_t size() const override { return actors.size() + passes; }
};

TEST(Shrink, FollowsActorsWhoseElderSiblingsAreDeletedAndShortensLoops) {
  Family subject;
  const auto schedule = parse_schedule("0.3 spill op.2 1 1\n0.7 spill op.6 4 1\n", "f");
  const auto shrunk = shrink(subject, *schedule, "leak", trial_runner(Limits{}));
  ASSERT_TRUE(shrunk);
  EXPECT_TRUE(shrunk->minimal);
  EXPECT_EQ(shrunk->schedule.one_line(), "0.1 spill op.6 0 1");
  ASSERT_NE(shrunk->subject, nullptr);
  const auto& smaller = dynamic_cast<const Family&>(*shrunk->subject);
  EXPECT_THAT(smaller.actors, ElementsAre(6));
  EXPECT_EQ(smaller.passes, 1u);
}

TEST(Shrink, StopsWhenItIsToldToAndKeepsWhatItHas) {
  Family subject;
  const auto schedule = parse_schedule("0.3 spill op.2 1 1\n0.7 spill op.6 4 1\n", "f");
  int steps = 0;
  ShrinkOptions options;
  options.progress = [&](std::size_t, std::size_t, std::uint64_t) { ++steps; };
  options.keep_going = [&] { return steps == 0; };
  const auto shrunk = shrink(subject, *schedule, "leak", trial_runner(Limits{}), options);
  ASSERT_TRUE(shrunk);
  EXPECT_FALSE(shrunk->minimal);
  EXPECT_EQ(steps, 1);
  EXPECT_LT(shrunk->schedule.answers.size(), schedule->answers.size());
}

TEST(Shrink, DoesNotTakeOneFindingForAnother) {
  /// Yes at op.0 leaks; yes at op.1 as well, but says another thing first if op.2 is also answered
  /// yes.
  class Two : public toys::Toy {
   public:
    void run(Execution& execution) override {
      const bool a = execution.ask(QuestionKind::kFail, ActorId{0}, SiteId{0}, 2) == 1;
      const bool b = execution.ask(QuestionKind::kFail, ActorId{0}, SiteId{1}, 2) == 1;
      if (a && b) execution.report(toys::finding(FindingKind::kRace, 0, "race"), false);
      if (a) execution.report(toys::finding(FindingKind::kLeak, 0, "leak"), false);
    }
  };
  Two subject;
  const auto schedule = parse_schedule("0 fail op.0 0 1\n0 fail op.1 0 1\n", "f");
  const auto shrunk = shrink(subject, *schedule, "race", trial_runner(Limits{}));
  ASSERT_TRUE(shrunk);
  EXPECT_EQ(shrunk->schedule, *schedule)
      << "with one answer less it is a leak, which is another finding";
}

}  // namespace
}  // namespace reweave
