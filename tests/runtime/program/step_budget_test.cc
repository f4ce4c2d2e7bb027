#include "runtime/program/step_budget.h"

#include <gtest/gtest.h>

namespace reweave::program {
namespace {

TEST(StepBudget, CountsALoneThreadsStepsFor64th) {
  StepBudget budget;
  budget.begin(1'000);
  budget.weigh(0, /*alone=*/true);
  EXPECT_EQ(budget.last(), budget.steps_max() * 64);
  budget.weigh(6'400, /*alone=*/true);  // 100 of them are used up.
  budget.weigh(6'400, /*alone=*/false);
  EXPECT_EQ(budget.last(), 6'400 + budget.steps_max() - 100);
  budget.weigh(6'500, /*alone=*/false);  // And 100 more.
  budget.weigh(6'500, /*alone=*/true);
  EXPECT_EQ(budget.last(), 6'500 + (budget.steps_max() - 200) * 64);
  EXPECT_GE(budget.cap(), budget.last());
}

TEST(StepBudget, IsOverWhereMoreStepsWereTakenThanThereAre) {
  StepBudget budget;
  budget.begin(1);
  budget.weigh(0, /*alone=*/false);
  EXPECT_EQ(budget.last(), 1u);
  budget.weigh(50, /*alone=*/false);
  EXPECT_EQ(budget.last(), 50u);
  EXPECT_TRUE(budget.is_near_end(0));
  EXPECT_EQ(budget.near_end(), 0u);
}

TEST(StepBudget, TellsALoopByTheFewPlacesThatItTouches) {
  StepBudget budget;
  budget.begin(1'000);
  for (std::uint32_t step = 0; step < 20'000; ++step) budget.touch(step % 256);
  EXPECT_TRUE(budget.is_loop());
  budget.touch(256);
  EXPECT_FALSE(budget.is_loop());
  budget.begin(1'000);
  EXPECT_TRUE(budget.is_loop());
}

}  // namespace
}  // namespace reweave::program
