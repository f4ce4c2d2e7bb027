#include "scheduler/sync/waiters.h"

#include "tests/scheduler/sync/recording_host.h"

namespace reweave::sync {
namespace {

const int kObject = 0, kOther = 0;

bool nothing_is_free(const void*) { return false; }

class WaitersOf : public SyncTest {
 protected:
  void wait(ThreadId thread, const void* object, std::uint64_t deadline = kNever) {
    waiters_.wait(thread, {.kind = WaitKind::kFutex, .object = object, .deadline = deadline});
  }
};

TEST_F(WaitersOf, AnObjectAreWokenInTheOrderInWhichTheyCame) {
  wait(kB, &kObject);
  wait(kA, &kObject);
  wait(kC, &kOther);
  EXPECT_EQ(waiters_.wake_all(&kObject), 2u);
  EXPECT_EQ(host_.ready, (Threads{kB, kA}));
  EXPECT_EQ(waiters_.waiting(), 1u);
  EXPECT_EQ(waiters_.of(kC).object, &kOther);
  EXPECT_EQ(waiters_.of(kA).kind, WaitKind::kNothing);
}

TEST_F(WaitersOf, AnObjectAreAskedForOnlyWhereThereAreSeveral) {
  EXPECT_FALSE(waiters_.wake_one(&kObject));
  wait(kA, &kObject);
  EXPECT_TRUE(waiters_.wake_one(&kObject));
  EXPECT_TRUE(host_.asked.empty());
  host_.run(kA);
  wait(kA, &kObject);
  wait(kB, &kObject);
  wait(kC, &kObject);
  host_.answer = 1;
  EXPECT_TRUE(waiters_.wake_one(&kObject));
  EXPECT_EQ(host_.asked, (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(host_.ready, (Threads{kB}));
}

TEST_F(WaitersOf, ATimeOutGoOnByDeadlineThenByAge) {
  wait(kA, &kObject, 30);
  wait(kB, &kOther, 10);
  wait(kC, &kObject, 10);
  wait(kD, &kObject);
  EXPECT_EQ(waiters_.timed(), 3u);
  EXPECT_EQ(waiters_.next_deadline(), 10u);
  EXPECT_EQ(waiters_.fire(nothing_is_free), kB);
  EXPECT_EQ(waiters_.fire(nothing_is_free), kC);
  EXPECT_EQ(waiters_.fire(nothing_is_free), kA);
  EXPECT_EQ(host_.ready, (Threads{kB, kC, kA}));
  EXPECT_TRUE(waiters_.timed_out(kA));
  EXPECT_EQ(waiters_.next_deadline(), kNever);
  EXPECT_TRUE(waiters_.anybody_waits_for(&kObject)) << "kD has no deadline";
}

TEST_F(WaitersOf, AnOfferArePutBackWhenSomebodyElseTakesIt) {
  wait(kA, &kObject);
  wait(kB, &kObject);
  waiters_.offer(&kObject);
  EXPECT_EQ(host_.ready, (Threads{kA, kB}));
  waiters_.offer(&kObject);
  EXPECT_EQ(host_.ready.size(), 2u) << "an offer that stands is not made again";
  host_.run(kB);
  waiters_.taken(&kObject, kB);
  EXPECT_TRUE(host_.ready.empty());
  waiters_.offer(&kObject);
  EXPECT_EQ(host_.ready, (Threads{kA}));
}

TEST_F(WaitersOf, AnOfferThatRanWithoutTakingItAreOfferedItAgain) {
  wait(kA, &kObject);
  waiters_.offer(&kObject);
  host_.run(kA);
  waiters_.stay(kA);
  EXPECT_FALSE(waiters_.offered(kA));
  waiters_.offer(&kObject);
  EXPECT_TRUE(host_.is_ready(kA));
}

TEST_F(WaitersOf, AnOfferAndATimeOutAreReadyOnce) {
  wait(kA, &kObject, 10);
  waiters_.offer(&kObject);
  waiters_.fire(nothing_is_free);
  EXPECT_EQ(host_.ready, (Threads{kA}));
  EXPECT_TRUE(waiters_.timed_out(kA));
}

TEST_F(WaitersOf, TheLastExecutionAreGone) {
  wait(kA, &kObject, 10);
  waiters_.begin();
  EXPECT_EQ(waiters_.waiting(), 0u);
  EXPECT_EQ(waiters_.timed(), 0u);
  EXPECT_FALSE(waiters_.anybody_waits_for(&kObject));
  wait(kA, &kOther);
  EXPECT_EQ(waiters_.wake_all(&kOther), 1u);
}

TEST(WaitKindWords, ExistForEveryKind) {
  for (int kind = 0; kind <= static_cast<int>(WaitKind::kRest); ++kind) {
    EXPECT_STRNE(wait_kind_words(static_cast<WaitKind>(kind)), "");
  }
}

}  // namespace
}  // namespace reweave::sync
