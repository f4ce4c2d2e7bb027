// A Host that remembers who is ready, and answers as it is told: a scheduler without threads.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "scheduler/sync/waiters.h"

namespace reweave::sync {

inline constexpr ThreadId kA{0}, kB{1}, kC{2}, kD{3};

class RecordingHost final : public Host {
 public:
  void make_ready(ThreadId thread) override {
    EXPECT_FALSE(is_ready(thread)) << "made ready twice";
    ready.push_back(thread);
  }
  void unready(ThreadId thread) override {
    EXPECT_TRUE(is_ready(thread)) << "put back although it is not ready";
    std::erase(ready, thread);
  }
  std::uint32_t pick_waiter(std::uint32_t waiters) override {
    asked.push_back(waiters);
    return std::min(answer, waiters - 1);
  }

  bool is_ready(ThreadId thread) const {
    return std::find(ready.begin(), ready.end(), thread) != ready.end();
  }
  /// `thread` is chosen and runs.
  void run(ThreadId thread) {
    EXPECT_TRUE(is_ready(thread));
    std::erase(ready, thread);
  }

  std::vector<ThreadId> ready;       // In the order in which they became so.
  std::vector<std::uint32_t> asked;  // Among how many each time.
  std::uint32_t answer = 0;
};

/// A table with its host.
class SyncTest : public testing::Test {
 protected:
  using Threads = std::vector<ThreadId>;

  RecordingHost host_;
  Waiters waiters_{host_};
};

}  // namespace reweave::sync
