#include "scheduler/search/replace_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "scheduler/search/shrink.h"
#include "tests/scheduler/toys.h"

namespace reweave {
namespace {

using toys::LostUpdate;

constexpr std::uint32_t kPadding = 5;
constexpr const char* kLost = "assertion: lost update";

NamedAnswer run(const char* actor, std::uint32_t step, const char* chosen) {
  return {.actor = actor,
          .kind = QuestionKind::kRun,
          .site = "op." + std::to_string(step),
          .chosen = chosen};
}

/// The second thread goes first, and between its read and its write the other one runs: without
/// either answer nothing is lost, and yet the second half alone would do, in the first thread.
Schedule detour() { return {.answers = {run("0.1", 0, "0.2"), run("0.2", kPadding + 1, "0.1")}}; }

TEST(ReplaceAnswers, FindsTheOneThatDoesForTwo) {
  LostUpdate subject(kPadding);
  ASSERT_EQ(shrink(subject, detour(), kLost, trial_runner(Limits{}))->schedule.answers.size(), 2u)
      << "nothing of it can be deleted";
  Isolator isolator;
  const Replaced replaced = replace_two_answers(subject, detour(), kLost, isolator, Limits{});
  ASSERT_TRUE(replaced.schedule.has_value());
  EXPECT_EQ(replaced.schedule->one_line(), "0.1 run op.6 0 0.2");
  EXPECT_EQ(replaced.finding.signature, kLost);
  EXPECT_EQ(replaced.executions, 1u + kPadding + 2u) << "it asks once, and places come in order";
  EXPECT_FALSE(replaced.all_tried);
}

TEST(ReplaceAnswers, IsPartOfShrinkingInChildren) {
  LostUpdate subject(kPadding);
  Isolator isolator;
  const auto shrunk = shrink(subject, detour(), kLost, isolator, Limits{});
  ASSERT_TRUE(shrunk);
  EXPECT_TRUE(shrunk->minimal);
  EXPECT_EQ(shrunk->schedule.one_line(), "0.1 run op.6 0 0.2");
  EXPECT_EQ(shrunk->subject, nullptr);
}

TEST(ReplaceAnswers, SaysThatTheBudgetCameToItsEnd) {
  LostUpdate subject(kPadding);
  Isolator isolator;
  const Replaced none =
      replace_two_answers(subject, detour(), kLost, isolator, Limits{}, {.executions_max = 4});
  EXPECT_FALSE(none.schedule.has_value());
  EXPECT_FALSE(none.all_tried);
  EXPECT_EQ(none.executions, 4u);
}

TEST(ReplaceAnswers, SaysThatAllWasTried) {
  LostUpdate subject(kPadding);
  Isolator isolator;
  const Replaced none = replace_two_answers(subject, detour(), "leak", isolator, Limits{});
  EXPECT_FALSE(none.schedule.has_value());
  EXPECT_TRUE(none.all_tried);
  // One other answer to each question that is asked while both threads are there.
  EXPECT_EQ(none.executions, 1u + kPadding + 2u);
}

TEST(ReplaceAnswers, LeavesShortAndLongSchedulesAlone) {
  LostUpdate subject(kPadding);
  Isolator isolator;
  Schedule schedule = detour();
  schedule.answers.pop_back();
  EXPECT_EQ(replace_two_answers(subject, schedule, kLost, isolator, Limits{}).executions, 0u);
  while (schedule.answers.size() <= kReplacedAnswersMax)
    schedule.answers.push_back(schedule.answers.front());
  EXPECT_EQ(replace_two_answers(subject, schedule, kLost, isolator, Limits{}).executions, 0u);
}

/// A lost update that ends its process.
class Deadly : public LostUpdate {
 public:
  using LostUpdate::LostUpdate;

 protected:
  void finish(Execution& execution) override {
    LostUpdate::finish(execution);
    if (!execution.findings().empty()) std::abort();
  }
};

TEST(ReplaceAnswers, SurvivesCandidatesThatEndTheirProcess) {
  Deadly subject(kPadding);
  Isolator isolator;
  const auto shrunk = shrink(subject, detour(), kLost, isolator, Limits{});
  ASSERT_TRUE(shrunk) << shrunk.error().message;
  EXPECT_EQ(shrunk->schedule.answers.size(), 1u) << shrunk->schedule.one_line();
}

}  // namespace
}  // namespace reweave
