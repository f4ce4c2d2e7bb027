#include "scheduler/search/determinism.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/search/explore.h"
#include "scheduler/search/isolate.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using toys::LostUpdate;

/// Takes another way in every `period`-th run: asks once more, in its fourth step, or says so in an
/// event alone, or finds something then, or takes one more step in which nothing can be asked.
class Moody : public toys::Toy {
 public:
  enum class Mood { kAsks, kTells, kFinds, kRunsOn };
  Moody(Mood mood, std::uint64_t period) : mood_(mood), period_(period) {}

  void run(Execution& execution) override {
    const bool other = ++runs_ % period_ == 0;
    for (std::uint32_t i = 0; i < 6; ++i) {
      if (!execution.step(ActorId{0}, SiteId{i})) return;
      execution.ask(QuestionKind::kPick, ActorId{0}, SiteId{i}, 3);
      if (i == 3 && other) change(execution);
    }
  }

 private:
  void change(Execution& execution) const {
    const std::array<std::int32_t, 1> args = {7};
    if (mood_ == Mood::kAsks) execution.ask(QuestionKind::kPick, ActorId{0}, SiteId{33}, 2);
    if (mood_ == Mood::kRunsOn && execution.step(ActorId{0}, SiteId{33}))
      execution.ask(QuestionKind::kRun, ActorId{0}, SiteId{33}, 1);
    if (mood_ == Mood::kTells) execution.event(ActorId{0}, 5, args);
    if (mood_ == Mood::kFinds)
      execution.report(toys::finding(FindingKind::kLeak, execution.steps(), "leak"), false);
  }

  Mood mood_;
  std::uint64_t period_;
  std::uint64_t runs_ = 0;
};

std::optional<Finding> found_in(Subject& subject, std::uint64_t check_every,
                                std::uint64_t executions) {
  RandomWalk walk;
  const Exploration exploration = explore(
      subject, walk, {.budget = {.executions = executions}, .seed = 1, .check_every = check_every});
  if (!exploration.found) return std::nullopt;
  return exploration.found->finding;
}

TEST(Determinism, IsNoFindingWhereTheSameHappens) {
  LostUpdate subject(30);
  RandomWalk walk;
  ExploreOptions options{.budget = {.executions = 200}, .seed = 1, .check_every = 1};
  options.counts = [](const Finding& finding) { return is_nondeterminism(finding); };
  EXPECT_FALSE(explore(subject, walk, options).found);
}

TEST(Determinism, ChangesNothingOfAHunt) {
  LostUpdate subject(30);
  RandomWalk walk;
  ExploreOptions options{.budget = {.executions = 5'000}, .seed = 3};
  const Exploration plain = explore(subject, walk, options);
  options.check_every = 2;
  const Exploration checked = explore(subject, walk, options);
  EXPECT_EQ(plain.statistics.executions, checked.statistics.executions);
  EXPECT_EQ(plain.statistics.distinct, checked.statistics.distinct);
  ASSERT_EQ(plain.found.has_value(), checked.found.has_value());
  if (plain.found) {
    EXPECT_EQ(plain.found->trace_hash, checked.found->trace_hash);
  }
}

TEST(Determinism, SaysAtWhichStepTheyPart) {
  Moody subject(Moody::Mood::kAsks, 2);
  const std::optional<Finding> finding = found_in(subject, 1, 10);
  ASSERT_TRUE(finding);
  EXPECT_TRUE(is_nondeterminism(*finding));
  EXPECT_EQ(finding->step, 4u);
  EXPECT_THAT(finding->message, AllOf(HasSubstr("part at step 4"), HasSubstr("op.33")));
}

TEST(Determinism, NamesThePlaceWhereNothingIsAsked) {
  Moody subject(Moody::Mood::kRunsOn, 2);
  const std::optional<Finding> finding = found_in(subject, 1, 10);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->step, 5u);
  EXPECT_THAT(finding->message, HasSubstr("that 0 comes to op.33"));
}

TEST(Determinism, LooksAtEventsToo) {
  Moody subject(Moody::Mood::kTells, 2);
  const std::optional<Finding> finding = found_in(subject, 1, 10);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->step, 4u);
  EXPECT_THAT(finding->message, HasSubstr("event 5 of 0"));
}

TEST(Determinism, LooksAtFindingsToo) {
  Moody subject(Moody::Mood::kFinds, 2);
  const std::optional<Finding> finding = found_in(subject, 1, 10);
  ASSERT_TRUE(finding);
  EXPECT_TRUE(is_nondeterminism(*finding)) << "not the leak, which nobody could repeat";
  EXPECT_THAT(finding->message, HasSubstr("leak"));
}

TEST(Determinism, SaysThatTheStepIsNotKnownWhereItHappensTooRarely) {
  Moody subject(Moody::Mood::kAsks, 41);
  const std::optional<Finding> finding = found_in(subject, 1, 50);
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->message, HasSubstr("is not known"));
}

TEST(Determinism, LooksAtEachNthAlone) {
  // Executions 1, 2 … are runs 1, 2, 3 and 4 (its repetition), 5, 6, 7, 8, …
  Moody never(Moody::Mood::kAsks, 1'000);
  EXPECT_FALSE(found_in(never, 3, 12));
  Moody at_second(Moody::Mood::kAsks, 2);
  EXPECT_FALSE(found_in(at_second, 0, 12));
}

TEST(Determinism, IsCheckedInChildrenToo) {
  Moody subject(Moody::Mood::kAsks, 2);
  RandomWalk walk;
  Isolator isolator;
  const Exploration exploration =
      isolator.explore(subject, walk, {.budget = {.executions = 10}, .seed = 1, .check_every = 1});
  ASSERT_TRUE(exploration.found);
  EXPECT_TRUE(is_nondeterminism(exploration.found->finding));
  EXPECT_EQ(exploration.found->finding.step, 4u);
}

}  // namespace
}  // namespace reweave
