#include "scheduler/sync/mutex.h"

#include "tests/scheduler/sync/recording_host.h"

namespace reweave::sync {
namespace {

class MutexTest : public SyncTest {
 protected:
  Mutex mutex_;
};

TEST_F(MutexTest, IsFreeWhereAllIsZero) {
  EXPECT_TRUE(mutex_.free());
  EXPECT_EQ(mutex_.holder(), kNobody);
  EXPECT_TRUE(try_lock(waiters_, mutex_, kA));
  EXPECT_TRUE(mutex_.held_by(kA));
  EXPECT_EQ(mutex_.holder(), kA);
}

TEST_F(MutexTest, IsRefusedToWhoeverHoldsItAlready) {
  ASSERT_TRUE(try_lock(waiters_, mutex_, kA));
  EXPECT_FALSE(try_lock(waiters_, mutex_, kA));
  EXPECT_EQ(mutex_.depth, 1u);
}

TEST_F(MutexTest, MakesAllWhoWaitReadyAndPutsTheLosersBack) {
  ASSERT_TRUE(try_lock(waiters_, mutex_, kA));
  for (const ThreadId thread : {kB, kC}) {
    EXPECT_FALSE(try_lock(waiters_, mutex_, thread));
    wait_for(waiters_, mutex_, thread);
  }
  EXPECT_TRUE(host_.ready.empty()) << "who waits for a held mutex is not ready";
  EXPECT_TRUE(unlock(waiters_, mutex_));
  EXPECT_EQ(host_.ready, (Threads{kB, kC}));
  host_.run(kC);
  EXPECT_TRUE(try_lock(waiters_, mutex_, kC));
  EXPECT_TRUE(host_.ready.empty());
  EXPECT_TRUE(unlock(waiters_, mutex_));
  host_.run(kB);
  EXPECT_TRUE(try_lock(waiters_, mutex_, kB));
  EXPECT_EQ(waiters_.waiting(), 0u);
}

TEST_F(MutexTest, MayBeTakenBySomebodyWhoDidNotWait) {
  ASSERT_TRUE(try_lock(waiters_, mutex_, kA));
  wait_for(waiters_, mutex_, kB);
  EXPECT_TRUE(unlock(waiters_, mutex_));
  EXPECT_TRUE(try_lock(waiters_, mutex_, kC));
  EXPECT_TRUE(host_.ready.empty());
  EXPECT_TRUE(waiters_.anybody_waits_for(&mutex_));
}

TEST_F(MutexTest, IsFreeAfterAsManyUnlocksAsLocks) {
  ASSERT_TRUE(try_lock(waiters_, mutex_, kA));
  mutex_.depth = 3;
  EXPECT_FALSE(unlock(waiters_, mutex_));
  EXPECT_FALSE(unlock(waiters_, mutex_));
  EXPECT_TRUE(mutex_.held_by(kA));
  EXPECT_TRUE(unlock(waiters_, mutex_));
  EXPECT_TRUE(mutex_.free());
}

TEST_F(MutexTest, IsGivenUpByAWaiterWhoseTimeIsUp) {
  ASSERT_TRUE(try_lock(waiters_, mutex_, kA));
  wait_for(waiters_, mutex_, kB, 10);
  waiters_.fire([](const void*) { return false; });
  EXPECT_TRUE(host_.is_ready(kB));
  EXPECT_TRUE(waiters_.timed_out(kB));
  EXPECT_FALSE(waiters_.anybody_waits_for(&mutex_));
  host_.run(kB);
  EXPECT_TRUE(unlock(waiters_, mutex_));
  EXPECT_TRUE(host_.ready.empty());
}

}  // namespace
}  // namespace reweave::sync
