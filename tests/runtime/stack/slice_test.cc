// Round trips: what a function had on its stack is there again, at the same addresses, whoever ran
// there meanwhile.
#include "runtime/stack/slice.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "scheduler/base/prng.h"
#include "tests/runtime/stack/turns.h"

namespace reweave::runtime {
namespace {

// Fills a local array of so many bytes, lets the others run `turns` times, and looks whether the
// array is still what it was and where it was.
template <std::size_t kBytes>
[[gnu::noinline]] bool keeps_local(Turns& turns, unsigned char mark, int rounds) {
  unsigned char local[kBytes];
  unsigned char* volatile address = local;
  std::memset(address, mark, kBytes);
  for (int i = 0; i < rounds; ++i) {
    turns.pass();
    if (address != local) return false;
    for (std::size_t at = 0; at < kBytes; ++at) {
      if (address[at] != mark) return false;
    }
  }
  return true;
}

template <std::size_t kBytes>
void expect_locals_kept() {
  Turns turns;
  int kept = 0;
  for (unsigned char mark = 1; mark <= 4; ++mark) {
    turns.add([&, mark] {
      if (keeps_local<kBytes>(turns, mark, 5)) ++kept;
    });
  }
  turns.run();
  EXPECT_TRUE(turns.all_ended());
  EXPECT_EQ(kept, 4) << kBytes;
  if (!kStackWindows) {
    EXPECT_GE(turns.stack().bytes_copied, 5 * 4 * kBytes);
  }
}

TEST(Slice, LocalsComeBackAtAnySize) {
  expect_locals_kept<1>();
  expect_locals_kept<127>();
  expect_locals_kept<512>();
  expect_locals_kept<4096>();
  expect_locals_kept<64 * 1024>();
  expect_locals_kept<100'000>();  // Larger than the largest class of the cache.
  expect_locals_kept<1'000'000>();
}

// A recursion whose levels have something to lose, with a turn passed on at random.
[[gnu::noinline]] std::string dig(Turns& turns, Prng& prng, int who, int depth, bool& intact) {
  volatile int local[12];
  for (int i = 0; i < 12; ++i) local[i] = who * 1000 + depth * 12 + i;
  std::string text = std::to_string(who) + ":" + std::to_string(depth);
  if (prng.below(3) == 0) turns.pass();
  if (depth > 0) text += " " + dig(turns, prng, who, depth - 1, intact);
  if (depth == 0 || prng.below(3) == 0) turns.pass();
  for (int i = 0; i < 12; ++i) intact = intact && local[i] == who * 1000 + depth * 12 + i;
  return text;
}

TEST(Slice, LocalsComeBackAtAnyDepth) {
  Turns turns;
  Prng prng(7);
  int ended = 0;
  for (int who = 0; who < 6; ++who) {
    turns.add([&, who] {
      bool intact = true;
      for (int round = 0; round < 40; ++round) {
        const int depth = static_cast<int>(prng.below(60));
        const std::string text = dig(turns, prng, who, depth, intact);
        EXPECT_EQ(text.substr(text.rfind(' ') + 1), std::to_string(who) + ":0");
      }
      EXPECT_TRUE(intact);
      ++ended;
    });
  }
  turns.run();
  EXPECT_EQ(ended, 6);
}

TEST(Slice, AFreshOneStartsAtTheBase) {
  Turns turns;
  std::size_t depth_of_first = 0, depth_of_second = 0;
  turns.add([&] {
    unsigned char deep[10'000];
    unsigned char* volatile keep = deep;
    keep[0] = 1;
    turns.pass();
  });
  turns.add([&] { depth_of_first = sliced_depth(turns.stack()); });
  turns.add([&] { depth_of_second = sliced_depth(turns.stack()); });
  turns.run();
  EXPECT_GT(depth_of_first, 0u);
  EXPECT_LT(depth_of_first, 2000u) << "it began below the one that started it";
  EXPECT_EQ(depth_of_first, depth_of_second);
}

TEST(Slice, TheHostAboveTheBaseIsNeverCopied) {
  Turns turns;
  EXPECT_EQ(sliced_depth(turns.stack()), 0u);
  volatile int mine = 41;
  turns.add([&] { mine = mine + 1; });
  turns.run();
  EXPECT_EQ(mine, 42);
  EXPECT_EQ(sliced_depth(turns.stack()), 0u);
  EXPECT_EQ(turns.stack().switches, 2u);  // In, and out.
  EXPECT_EQ(turns.stack().bytes_copied, 0u);
}

TEST(Slice, TheHostAboveTheBaseMayComeBackAgainAndAgain) {
  Turns turns;
  int visits = 0;
  const std::size_t member = turns.add([&] {
    volatile int local = 5;
    for (int i = 0; i < 10; ++i) {
      turns.leave();
      visits += local;
    }
  });
  while (!turns.run_one(member)) {
  }
  EXPECT_EQ(visits, 50);
  EXPECT_TRUE(turns.all_ended());
}

[[gnu::noinline]] bool resume_from_below(Turns& turns, std::size_t member) {
  unsigned char local[30'000];
  unsigned char* volatile address = local;
  std::memset(address, 0x5a, sizeof local);
  EXPECT_GT(sliced_depth(turns.stack()), 20'000u);
  const bool ended = turns.run_one(member);
  for (std::size_t i = 0; i < sizeof local; ++i) EXPECT_EQ(address[i], 0x5a);
  return ended;
}

TEST(Slice, AHostBelowTheBaseIsSavedLikeAnyOther) {
  if (kStackWindows) GTEST_SKIP() << "slices: with stack windows nothing is copied";
  Turns turns;
  const std::size_t member = turns.add([&] {
    EXPECT_TRUE(keeps_local<20'000>(turns, 9, 1));
    turns.leave();
    EXPECT_TRUE(keeps_local<25'000>(turns, 8, 1));
  });
  EXPECT_FALSE(turns.run_one(member));
  EXPECT_TRUE(resume_from_below(turns, member));
  EXPECT_TRUE(turns.all_ended());
}

struct CountsItsEnd {
  int* count;
  ~CountsItsEnd() { ++*count; }
};

[[gnu::noinline]] void leave_deep_down(Turns& turns, int depth, int* destroyed) {
  CountsItsEnd counter{destroyed};
  [[maybe_unused]] volatile unsigned char local[100] = {};
  if (depth > 0) {
    leave_deep_down(turns, depth - 1, destroyed);
  } else {
    turns.leave();
  }
}

TEST(Slice, AnAbandonedOneCostsNothingAndRunsNoDestructor) {
  Turns turns;
  int destroyed = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::size_t member = turns.add([&] { leave_deep_down(turns, 40, &destroyed); });
    ASSERT_FALSE(turns.run_one(member));
    turns.abandon(member);
  }
  EXPECT_EQ(destroyed, 0);
  EXPECT_TRUE(turns.all_ended());
  EXPECT_LE(turns.cache().counts().allocations, 2u);

  // The stack is as good as new.
  const std::size_t last = turns.add([&] {
    leave_deep_down(turns, 40, &destroyed);
    EXPECT_TRUE(keeps_local<4096>(turns, 3, 1));
  });
  EXPECT_FALSE(turns.run_one(last));
  EXPECT_TRUE(turns.run_one(last));
  EXPECT_EQ(destroyed, 41);
}

// ---- The cache ----

TEST(SliceCache, GivesAlignedBuffersOfTheWantedSize) {
  SliceCache cache;
  for (const std::size_t bytes : {1u, 511u, 512u, 513u, 65'536u, 65'537u, 1'000'000u}) {
    Slice slice;
    cache.reserve(slice, bytes);
    EXPECT_GE(slice.capacity, bytes);
    EXPECT_LT(slice.capacity, bytes + SliceCache::kClassBytes);
    EXPECT_EQ(slice.top, slice.buffer + slice.capacity);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slice.top) % 64, 0u);
    EXPECT_EQ(slice.sp, nullptr) << "a buffer alone does not make it anything but fresh";
    cache.release(slice);
    EXPECT_EQ(slice.buffer, nullptr);
  }
}

TEST(SliceCache, HandsABufferOfTheSameClassOutAgain) {
  SliceCache cache;
  Slice slice;
  cache.reserve(slice, 700);
  const std::byte* const buffer = slice.buffer;
  cache.reserve(slice, 900);  // Fits: kept as it is.
  EXPECT_EQ(slice.buffer, buffer);
  cache.release(slice);
  EXPECT_EQ(cache.counts().cached, 1u);
  cache.reserve(slice, 3000);  // Another class.
  EXPECT_EQ(cache.counts().allocations, 2u);
  Slice other;
  cache.reserve(other, 1024);
  EXPECT_EQ(other.buffer, buffer);
  EXPECT_EQ(cache.counts().reuses, 1u);
  EXPECT_EQ(cache.counts().cached, 0u);
  cache.release(slice);
  cache.release(other);
}

TEST(SliceCache, ThrowsAllAwayWhenOneMoreWouldBeTooMany) {
  SliceCache cache;
  std::vector<Slice> slices(SliceCache::kCachedMax + 1);
  for (Slice& slice : slices) cache.reserve(slice, 100);
  EXPECT_EQ(cache.counts().bytes, slices.size() * SliceCache::kClassBytes);
  for (Slice& slice : slices) cache.release(slice);
  EXPECT_EQ(cache.counts().cached, 1u);
  EXPECT_EQ(cache.counts().bytes, SliceCache::kClassBytes);
}

TEST(SliceCache, KeepsNothingLargerThanItsClasses) {
  SliceCache cache;
  Slice slice;
  cache.reserve(slice, SliceCache::kClassBytes * SliceCache::kClasses);
  cache.release(slice);
  EXPECT_EQ(cache.counts().cached, 0u);
  EXPECT_EQ(cache.counts().bytes, 0u);
}

TEST(SliceCache, KeepsNothingWhenItIsOff) {
  SliceCache cache;
  Slice slice;
  cache.reserve(slice, 100);
  cache.release(slice);
  cache.set_enabled(false);
  EXPECT_EQ(cache.counts().cached, 0u);
  EXPECT_EQ(cache.counts().bytes, 0u);
  cache.reserve(slice, 100);
  cache.release(slice);
  EXPECT_EQ(cache.counts().cached, 0u);
  EXPECT_EQ(cache.counts().allocations, 2u);
  EXPECT_EQ(cache.counts().reuses, 0u);
}

}  // namespace
}  // namespace reweave::runtime
