// How a tasklet rounds is its own affair: MXCSR and the x87 control word, or FPCR, travel with its
// slice, and a fresh slice starts with the defaults, not with its creator's.
#include <gtest/gtest.h>

#include <cfenv>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "tests/runtime/stack/turns.h"

namespace reweave::runtime {
namespace {

// 1/3 in the rounding mode that is set now; the compiler must not know.
double third() {
  volatile double one = 1, three = 3;
  return one / three;
}

class FloatControl : public testing::Test {
 protected:
  void TearDown() override { std::fesetenv(FE_DFL_ENV); }
};

TEST_F(FloatControl, RoundingIsTheSlicesOwn) {
  Turns turns;
  const double nearest = third();
  int wrong = 0;
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    turns.add([&, mode] {
      std::fesetround(mode);
      const double mine = third();
      for (int i = 0; i < 20; ++i) {
        turns.pass();
        if (std::fegetround() != mode || third() != mine) ++wrong;
      }
      if ((mine > nearest) != (mode == FE_UPWARD)) ++wrong;
    });
  }
  turns.run();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST) << "what a tasklet set came out to the host";
}

TEST_F(FloatControl, AFreshSliceStartsWithTheDefaults) {
  Turns turns;
  std::fesetround(FE_UPWARD);
  std::vector<int> modes;
  turns.add([&] {
    modes.push_back(std::fegetround());
    std::fesetround(FE_DOWNWARD);
    turns.pass();
  });
  turns.add([&] { modes.push_back(std::fegetround()); });
  turns.run();
  EXPECT_EQ(modes, (std::vector<int>{FE_TONEAREST, FE_TONEAREST}));
  EXPECT_EQ(std::fegetround(), FE_UPWARD) << "the host's own mode was lost";
}

TEST_F(FloatControl, ASpilledLevelStartsWithTheDefaultsAndTheDeepOneKeepsItsOwn) {
  Turns turns;
  std::vector<int> modes;
  turns.add([&] {
    std::fesetround(FE_UPWARD);
    turns.spilled([&modes] {
      modes.push_back(std::fegetround());
      std::fesetround(FE_TOWARDZERO);
    });
    modes.push_back(std::fegetround());
  });
  turns.run();
  EXPECT_EQ(modes, (std::vector<int>{FE_TONEAREST, FE_UPWARD}));
}

// On AArch64 half of the vector registers are the callee's to keep, and a loop like this has its
// sums in them.
[[gnu::noinline]] bool keeps_sums(Turns& turns, double who) {
  double a = who, b = who + 1, c = who + 2, d = who + 3, e = who + 4, f = who + 5;
  for (int i = 0; i < 10; ++i) {
    turns.pass();
    a += 1, b += 2, c += 3, d += 4, e += 5, f += 6;
  }
  return a == who + 10 && b == who + 21 && c == who + 32 && d == who + 43 && e == who + 54 &&
         f == who + 65;
}

TEST_F(FloatControl, SumsThatLiveInRegistersAreKept) {
  Turns turns;
  int kept = 0;
  for (int who = 1; who <= 4; ++who) {
    turns.add([&, who] { kept += keeps_sums(turns, who * 1000.0) ? 1 : 0; });
  }
  turns.run();
  EXPECT_EQ(kept, 4);
}

#if defined(__x86_64__)

unsigned short x87_control() {
  unsigned short word = 0;
  asm volatile("fnstcw %0" : "=m"(word));
  return word;
}

TEST_F(FloatControl, FlushToZeroAndX87PrecisionTravelToo) {
  Turns turns;
  int wrong = 0;
  constexpr unsigned kDefault = 0x1f80, kFlushToZero = 0x8040 | kDefault;
  constexpr unsigned short kX87Default = 0x037f, kX87Single = 0x007f;
  turns.add([&] {
    _mm_setcsr(kFlushToZero);
    const unsigned short single = kX87Single;
    asm volatile("fldcw %0" : : "m"(single));
    for (int i = 0; i < 5; ++i) {
      turns.pass();
      if (_mm_getcsr() != kFlushToZero || x87_control() != kX87Single) ++wrong;
    }
  });
  turns.add([&] {
    if (_mm_getcsr() != kDefault || x87_control() != kX87Default) ++wrong;
    for (int i = 0; i < 5; ++i) {
      turns.pass();
      // The low six bits are sticky flags.
      if ((_mm_getcsr() & ~0x3fu) != kDefault || x87_control() != kX87Default) ++wrong;
    }
  });
  turns.run();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(_mm_getcsr() & ~0x3fu, kDefault);
  EXPECT_EQ(x87_control(), kX87Default);
}

#elif defined(__aarch64__)

TEST_F(FloatControl, FlushToZeroTravelsToo) {
  Turns turns;
  int wrong = 0;
  constexpr unsigned long kFlushToZero = 1ul << 24;
  const auto control = [] {
    unsigned long word = 0;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  };
  turns.add([&] {
    asm volatile("msr fpcr, %0" : : "r"(kFlushToZero));
    for (int i = 0; i < 5; ++i) {
      turns.pass();
      if (control() != kFlushToZero) ++wrong;
    }
  });
  turns.add([&] {
    for (int i = 0; i < 5; ++i) {
      if (control() != 0) ++wrong;
      turns.pass();
    }
  });
  turns.run();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(control(), 0u);
}

#endif

}  // namespace
}  // namespace reweave::runtime
