#include "runtime/program/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

namespace reweave::program {
namespace {

constexpr std::uintptr_t kAt = 0x2f0000000000u;

class ArenaTest : public testing::Test {
 protected:
  ArenaTest() { opened_ = arena_.open(next_, kBytes, /*tells_dead=*/true); }
  void SetUp() override {
    next_ += kBytes;
    ASSERT_TRUE(opened_);
  }

  static constexpr std::size_t kBytes = 64 << 20;
  static inline std::uintptr_t next_ = kAt;
  Arena arena_;
  bool opened_ = false;
};

TEST_F(ArenaTest, TellsWhatIsInABlockThatIsInUse) {
  std::mt19937 random(1);
  std::map<char*, std::size_t> used, freed;
  for (int i = 0; i < 3000; ++i) {
    if (random() % 2 == 0 || used.empty()) {
      const std::size_t bytes = random() % (random() % 8 == 0 ? 20'000 : 200);
      auto* const block = static_cast<char*>(arena_.allocate(bytes));
      ASSERT_NE(block, nullptr);
      freed.erase(block);
      used[block] = Arena::usable_bytes(block);
      std::memset(block, 0xff, used[block]);
    } else {
      auto at = used.begin();
      std::advance(at, random() % used.size());
      ASSERT_TRUE(arena_.release(at->first, reinterpret_cast<std::uintptr_t>(at->first)));
      freed.insert(*at);
      used.erase(at);
    }
  }
  for (const auto& [block, bytes] : used) {
    EXPECT_TRUE(arena_.is_dead(block - 1));
    for (std::size_t at = 0; at < bytes; at += 7) EXPECT_FALSE(arena_.is_dead(block + at));
    EXPECT_EQ(arena_.freed(block - 1), nullptr);
  }
  for (const auto& [block, bytes] : freed) {
    for (const std::size_t at : {std::size_t{0}, bytes / 2, bytes - 1}) {
      EXPECT_TRUE(arena_.is_dead(block + at));
      ASSERT_NE(arena_.freed(block + at), nullptr);
      EXPECT_EQ(*arena_.freed(block + at), reinterpret_cast<std::uintptr_t>(block));
    }
  }
}

TEST_F(ArenaTest, KnowsThatNothingLiesBehindItsLastBlock) {
  auto* const block = static_cast<char*>(arena_.allocate(1000));
  const Arena::Mark mark = arena_.mark();
  for (int i = 0; i < 2; ++i) {
    ASSERT_NE(arena_.allocate(5000), nullptr);
    EXPECT_FALSE(arena_.is_dead(block + 999));
    for (const char* const at : {arena_.bump(), arena_.begin() + kBytes - 1}) {
      EXPECT_TRUE(arena_.is_dead(at));
      EXPECT_EQ(arena_.freed(at), nullptr);
    }
    EXPECT_FALSE(arena_.is_dead(arena_.begin() + kBytes));
    arena_.reset(mark);
    EXPECT_TRUE(arena_.is_dead(arena_.bump() + 16));
  }
}

TEST_F(ArenaTest, PutsBackWhatWasFreedBeforeAndAfterTheMark) {
  void* const kept = arena_.allocate(100);
  void* const gone = arena_.allocate(100);
  ASSERT_TRUE(arena_.release(gone));
  const Arena::Mark mark = arena_.mark();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(arena_.release(kept));
    void* const later = arena_.allocate(1000);
    ASSERT_TRUE(arena_.release(later));
    EXPECT_TRUE(arena_.is_dead(kept) && arena_.is_dead(later));
    arena_.reset(mark);
    // The snapshot puts back what stood in the block's header.
    std::memset(static_cast<char*>(kept) - 16, 0, 16);
    EXPECT_FALSE(arena_.is_dead(kept));
    EXPECT_TRUE(arena_.is_dead(gone));
    EXPECT_TRUE(arena_.is_dead(later));
    reinterpret_cast<std::uint32_t*>(static_cast<char*>(kept) - 16)[0] = 7;
    reinterpret_cast<std::uint32_t*>(static_cast<char*>(kept) - 16)[1] = 0x5eed5eed;
  }
}

TEST_F(ArenaTest, SparesWhatWasFreedUntilSoMuchIsUsed) {
  const Arena::Mark mark = arena_.mark();
  void* const first = arena_.allocate(48);
  ASSERT_TRUE(arena_.release(first));
  EXPECT_TRUE(arena_.would_reuse(48));
  EXPECT_FALSE(arena_.would_reuse(480));
  arena_.spare_freed(256);
  EXPECT_FALSE(arena_.would_reuse(48));
  int others = 0;
  while (arena_.allocate(48) != first) {
    EXPECT_TRUE(arena_.is_dead(first));
    ASSERT_LT(++others, 10);
  }
  EXPECT_EQ(others, 4);  // Of 64 bytes, with their headers.
  ASSERT_TRUE(arena_.release(first));
  arena_.spare_freed(256);
  arena_.reset(mark);
  EXPECT_EQ(arena_.allocate(48), first);
  ASSERT_TRUE(arena_.release(first));
  EXPECT_TRUE(arena_.would_reuse(48));
}

TEST_F(ArenaTest, SparesNoLargeBlock) {
  void* const large = arena_.allocate(4000);
  ASSERT_TRUE(arena_.release(large));
  arena_.spare_freed(1 << 20);
  EXPECT_FALSE(arena_.would_reuse(4000));
  EXPECT_EQ(arena_.allocate(4000), large);
}

}  // namespace
}  // namespace reweave::program
