// The shadow of the sliced stack, byte by byte: after a switch it says what the arriver's frames
// say, and below the arriver's sp it says nothing (runtime/doc/stack_traps.md, traps 1 and 2).
//
// Only ASan has a shadow; the other builds skip these tests.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "scheduler/machine/sanitizer.h"
#include "tests/runtime/stack/turns.h"

#if defined(REWEAVE_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace reweave::runtime {
namespace {

#if defined(REWEAVE_ASAN)
#define SKIP_WITHOUT_SHADOW() static_assert(true)
#else
#define SKIP_WITHOUT_SHADOW() GTEST_SKIP() << "AddressSanitizer: this build has no shadow"
#endif

TEST(Shadow, ItsMappingIsKnown) {
  SKIP_WITHOUT_SHADOW();
  EXPECT_TRUE(sanitizer::shadow_mapping_is_known());
}

// Frames with an array each leave redzones at every few bytes of the stack.
[[gnu::noinline]] void dig(Turns& turns, int depth) {
  char first[24], second[40];
  std::memset(first, depth, sizeof first);
  std::memset(second, depth, sizeof second);
  asm volatile("" : : "r"(first), "r"(second) : "memory");
  if (depth == 0) {
    turns.pass();
  } else {
    dig(turns, depth - 1);
  }
  asm volatile("" : : "r"(first), "r"(second) : "memory");
}

// As a C library would: code that ASan did not instrument has an array on the stack and gives it
// away. The instrumented reader must not take it for a redzone of a frame that stood there before.
[[gnu::noinline]] std::size_t poisoned_bytes_of([[maybe_unused]] const char* at,
                                                [[maybe_unused]] std::size_t count) {
  std::size_t poisoned = 0;
#if defined(REWEAVE_ASAN)
  for (std::size_t i = 0; i < count; ++i) poisoned += __asan_address_is_poisoned(at + i) ? 1 : 0;
#endif
  return poisoned;
}

REWEAVE_UNINSTRUMENTED std::size_t poisoned_below() {
  char buffer[8192];
  asm volatile("" : : "r"(buffer) : "memory");
  return poisoned_bytes_of(buffer, sizeof buffer);
}

TEST(Shadow, BelowATaskletThatComesBackNothingIsLeftOfADeeperOne) {
  SKIP_WITHOUT_SHADOW();
  Turns turns;
  std::size_t poisoned = 0;
  turns.add([&] {
    turns.pass();
    poisoned = poisoned_below();
  });
  turns.add([&] { dig(turns, 60); });
  turns.run();
  EXPECT_EQ(poisoned, 0u);
}

TEST(Shadow, BelowAFreshTaskletNothingIsLeftOfADeeperOne) {
  SKIP_WITHOUT_SHADOW();
  Turns turns;
  std::size_t poisoned = 0;
  turns.add([&] { dig(turns, 60); });
  turns.add([&] { poisoned = poisoned_below(); });
  turns.run();
  EXPECT_EQ(poisoned, 0u);
}

TEST(Shadow, BelowTheHostNothingIsLeftOfATasklet) {
  SKIP_WITHOUT_SHADOW();
  Turns turns;
  const std::size_t member = turns.add([&] {
    const std::function<void(int)> nest = [&](int depth) {
      char local[40];
      std::memset(local, depth, sizeof local);
      asm volatile("" : : "r"(local) : "memory");
      if (depth > 0) {
        nest(depth - 1);
      } else {
        turns.leave();
      }
      asm volatile("" : : "r"(local) : "memory");
    };
    nest(60);
  });
  EXPECT_FALSE(turns.run_one(member));
  EXPECT_EQ(poisoned_below(), 0u);
  EXPECT_TRUE(turns.run_one(member));
}

TEST(Shadow, BelowAnAbandonedOnesSuccessorNothingIsLeft) {
  SKIP_WITHOUT_SHADOW();
  Turns turns;
  std::size_t poisoned = 0;
  const std::size_t deep = turns.add([&] {
    char local[5000];
    asm volatile("" : : "r"(local) : "memory");
    dig(turns, 40);
    turns.leave();
  });
  EXPECT_FALSE(turns.run_one(deep));
  turns.abandon(deep);
  const std::size_t next = turns.add([&] { poisoned = poisoned_below(); });
  EXPECT_TRUE(turns.run_one(next));
  EXPECT_EQ(poisoned, 0u);
}

TEST(Shadow, ASpilledLevelAndItsDeepStackKeepApart) {
  SKIP_WITHOUT_SHADOW();
  Turns turns;
  std::size_t on_top = 0, after = 0;
  turns.add([&] {
    turns.spilled([&on_top, &turns] {
      on_top = poisoned_below();
      dig(turns, 60);
    });
    after = poisoned_below();
  });
  turns.run();
  EXPECT_EQ(on_top, 0u);
  EXPECT_EQ(after, 0u);
}

// The reverse: what a tasklet's own frames had poisoned is poisoned again.
TEST(Shadow, RedzonesComeBackWithTheSlice) {
  SKIP_WITHOUT_SHADOW();
  Turns turns;
  std::string before, after, meanwhile;
  turns.add([&] {
    char local[37];
    std::memset(local, 1, sizeof local);
    char* volatile address = local;
    const auto look = [&] {
      std::string map;
      for (int i = -32; i < 64; ++i) {
        map += poisoned_bytes_of(address + i, 1) != 0 ? 'x' : '.';
      }
      return map;
    };
    before = look();
    turns.pass();
    after = look();
  });
  turns.add([&] {
    char other[1000];  // Where the other's redzones were.
    std::memset(other, 2, sizeof other);
    asm volatile("" : : "r"(other) : "memory");
    meanwhile.assign(1000, '.');
    for (std::size_t i = 0; i < sizeof other; ++i) {
      if (poisoned_bytes_of(other + i, 1) != 0) meanwhile[i] = 'x';
    }
  });
  turns.run();
  EXPECT_EQ(after, before);
  EXPECT_EQ(before.substr(32, 37), std::string(37, '.'));
  EXPECT_EQ(before.substr(69, 8), std::string(8, 'x'));
  EXPECT_EQ(before.substr(24, 8), std::string(8, 'x'));
  EXPECT_EQ(meanwhile.find('x'), std::string::npos);
}

}  // namespace
}  // namespace reweave::runtime
