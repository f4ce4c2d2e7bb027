// Virtual time: it goes on only when somebody asks for the next timer.
#include "scheduler/clock.h"

#include <gtest/gtest.h>

#include "scheduler/execution.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave {
namespace {

/// Answers every `fire` question with the last of the timers that are due.
class Last final : public Chooser {
 public:
  std::uint32_t choose(const Question& question) override {
    EXPECT_EQ(question.kind, QuestionKind::kFire);
    return question.answers - 1;
  }
};

class ClockOf : public testing::Test {
 protected:
  std::uint32_t fire() { return clock_.fire(execution_, ActorId{0}, SiteId{0}); }

  Clock clock_;
  Ordinary ordinary_;
  Last last_;
  Execution execution_;
};

TEST_F(ClockOf, OrdinaryAnswersDeliversTheEarliestThenTheOldest) {
  execution_.begin(ordinary_);
  clock_.set(7, 30);
  clock_.set(1, 10);
  clock_.set(4, 30);
  clock_.set(2, 20);
  EXPECT_EQ(clock_.now(), 0u);
  EXPECT_EQ(fire(), 1u);
  EXPECT_EQ(clock_.now(), 10u);
  EXPECT_EQ(execution_.questions(), 0u) << "one was due, so there was nothing to ask";
  EXPECT_EQ(fire(), 2u);
  EXPECT_EQ(fire(), 7u);
  EXPECT_EQ(execution_.questions(), 1u);
  EXPECT_EQ(fire(), 4u);
  EXPECT_EQ(clock_.now(), 30u);
  EXPECT_TRUE(clock_.empty());
}

TEST_F(ClockOf, OtherAnswersDeliversAnotherOneOfThoseThatAreDue) {
  execution_.begin(last_);
  clock_.set(1, 10);
  clock_.set(2, 10);
  clock_.set(3, 11);
  EXPECT_EQ(fire(), 2u) << "3 is not due yet";
  EXPECT_EQ(clock_.now(), 10u);
  EXPECT_TRUE(clock_.is_due());
  EXPECT_EQ(clock_.take_due(), 1u);
  EXPECT_FALSE(clock_.is_due());
}

TEST_F(ClockOf, CancelledTimersDoesNotDeliverThem) {
  execution_.begin(ordinary_);
  clock_.set(1, 10);
  clock_.set(2, 20);
  clock_.cancel(1);
  clock_.cancel(5);
  EXPECT_FALSE(clock_.has(1));
  EXPECT_TRUE(clock_.has(2));
  EXPECT_EQ(fire(), 2u);
  EXPECT_EQ(clock_.now(), 20u);
}

TEST_F(ClockOf, ATimeThatIsPastIsDueAtOnceAndTimeDoesNotGoBack) {
  execution_.begin(ordinary_);
  clock_.set(1, 10);
  EXPECT_EQ(fire(), 1u);
  clock_.set(2, 3);
  EXPECT_TRUE(clock_.is_due());
  EXPECT_EQ(fire(), 2u);
  EXPECT_EQ(clock_.now(), 10u);
  EXPECT_EQ(clock_.after(Clock::kNever), Clock::kNever);
  EXPECT_EQ(clock_.after(5), 15u);
}

}  // namespace
}  // namespace reweave
