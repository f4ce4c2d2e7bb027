// A test of somebody's own, with GoogleTest, whose bodies are explored. One of them fails.
#include <gtest/gtest.h>
#include <reweave/check.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

/// A queue of at most one value, with the bug of everybody: it wakes one thread for two conditions.
class Slot {
 public:
  void put(int value) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !full_; });
    value_ = value;
    full_ = true;
    changed_.notify_one();
  }
  int take() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return full_; });
    full_ = false;
    changed_.notify_one();
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;
  int value_ = 0;
};

int global = 0;

TEST(Checked, WhatIsRightPasses) {
  int local = 0;
  const auto result = reweave::check([&] {
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        const std::lock_guard<std::mutex> lock(mutex);
        ++local;
        ++global;
      });
    }
    for (std::thread& thread : threads) thread.join();
    // Everything is as it was before each time.
    if (local != 3 || global != 3) reweave::fail("an addition was lost");
  });
  EXPECT_TRUE(result) << result.report;
  EXPECT_GT(result.executions, 5u);
  EXPECT_EQ(local, 0);
}

TEST(Checked, ThatNothingWasExploredIsSaid) {
  int value = 0;
  const auto alone = reweave::check([&] { value = 1; }, {.executions = 100});
  EXPECT_TRUE(alone.passed);
  EXPECT_NE(alone.report.find("nothing was explored"), std::string::npos) << alone.report;
  const auto explored = reweave::check([] { std::thread([] {}).join(); }, {.executions = 100});
  EXPECT_TRUE(explored.passed);
  EXPECT_EQ(explored.report, "");
}

TEST(Checked, ALostUpdateIsFound) {
  const auto body = [] {
    int counter = 0;
    std::thread a([&] { ++counter; }), b([&] { ++counter; });
    a.join();
    b.join();
    if (counter != 2) reweave::fail("an addition was lost");
  };
  const auto found = reweave::check(body, {.name = "lost"});
  EXPECT_FALSE(found.passed);
  EXPECT_EQ(found.signature.rfind("assertion fail", 0), 0u) << found.signature;
  EXPECT_NE(found.report.find("an addition was lost"), std::string::npos) << found.report;
  EXPECT_NE(found.report.find("REWEAVE_SCHEDULE='" + found.schedule + "'"), std::string::npos)
      << found.report;
  const auto again = reweave::check(body, {.name = "lost", .schedule = found.schedule.c_str()});
  EXPECT_FALSE(again.passed);
  EXPECT_EQ(again.signature, found.signature);
  EXPECT_EQ(again.executions, 1u);
}

TEST(Checked, ARaceThatDoesNoHarmIsFoundOnDemand) {
  const auto body = [] {
    int written = 0;
    std::thread a([&] { written = 1; }), b([&] { written = 1; });
    a.join();
    b.join();
  };
  EXPECT_TRUE(reweave::check(body));
  const auto found = reweave::check(body, {.races = true});
  EXPECT_FALSE(found.passed);
  EXPECT_EQ(found.signature.rfind("race", 0), 0u) << found.signature;
}

TEST(Checked, TheMixIsTheDefault) {
  const auto body = [] {
    Slot slot;
    std::thread a([&] { slot.put(1); }), b([&] { slot.put(2); });
    std::thread c([&] { slot.take(); }), d([&] { slot.take(); });
    for (std::thread* const thread : {&a, &b, &c, &d}) thread->join();
  };
  const auto found = reweave::check(body);
  EXPECT_FALSE(reweave::check(body, {.strategy = "mix"}).passed);
  EXPECT_NE(found.executions, reweave::check(body, {.strategy = "portfolio"}).executions);
}

TEST(Checked, ErrorsAreSaid) {
  const auto body = [] { std::thread([] {}).join(); };
  const auto no_strategy = reweave::check(body, {.strategy = "no-such"});
  EXPECT_FALSE(no_strategy);
  EXPECT_NE(no_strategy.report.find("no-such"), std::string::npos) << no_strategy.report;
  const auto no_schedule = reweave::check(body, {.schedule = "nonsense"});
  EXPECT_FALSE(no_schedule);
  EXPECT_NE(no_schedule.report.find("REWEAVE_SCHEDULE"), std::string::npos) << no_schedule.report;
}

REWEAVE_TEST(Checked, ExpectationsCount) {
  int value = 0;
  std::thread writer([&] { value = 1; });
  EXPECT_EQ(value, 0);  // Not if the writer was faster.
  writer.join();
}

REWEAVE_TEST(Checked, ASlotForTwoIsOne) {
  Slot slot;
  std::thread a([&] { slot.put(1); }), b([&] { slot.put(2); });
  std::thread c([&] { slot.take(); }), d([&] { slot.take(); });
  for (std::thread* const thread : {&a, &b, &c, &d}) thread->join();
}

}  // namespace
