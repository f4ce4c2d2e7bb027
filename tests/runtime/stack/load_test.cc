// A hundred thousand round trips, plain ones and spills, over stacks of all depths: silent under
// ASan, and without a malloc once the cache is warm.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "scheduler/base/prng.h"
#include "tests/runtime/stack/turns.h"

namespace reweave::runtime {
namespace {

constexpr std::uint64_t kRoundTrips = 100'000;

// What real code does on a stack: arrays, strings, formatting, sorting, exceptions.
struct Load {
  Turns& turns;
  Prng prng;
  std::uint64_t trips = 0;
  std::uint64_t corrupt = 0;

  void away() {
    ++trips;
    turns.pass();
  }

  [[gnu::noinline]] int work(int who, int depth, int level) {
    char text[40];
    std::array<int, 16> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = (static_cast<int>(i) * who * 31 + depth) % 17;
    }
    std::sort(numbers.begin(), numbers.end());
    const std::array<int, 16> copy = numbers;
    std::snprintf(text, sizeof text, "%d:%d:%d", who, depth, level);
    const std::string before = text;

    if (prng.below(3) == 0) away();
    if (depth > 0) {
      work(who, depth - 1, level);
    } else if (level < 3 && prng.below(2) == 0) {
      spill(who, level);
    } else {
      away();
    }
    if (numbers != copy || before != text) ++corrupt;
    return numbers[3];
  }

  [[gnu::noinline]] void spill(int who, int level) {
    const int depth = static_cast<int>(prng.below(9));
    const bool throws = prng.below(4) == 0;
    ++trips;
    try {
      // Nothing of the deep stack may be touched from the shallow one: all by value.
      turns.spilled([this, who, depth, level, throws] {
        work(who, depth, level + 1);
        if (throws) throw who * 100 + level;
      });
      if (throws) ++corrupt;
    } catch (int error) {
      if (!throws || error != who * 100 + level) ++corrupt;
    }
  }
};

TEST(Load, AHundredThousandRoundTripsAreSilent) {
  Turns turns;
  Load load{turns, Prng(20)};
  std::array<bool, 6> done{};
  for (int who = 0; who < 6; ++who) {
    turns.add([&, who] {
      while (load.trips < kRoundTrips) {
        const int depth = static_cast<int>(load.prng.below(load.prng.below(20) == 0 ? 120 : 12));
        load.work(who, depth, 0);
      }
      done[static_cast<std::size_t>(who)] = true;
    });
  }
  turns.run();
  EXPECT_TRUE(turns.all_ended());
  EXPECT_GE(load.trips, kRoundTrips);
  EXPECT_EQ(load.corrupt, 0u);
  EXPECT_GE(turns.spills(), kRoundTrips / 20);
  EXPECT_GE(turns.stack().switches, kRoundTrips);
  RecordProperty("round_trips", std::to_string(load.trips));
  RecordProperty("spills", std::to_string(turns.spills()));
}

[[gnu::noinline]] void away_from(Turns& turns, std::uint64_t depth) {
  volatile char local[200];
  local[0] = 1;
  if (depth > 0) {
    away_from(turns, depth - 1);
  } else {
    turns.pass();
  }
  local[1] = local[0];
}

TEST(Load, SwitchesNeedNoMallocOnceTheCacheIsWarm) {
  if (kStackWindows) GTEST_SKIP() << "slices: with stack windows nothing is copied";
  Turns turns;
  std::uint64_t allocations_warm = 0, allocations_end = 0;
  for (std::uint64_t who = 0; who < 4; ++who) {
    turns.add([&, who] {
      // The same depths again and again, so what is in the cache is what is needed.
      for (std::uint64_t round = 0; round < 5'000; ++round) {
        const std::uint64_t depth = (who * 7 + round) % 20;
        if (round % 50 != 0) {
          away_from(turns, depth);
        } else {
          turns.spilled([&turns, depth] { away_from(turns, depth); });
        }
        if (round == 200) allocations_warm = turns.cache().counts().allocations;
      }
      if (who == 0) allocations_end = turns.cache().counts().allocations;
    });
  }
  turns.run();
  EXPECT_GT(allocations_warm, 0u);
  EXPECT_EQ(allocations_end, allocations_warm);
  EXPECT_GT(turns.cache().counts().reuses, 19'000u);
}

}  // namespace
}  // namespace reweave::runtime
