// Semaphores, futex words, barriers and once.
#include "scheduler/sync/semaphore.h"

#include "tests/scheduler/sync/recording_host.h"

namespace reweave::sync {
namespace {

using SemaphoreTest = SyncTest;
using FutexTest = SyncTest;
using BarrierTest = SyncTest;
using OnceTest = SyncTest;

TEST_F(SemaphoreTest, IsTakenAsOftenAsItWasPosted) {
  Semaphore semaphore{2};
  EXPECT_TRUE(try_take(waiters_, semaphore, kA));
  EXPECT_TRUE(try_take(waiters_, semaphore, kA));
  EXPECT_FALSE(try_take(waiters_, semaphore, kA));
  post(waiters_, semaphore);
  EXPECT_TRUE(try_take(waiters_, semaphore, kB));
}

TEST_F(SemaphoreTest, OffersWhatIsPostedUntilNothingIsLeft) {
  Semaphore semaphore;
  for (const ThreadId thread : {kA, kB, kC}) wait_for(waiters_, semaphore, thread);
  post(waiters_, semaphore);
  post(waiters_, semaphore);
  EXPECT_EQ(host_.ready, (Threads{kA, kB, kC}));
  host_.run(kB);
  EXPECT_TRUE(try_take(waiters_, semaphore, kB));
  EXPECT_EQ(host_.ready, (Threads{kA, kC})) << "one is left";
  host_.run(kA);
  EXPECT_TRUE(try_take(waiters_, semaphore, kA));
  EXPECT_TRUE(host_.ready.empty());
  post(waiters_, semaphore);
  EXPECT_EQ(host_.ready, (Threads{kC}));
}

TEST_F(FutexTest, WakesOnlyWhoSharesABit) {
  const std::uint32_t word = 0;
  wait_at_word(waiters_, &word, kA, 1);
  wait_at_word(waiters_, &word, kB, 2);
  wait_at_word(waiters_, &word, kC, 3);
  EXPECT_EQ(wake_word(waiters_, &word, 10, 2), 2u);
  EXPECT_EQ(host_.ready, (Threads{kB, kC}));
  EXPECT_EQ(wake_word(waiters_, &word, 10, UINT32_MAX), 1u);
}

TEST_F(FutexTest, WakesAtMostSoMany) {
  const std::uint32_t word = 0;
  for (const ThreadId thread : {kA, kB, kC}) wait_at_word(waiters_, &word, thread, 1);
  EXPECT_EQ(wake_word(waiters_, &word, 2, 1), 2u);
  EXPECT_EQ(waiters_.waiting(), 1u);
  EXPECT_EQ(wake_word(waiters_, &word, 0, 1), 0u);
}

TEST_F(BarrierTest, LetsAllGoOnWhenTheLastOneComesAndIsUsedAgain) {
  Barrier barrier{3, 0};
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(arrive(waiters_, barrier, kA));
    EXPECT_FALSE(arrive(waiters_, barrier, kB));
    EXPECT_TRUE(host_.ready.empty());
    EXPECT_TRUE(arrive(waiters_, barrier, kC));
    EXPECT_EQ(host_.ready, (Threads{kA, kB}));
    host_.ready.clear();
  }
}

TEST_F(OnceTest, IsDoneByTheFirstWhileTheOthersWait) {
  Once once;
  EXPECT_EQ(come_to(waiters_, once, kA), OnceTurn::kMine);
  EXPECT_EQ(come_to(waiters_, once, kA), OnceTurn::kReentered);
  EXPECT_EQ(come_to(waiters_, once, kB), OnceTurn::kWait);
  wait_for(waiters_, once, kB);
  finish(waiters_, once, /*done=*/true);
  EXPECT_EQ(host_.ready, (Threads{kB}));
  host_.run(kB);
  EXPECT_EQ(come_to(waiters_, once, kB), OnceTurn::kDone);
}

TEST_F(OnceTest, IsTriedByTheNextOneWhenItFailed) {
  Once once;
  ASSERT_EQ(come_to(waiters_, once, kA), OnceTurn::kMine);
  wait_for(waiters_, once, kB);
  wait_for(waiters_, once, kC);
  finish(waiters_, once, /*done=*/false);
  EXPECT_EQ(host_.ready, (Threads{kB, kC}));
  host_.run(kC);
  EXPECT_EQ(come_to(waiters_, once, kC), OnceTurn::kMine);
  EXPECT_TRUE(host_.ready.empty()) << "kB waits for it again";
  finish(waiters_, once, /*done=*/true);
  EXPECT_EQ(host_.ready, (Threads{kB}));
}

}  // namespace
}  // namespace reweave::sync
