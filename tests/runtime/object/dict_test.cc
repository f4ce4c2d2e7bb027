#include "runtime/object/dict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace reweave::runtime {
namespace {

using ::testing::ElementsAre;

// A dict of numbers whose first table and memory are its own.
struct TestDict {
  explicit TestDict(const DictTuning& tuning = kDefaultDict)
      : first(tuning.smallest), dict(tuning, memory, first.data()) {}
  Object* set(std::uint64_t key, Object* value) { return dict.set(key, key, value); }

  SystemTables memory;
  std::vector<DictEntry> first;
  Dict dict;
};

// The sizes of the table after each of `count` insertions, from an empty dict on.
std::vector<std::size_t> sizes(const DictTuning& tuning, std::uint64_t count) {
  TestDict t(tuning);
  Object value;
  std::vector<std::size_t> result = {t.dict.size()};
  for (std::uint64_t i = 0; i < count; ++i) {
    t.set(i, &value);
    result.push_back(t.dict.size());
  }
  return result;
}

TEST(Dict, GrowsWhereCPythonDoes) {
  // dictobject.c of 2.7: the sixth entry fills two thirds of 8, the 22nd of 32.
  const std::vector<std::size_t> grown = sizes(kDefaultDict, 22);
  EXPECT_EQ(grown[5], 8u);
  EXPECT_EQ(grown[6], 32u);
  EXPECT_EQ(grown[21], 32u);
  EXPECT_EQ(grown[22], 128u);
}

TEST(Dict, GrowsMoreSlowlyAboveTheLimit) {
  DictTuning tuning;
  tuning.slower_above = 20;
  EXPECT_EQ(sizes(tuning, 22)[22], 64u);
  EXPECT_EQ(sizes(kDefaultDict, 50'000).back(), 131'072u);
  EXPECT_EQ(sizes(kDefaultDict, 87'382).back(), 262'144u);
}

TEST(Dict, AFirstTableOfOneEntryIsEnough) {
  EXPECT_THAT(sizes(kThriftyDict, 5), ElementsAre(1u, 2u, 4u, 4u, 8u, 8u));
}

TEST(Dict, TheTestForTheNextInsertionComesEarlier) {
  DictTuning tuning = kThriftyDict;
  tuning.test = DictTuning::Test::kNextOver;
  EXPECT_THAT(sizes(tuning, 6), ElementsAre(1u, 2u, 4u, 8u, 8u, 8u, 16u));
}

TEST(Dict, RefusesATuningWithoutAnEndToASearch) {
  EXPECT_TRUE(kDefaultDict.is_valid());
  EXPECT_TRUE(kThriftyDict.is_valid());
  EXPECT_FALSE((DictTuning{.smallest = 0}.is_valid()));
  EXPECT_FALSE((DictTuning{.smallest = 6}.is_valid()));
  EXPECT_FALSE((DictTuning{.load_num = 5, .load_den = 4}.is_valid()));
  EXPECT_FALSE((DictTuning{.growth_num = 1, .growth_den = 2}.is_valid()));
}

TEST(Dict, ReplacingHandsOutTheOldValue) {
  TestDict t;
  std::array<Object, 2> values;
  EXPECT_EQ(t.set(7, values.data()), nullptr);
  EXPECT_EQ(t.set(7, &values[1]), values.data());
  EXPECT_EQ(t.dict.find(7, 7), &values[1]);
  EXPECT_EQ(t.dict.used(), 1u);
}

TEST(Dict, ADummyKeepsTheWayOpenAndIsUsedAgain) {
  TestDict t;
  Object value;
  // All three want the same place.
  t.dict.set(1, 8, &value);
  t.dict.set(2, 8, &value);
  t.dict.set(3, 8, &value);
  EXPECT_EQ(t.dict.remove(1, 8).value, &value);
  EXPECT_EQ(t.dict.remove(1, 8).value, nullptr);
  EXPECT_EQ(t.dict.find(3, 8), &value);
  EXPECT_EQ(t.dict.fill(), 3u);
  EXPECT_EQ(t.dict.used(), 2u);
  t.dict.set(4, 8, &value);
  EXPECT_EQ(t.dict.fill(), 3u);
}

TEST(Dict, DummiesAreGoneAfterAResizeWhichMayMakeTheTableSmaller) {
  TestDict t;
  Object value;
  for (std::uint64_t key = 0; key < 20; ++key) t.set(key, &value);
  for (std::uint64_t key = 0; key < 19; ++key) t.dict.remove(key, key);
  EXPECT_EQ(t.dict.size(), 32u);
  EXPECT_EQ(t.dict.fill(), 20u);
  t.set(40, &value);
  EXPECT_EQ(t.dict.fill(), 20u);  // Where 8 was.
  t.set(20, &value);
  t.set(21, &value);
  EXPECT_EQ(t.dict.size(), 32u);  // The smallest with more than four times four.
  EXPECT_EQ(t.dict.fill(), 4u);
  EXPECT_EQ(t.dict.find(40, 40), &value);
}

TEST(Dict, TheFirstTableIsCleanedInItsPlace) {
  DictTuning tuning = kDefaultDict;
  tuning.growth_num = 1;
  TestDict t(tuning);
  Object value;
  for (std::uint64_t key = 0; key < 5; ++key) {
    t.set(key, &value);
    t.dict.remove(key, key);
  }
  t.set(5, &value);
  EXPECT_TRUE(t.dict.is_first_table());
  EXPECT_EQ(t.dict.fill(), 1u);
  EXPECT_EQ(t.dict.find(5, 5), &value);
  EXPECT_EQ(t.memory.bytes(), 0u);
}

TEST(Dict, DetachingLeavesAnEmptyDictAndEntriesInOrderOfHashes) {
  TestDict t(kThriftyDict);
  Object value;
  for (const std::uint64_t key : {30u, 2u, 17u, 9u}) t.set(key, &value);
  t.dict.remove(2, 2);
  const std::uint32_t version = t.dict.version();
  const Dict::Detached detached = t.dict.detach();
  EXPECT_EQ(t.dict.used(), 0u);
  EXPECT_EQ(t.dict.size(), 1u);
  EXPECT_NE(t.dict.version(), version);
  t.set(1, &value);  // Changes nothing in what was detached.
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < detached.count && detached.table[i].value != nullptr; ++i)
    keys.push_back(detached.table[i].key);
  EXPECT_THAT(keys, ElementsAre(9u, 17u, 30u));
  t.dict.give_back(detached);
  const Dict::Detached second = t.dict.detach();
  EXPECT_EQ(second.count, 2u);
  t.dict.give_back(second);
}

TEST(Dict, BytesAreThoseOfHeadFirstTableAndTheOther) {
  TestDict t;
  Object value;
  EXPECT_EQ(t.dict.bytes(52, 12), 52u + 8 * 12);
  for (std::uint64_t key = 0; key < 6; ++key) t.set(key, &value);
  EXPECT_EQ(t.dict.bytes(52, 12), 52u + 8 * 12 + 32 * 12);
  EXPECT_EQ(t.memory.bytes(), 32 * sizeof(DictEntry));
}

}  // namespace
}  // namespace reweave::runtime
