#include "scheduler/sync/rwlock.h"

#include "tests/scheduler/sync/recording_host.h"

namespace reweave::sync {
namespace {

class RwLockTest : public SyncTest {
 protected:
  RwLock lock_;
};

TEST_F(RwLockTest, HasManyReadersOrOneWriter) {
  EXPECT_TRUE(lock_.free());
  EXPECT_TRUE(try_read(waiters_, lock_, kA));
  EXPECT_TRUE(try_read(waiters_, lock_, kB));
  EXPECT_FALSE(try_write(waiters_, lock_, kC));
  unlock(waiters_, lock_);
  EXPECT_FALSE(try_write(waiters_, lock_, kC));
  unlock(waiters_, lock_);
  EXPECT_TRUE(try_write(waiters_, lock_, kC));
  EXPECT_TRUE(lock_.written_by(kC));
  EXPECT_FALSE(try_read(waiters_, lock_, kA));
  EXPECT_FALSE(try_write(waiters_, lock_, kC)) << "not even to its own writer";
}

TEST_F(RwLockTest, LeavesWaitingReadersReadyWhenAReaderTakesIt) {
  ASSERT_TRUE(try_write(waiters_, lock_, kA));
  wait_for(waiters_, lock_, kB, /*to_write=*/false);
  wait_for(waiters_, lock_, kC, /*to_write=*/true);
  wait_for(waiters_, lock_, kD, /*to_write=*/false);
  unlock(waiters_, lock_);
  EXPECT_EQ(host_.ready, (Threads{kB, kC, kD}));
  host_.run(kB);
  EXPECT_TRUE(try_read(waiters_, lock_, kB));
  EXPECT_EQ(host_.ready, (Threads{kD}));
  host_.run(kD);
  EXPECT_TRUE(try_read(waiters_, lock_, kD));
  unlock(waiters_, lock_);
  EXPECT_TRUE(host_.ready.empty()) << "one still reads";
  unlock(waiters_, lock_);
  EXPECT_EQ(host_.ready, (Threads{kC}));
}

TEST_F(RwLockTest, PutsAllOthersBackWhenAWriterTakesIt) {
  ASSERT_TRUE(try_read(waiters_, lock_, kA));
  wait_for(waiters_, lock_, kB, /*to_write=*/true);
  wait_for(waiters_, lock_, kC, /*to_write=*/true);
  unlock(waiters_, lock_);
  host_.run(kC);
  EXPECT_TRUE(try_write(waiters_, lock_, kC));
  EXPECT_TRUE(host_.ready.empty());
}

TEST_F(RwLockTest, KeepsNewReadersOutForAWriterIfItPrefersWriters) {
  ASSERT_TRUE(try_read(waiters_, lock_, kA, /*prefers_writers=*/true));
  wait_for(waiters_, lock_, kB, /*to_write=*/true);
  EXPECT_FALSE(try_read(waiters_, lock_, kC, /*prefers_writers=*/true));
  EXPECT_TRUE(try_read(waiters_, lock_, kC, /*prefers_writers=*/false));
}

}  // namespace
}  // namespace reweave::sync
