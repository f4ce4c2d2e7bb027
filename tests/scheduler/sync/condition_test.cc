#include "scheduler/sync/condition_variable.h"

#include "tests/scheduler/sync/recording_host.h"

namespace reweave::sync {
namespace {

bool is_free(const void* mutex) { return static_cast<const Mutex*>(mutex)->free(); }

class ConditionTest : public SyncTest {
 protected:
  /// `thread` takes the mutex, which is free, and waits.
  void wait_with_mutex(ThreadId thread, std::uint64_t deadline = kNever) {
    ASSERT_TRUE(try_lock(waiters_, mutex_, thread));
    EXPECT_TRUE(wait(waiters_, &condition_, mutex_, thread, deadline));
  }

  Mutex mutex_;
  const int condition_ = 0;
};

TEST_F(ConditionTest, GivesUpOneLevelOfTheMutex) {
  ASSERT_TRUE(try_lock(waiters_, mutex_, kA));
  mutex_.depth = 2;
  wait_for(waiters_, mutex_, kB);
  EXPECT_FALSE(wait(waiters_, &condition_, mutex_, kA, kNever));
  EXPECT_TRUE(mutex_.held_by(kA));
  EXPECT_EQ(mutex_.depth, 1u);
  EXPECT_TRUE(host_.ready.empty());
  EXPECT_TRUE(notify_one(waiters_, &condition_));
  EXPECT_EQ(host_.ready, (Threads{kA})) << "it holds the mutex already";
}

TEST_F(ConditionTest, WakesOneThatKeptTheMutexWhenItsTimeIsUp) {
  ASSERT_TRUE(try_lock(waiters_, mutex_, kA));
  mutex_.depth = 2;
  EXPECT_FALSE(wait(waiters_, &condition_, mutex_, kA, 10));
  EXPECT_EQ(waiters_.fire(is_free), kA);
  EXPECT_EQ(host_.ready, (Threads{kA}));
  EXPECT_TRUE(waiters_.timed_out(kA));
}

TEST_F(ConditionTest, LosesANotificationThatNobodyWaitsFor) {
  EXPECT_FALSE(notify_one(waiters_, &condition_));
  EXPECT_EQ(notify_all(waiters_, &condition_), 0u);
  wait_with_mutex(kA);
  EXPECT_TRUE(host_.ready.empty());
}

TEST_F(ConditionTest, MakesANotifiedThreadReadyOnlyWhenTheMutexIsFree) {
  wait_with_mutex(kA);
  ASSERT_TRUE(try_lock(waiters_, mutex_, kB));
  EXPECT_TRUE(notify_one(waiters_, &condition_));
  EXPECT_TRUE(host_.ready.empty());
  EXPECT_EQ(waiters_.of(kA).kind, WaitKind::kMutex);
  unlock(waiters_, mutex_);
  EXPECT_EQ(host_.ready, (Threads{kA}));
}

TEST_F(ConditionTest, MakesItReadyAtOnceWhereTheMutexIsFree) {
  wait_with_mutex(kA);
  EXPECT_TRUE(notify_one(waiters_, &condition_));
  EXPECT_EQ(host_.ready, (Threads{kA}));
}

TEST_F(ConditionTest, AsksWhoIsNotified) {
  wait_with_mutex(kA);
  wait_with_mutex(kB);
  host_.answer = 1;
  EXPECT_TRUE(notify_one(waiters_, &condition_));
  EXPECT_EQ(host_.asked, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(host_.ready, (Threads{kB}));
}

TEST_F(ConditionTest, NotifiesAllAndTheyTakeTheMutexOneByOne) {
  wait_with_mutex(kA);
  wait_with_mutex(kB);
  wait_with_mutex(kC);
  EXPECT_EQ(notify_all(waiters_, &condition_), 3u);
  EXPECT_EQ(host_.ready.size(), 3u);
  host_.run(kB);
  EXPECT_TRUE(try_lock(waiters_, mutex_, kB));
  EXPECT_TRUE(host_.ready.empty());
  unlock(waiters_, mutex_);
  EXPECT_EQ(host_.ready, (Threads{kA, kC}));
}

TEST_F(ConditionTest, LetsAWaiterWhoseTimeIsUpGoOnToTheMutex) {
  wait_with_mutex(kA, 10);
  ASSERT_TRUE(try_lock(waiters_, mutex_, kB));
  EXPECT_EQ(waiters_.fire(is_free), kA);
  EXPECT_TRUE(host_.ready.empty()) << "the mutex is held";
  EXPECT_TRUE(waiters_.timed_out(kA));
  EXPECT_EQ(waiters_.timed(), 0u);
  EXPECT_EQ(notify_all(waiters_, &condition_), 0u) << "it waits there no longer";
  unlock(waiters_, mutex_);
  EXPECT_EQ(host_.ready, (Threads{kA}));
  EXPECT_TRUE(waiters_.timed_out(kA));
}

TEST_F(ConditionTest, IsNotLateWhereTheNotificationCameFirst) {
  wait_with_mutex(kA, 10);
  EXPECT_TRUE(notify_one(waiters_, &condition_));
  EXPECT_FALSE(waiters_.timed_out(kA));
  EXPECT_EQ(waiters_.next_deadline(), kNever) << "the time-out is of the condition, not the mutex";
}

TEST_F(ConditionTest, WakesSpuriouslyAsAfterANotification) {
  wait_with_mutex(kA);
  wake_spuriously(waiters_, kA);
  EXPECT_EQ(host_.ready, (Threads{kA}));
  EXPECT_FALSE(waiters_.timed_out(kA));
}

}  // namespace
}  // namespace reweave::sync
