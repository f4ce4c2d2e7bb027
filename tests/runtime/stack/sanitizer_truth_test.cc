// The sanitizers tell the truth inside tasklets: deliberate bugs in a tasklet that was suspended,
// copied away and resumed are reported for what they are, and at the right variable; what is not a
// bug is not reported.
//
// Each bug runs in a child process, which dies of it. Builds without AddressSanitizer skip them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "scheduler/machine/sanitizer.h"
#include "tests/runtime/stack/turns.h"

#if defined(REWEAVE_ASAN)
#include <sanitizer/lsan_interface.h>
#endif

namespace reweave::runtime {
namespace {

#if defined(REWEAVE_ASAN)
#define SKIP_WITHOUT_ASAN() static_assert(true)
bool leaks_are_found() { return __lsan_do_recoverable_leak_check() != 0; }
#else
#define SKIP_WITHOUT_ASAN() GTEST_SKIP() << "AddressSanitizer: this build was made without it"
bool leaks_are_found() { return false; }
#endif

using testing::AllOf;
using testing::HasSubstr;

volatile int sink;

// Suspends the running tasklet while others write over the stack where it stood, and over its
// shadow.
struct Neighbours {
  Turns turns;

  [[gnu::noinline]] void dig(int depth) {
    char local[48];
    std::memset(local, depth, sizeof local);
    asm volatile("" : : "r"(local) : "memory");
    if (depth == 0) {
      turns.pass();
    } else {
      dig(depth - 1);
    }
    asm volatile("" : : "r"(local) : "memory");
  }

  /// Runs `bug` in a tasklet between two others that go deep.
  void run_with(const Turns::Body& bug) {
    turns.add([this] {
      for (int i = 0; i < 4; ++i) dig(30);
    });
    turns.add(bug);
    turns.add([this] {
      for (int i = 0; i < 4; ++i) dig(5 + i);
    });
    turns.run();
  }
};

[[gnu::noinline]] void touch(Turns& turns, std::ptrdiff_t index) {
  char victim[19];
  std::memset(victim, 1, sizeof victim);
  volatile char* volatile at = victim;
  turns.pass();
  turns.pass();
  at[index] = 7;
  turns.pass();
  sink = at[0];
}

void touch_in_a_tasklet(std::ptrdiff_t index) {
  Neighbours neighbours;
  neighbours.run_with([&] { touch(neighbours.turns, index); });
}

TEST(SanitizerTruth, AStackBufferOverflowAfterASwitchIsReported) {
  SKIP_WITHOUT_ASAN();
  EXPECT_DEATH(touch_in_a_tasklet(19),
               AllOf(HasSubstr("stack-buffer-overflow"), HasSubstr("'victim"),
                     HasSubstr("overflows this variable")));
  EXPECT_DEATH(touch_in_a_tasklet(30),
               AllOf(HasSubstr("stack-buffer-overflow"), HasSubstr("overflows this variable")));
}

TEST(SanitizerTruth, AStackBufferUnderflowAfterASwitchIsReported) {
  SKIP_WITHOUT_ASAN();
  EXPECT_DEATH(touch_in_a_tasklet(-1),
               AllOf(HasSubstr("stack-buffer-"), HasSubstr("underflows this variable")));
}

TEST(SanitizerTruth, TheLastByteBeforeTheOverflowIsSilent) {
  SKIP_WITHOUT_ASAN();
  touch_in_a_tasklet(0);
  touch_in_a_tasklet(18);
}

void overflow_after_a_spill(std::ptrdiff_t index) {
  Neighbours neighbours;
  neighbours.run_with([&] {
    char victim[19];
    std::memset(victim, 1, sizeof victim);
    volatile char* volatile at = victim;
    neighbours.turns.spilled([&neighbours] { neighbours.dig(20); });
    at[index] = 7;
    sink = at[0];
  });
}

TEST(SanitizerTruth, AStackBufferOverflowAfterASpillIsReported) {
  SKIP_WITHOUT_ASAN();
  overflow_after_a_spill(18);
  EXPECT_DEATH(overflow_after_a_spill(19),
               AllOf(HasSubstr("stack-buffer-overflow"), HasSubstr("overflows this variable")));
}

// A pointer to a variable whose scope has ended, in a frame that was away meanwhile.
void use_after_scope() {
  Neighbours neighbours;
  neighbours.run_with([&] {
    volatile int* volatile stale = nullptr;
    {
      int victim[4] = {1, 2, 3, 4};
      stale = victim;
    }
    neighbours.turns.pass();
    sink = stale[1];
  });
}

TEST(SanitizerTruth, AUseAfterScopeAfterASwitchIsReported) {
  SKIP_WITHOUT_ASAN();
  EXPECT_DEATH(use_after_scope(), AllOf(HasSubstr("stack-use-after-scope"), HasSubstr("'victim")));
}

// One tasklet frees what another one still holds in a local variable.
void use_after_free() {
  Neighbours neighbours;
  int* volatile shared = new int[4];
  neighbours.turns.add([&] {
    neighbours.turns.pass();
    neighbours.turns.pass();
    delete[] shared;
  });
  neighbours.run_with([&] {
    int* volatile mine = shared;
    for (int i = 0; i < 4; ++i) neighbours.turns.pass();
    sink = mine[2];
  });
}

TEST(SanitizerTruth, AHeapUseAfterFreeAcrossTaskletsIsReported) {
  SKIP_WITHOUT_ASAN();
  EXPECT_DEATH(use_after_free(),
               AllOf(HasSubstr("heap-use-after-free"), HasSubstr("freed by thread"),
                     HasSubstr("allocated by thread")));
}

// ---- Leaks ----

[[gnu::noinline]] void scrub_stack() {
  volatile char old[20'000];
  for (volatile char& byte : old) byte = 0;
}

// Allocates in a tasklet, keeps the only pointer in one of its frames, and forgets it at the end.
[[gnu::noinline]] void hold(Turns& turns, std::size_t bytes, bool leaves, bool frees) {
  volatile char* volatile only = static_cast<char*>(std::malloc(bytes));
  only[0] = 1;
  if (leaves) {
    turns.leave();
  } else {
    turns.pass();
  }
  sink = only[0];
  if (frees) std::free(const_cast<char*>(only));
  only = nullptr;
}

// The child says what the leak check found by how it ends.
[[noreturn]] void end(bool leaks) { std::_Exit(leaks ? 3 : 0); }

[[noreturn]] void leak_in_a_tasklet(bool frees) {
  Turns turns;
  for (int i = 0; i < 2; ++i) turns.add([&] { hold(turns, 1234, false, frees); });
  turns.run();
  scrub_stack();
  end(leaks_are_found());
}

TEST(SanitizerTruth, ALeakInATaskletIsReported) {
  SKIP_WITHOUT_ASAN();
  EXPECT_EXIT(
      leak_in_a_tasklet(false), testing::ExitedWithCode(3),
      AllOf(HasSubstr("detected memory leaks"), HasSubstr("leak of 2468 byte(s) in 2 object(s)")));
  EXPECT_EXIT(leak_in_a_tasklet(true), testing::ExitedWithCode(0), "");
}

[[noreturn]] void hold_in_suspended_slices(bool abandon) {
  Turns turns;
  const std::size_t first = turns.add([&] { hold(turns, 777, false, true); });
  const std::size_t second = turns.add([&] { hold(turns, 888, true, true); });
  turns.run_one(first);  // The first one suspends for the second, which leaves.
  scrub_stack();
  if (abandon) {
    turns.abandon(first);
    turns.abandon(second);
  }
  end(leaks_are_found());
}

TEST(SanitizerTruth, WhatOnlyASuspendedSliceHoldsIsNoLeak) {
  SKIP_WITHOUT_ASAN();
  EXPECT_EXIT(hold_in_suspended_slices(false), testing::ExitedWithCode(0), "");
}

TEST(SanitizerTruth, WhatAnAbandonedSliceHeldIsALeak) {
  SKIP_WITHOUT_ASAN();
  EXPECT_EXIT(hold_in_suspended_slices(true), testing::ExitedWithCode(3),
              AllOf(HasSubstr("detected memory leaks"), HasSubstr("leak of 777 byte(s)"),
                    HasSubstr("leak of 888 byte(s)")));
}

}  // namespace
}  // namespace reweave::runtime
