// Different executions are counted, exactly as long as they are few.
#include "scheduler/base/distinct.h"

#include <gtest/gtest.h>

#include "scheduler/base/prng.h"

namespace reweave {
namespace {

using Sight = DistinctHashes::Sight;

TEST(Distinct, CountsEachHashOnce) {
  DistinctHashes seen;
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint64_t hash = 0; hash < 5000; ++hash)
      EXPECT_EQ(seen.add(hash), round == 0 ? Sight::kNew : Sight::kSeen) << hash;
  }
  EXPECT_EQ(seen.count(), 5000u);
  EXPECT_TRUE(seen.is_exact());
  seen.clear();
  EXPECT_EQ(seen.count(), 0u);
  EXPECT_EQ(seen.add(7), Sight::kNew);
}

TEST(Distinct, EstimatesManyWithinOnePerCentAndInBoundedMemory) {
  DistinctHashes seen;
  constexpr std::uint64_t kMany = 5 * DistinctHashes::kKeptMax;
  Prng prng(1);
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const std::uint64_t hash = prng.next();
    (void)seen.add(hash);
    EXPECT_NE(seen.add(hash), Sight::kNew);
  }
  EXPECT_FALSE(seen.is_exact());
  EXPECT_NEAR(static_cast<double>(seen.count()), static_cast<double>(kMany), kMany * 0.01);
}

}  // namespace
}  // namespace reweave
