#include "runtime/program/loops.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace reweave::program {
namespace {

const long kFlag = 0, kOther = 0;

TEST(LoopDetector, SeesEqualTurnsOfSeveralReads) {
  LoopDetector loop;
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_FALSE(loop.turns(1, &kFlag, 0)) << turn;
    EXPECT_FALSE(loop.turns(2, &kOther, 5)) << turn;
  }
  EXPECT_FALSE(loop.turns(1, &kFlag, 0));
  EXPECT_TRUE(loop.turns(2, &kOther, 5));
  EXPECT_TRUE(loop.looks_at(&kFlag));
  EXPECT_TRUE(loop.looks_at(reinterpret_cast<const char*>(&kOther) + 7));
  EXPECT_FALSE(loop.looks_at(&loop));
}

TEST(LoopDetector, RestsOnceATurn) {
  LoopDetector loop;
  for (int turn = 0; turn < 3; ++turn) EXPECT_FALSE(loop.turns(1, &kFlag, 0));
  EXPECT_TRUE(loop.turns(1, &kFlag, 0));
  loop.rested();
  EXPECT_TRUE(loop.turning());
  EXPECT_TRUE(loop.turns(1, &kFlag, 0));
}

TEST(LoopDetector, IsNoneWhereSomethingChanges) {
  LoopDetector loop;
  long value = 0;
  for (std::uint64_t turn = 0; turn < 20; ++turn)
    EXPECT_FALSE(loop.turns(1, &kFlag, turn)) << "the value";
  for (int turn = 0; turn < 20; ++turn) {
    EXPECT_FALSE(loop.turns(2, &value + turn, 0)) << "the address: a walk";
  }
  for (int turn = 0; turn < 20; ++turn) {
    EXPECT_FALSE(loop.turns(3, &kFlag, 0)) << "an effect";
    loop.effect();
  }
}

TEST(LoopDetector, IsNoneWithMoreReadsThanItRemembers) {
  LoopDetector loop;
  for (int turn = 0; turn < 10; ++turn) {
    for (std::uint32_t site = 0; site < 20; ++site) EXPECT_FALSE(loop.turns(site, &kFlag, 0));
  }
}

}  // namespace
}  // namespace reweave::program
