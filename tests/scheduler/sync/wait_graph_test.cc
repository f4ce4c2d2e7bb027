#include "scheduler/sync/wait_graph.h"

#include <map>

#include "tests/scheduler/sync/recording_host.h"

namespace reweave::sync {
namespace {

class WaitGraphTest : public SyncTest {
 protected:
  using Holders = std::map<const void*, std::vector<ThreadId>>;

  void wait(ThreadId thread, const void* object) {
    waiters_.wait(thread, {.kind = WaitKind::kMutex, .object = object});
  }
  Threads circle(const Holders& holders) {
    return find_circle(waiters_,
                       [&](ThreadId, const Wait& wait, std::vector<ThreadId>& without_whom) {
                         const auto found = holders.find(wait.object);
                         if (found != holders.end()) without_whom = found->second;
                       });
  }

  const int one_ = 0, two_ = 0, three_ = 0;
};

TEST_F(WaitGraphTest, HasNoCircleWhereTheHolderCanGoOn) {
  wait(kA, &one_);
  wait(kB, &two_);
  EXPECT_EQ(circle({{&one_, {kB}}, {&two_, {kC}}}), Threads{});
}

TEST_F(WaitGraphTest, HasNoCircleWhereAnybodyCouldHelp) {
  wait(kA, &one_);
  wait(kB, &one_);
  EXPECT_EQ(circle({}), Threads{});
}

TEST_F(WaitGraphTest, FindsACircleOfTwo) {
  wait(kA, &two_);
  wait(kB, &one_);
  EXPECT_EQ(circle({{&one_, {kA}}, {&two_, {kB}}}), (Threads{kA, kB}));
}

TEST_F(WaitGraphTest, FindsAThreadThatWaitsForItself) {
  wait(kA, &one_);
  EXPECT_EQ(circle({{&one_, {kA}}}), (Threads{kA}));
}

TEST_F(WaitGraphTest, LeavesOutWhoOnlyWaitsForTheCircle) {
  wait(kD, &one_);
  wait(kA, &two_);
  wait(kB, &three_);
  wait(kC, &one_);
  EXPECT_EQ(circle({{&one_, {kA}}, {&two_, {kB}}, {&three_, {kC}}}), (Threads{kA, kB, kC}));
}

TEST_F(WaitGraphTest, FollowsEveryHolderOfALock) {
  wait(kA, &one_);
  wait(kC, &two_);
  EXPECT_EQ(circle({{&one_, {kB, kC}}, {&two_, {kA}}}), (Threads{kA, kC}));
}

}  // namespace
}  // namespace reweave::sync
