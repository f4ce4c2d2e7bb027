// The sanitizers tell the truth inside the runtime's tasklets, as they do over bare slices (see
// stack/sanitizer_truth_test.cc): a tasklet with a bug is switched away, others run deeper and
// spill where it stood, and it is resumed before it does it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "runtime/tasklet/frame_cache.h"
#include "tests/runtime/native_program.h"

#if defined(REWEAVE_ASAN)
#include <sanitizer/lsan_interface.h>
#endif

namespace reweave::runtime {
namespace {

using testing::AllOf;
using testing::ExitedWithCode;
using testing::HasSubstr;

#if defined(REWEAVE_ASAN)
#define SKIP_WITHOUT_ASAN() static_assert(true)
bool leaks_are_found() { return __lsan_do_recoverable_leak_check() != 0; }
#else
#define SKIP_WITHOUT_ASAN() GTEST_SKIP() << "AddressSanitizer: this build was made without it"
bool leaks_are_found() { return false; }
#endif

volatile int sink;

struct Bench {
  NativeProgram program;
  Code* deep = nullptr;
  int levels = 0;

  Bench() {
    deep = &program.code([this](Thread& thread) -> Object* {
      char local[200];
      std::memset(local, levels, sizeof local);
      asm volatile("" : : "r"(local) : "memory");
      if (levels-- <= 0) return thread.schedule(false);
      return evaluate(thread, make_frame(thread, *deep, deep->entry), thread.none());
    });
  }

  /// Runs `bug` between two tasklets that nest deeply and spill.
  void run(const NativeCode::Body& bug) {
    Code& neighbour = program.code([this](Thread& thread) -> Object* {
      for (int i = 0; i < 3; ++i) {
        levels = 40;
        Object* const value =
            evaluate(thread, make_frame(thread, *deep, deep->entry), thread.none());
        if (value == nullptr) return value;
        thread.release(value);
      }
      return thread.none();
    });
    Code& buggy = program.code(bug);
    const Ending ending = program.run([&](Thread& thread) {
      program.spawn(thread, neighbour);
      program.spawn(thread, buggy);
      program.spawn(thread, neighbour);
      return NativeProgram::done(thread, run_others(thread));
    });
    if (!ending.ended || program.thread.saved().spills == 0) std::abort();
  }
};

void overflow(std::ptrdiff_t index) {
  Bench bench;
  bench.run([index](Thread& thread) {
    char victim[19];
    std::memset(victim, 1, sizeof victim);
    volatile char* volatile at = victim;
    thread.release(thread.schedule(false));
    thread.release(thread.schedule(false));
    at[index] = 7;
    sink = at[0];
    return thread.none();
  });
}

TEST(SanitizerTruth, AStackBufferOverflowInATaskletIsReported) {
  SKIP_WITHOUT_ASAN();
  overflow(18);  // The last byte: silent.
  EXPECT_DEATH(overflow(19), AllOf(HasSubstr("stack-buffer-overflow"), HasSubstr("'victim"),
                                   HasSubstr("overflows this variable")));
}

void use_after_free() {
  int* volatile shared = new int[4];
  Bench bench;
  bench.run([&shared](Thread& thread) {
    int* volatile mine = shared;
    delete[] shared;
    thread.release(thread.schedule(false));
    sink = mine[1];
    return thread.none();
  });
}

TEST(SanitizerTruth, AHeapUseAfterFreeInATaskletIsReported) {
  SKIP_WITHOUT_ASAN();
  EXPECT_DEATH(use_after_free(), HasSubstr("heap-use-after-free"));
}

[[gnu::noinline]] void scrub_stack() {
  volatile char old[20'000];
  for (volatile char& byte : old) byte = 0;
}

// Main ends while the tasklet is suspended, if `stays`; else it ends first, and forgets or frees.
[[noreturn]] void hold(bool stays, bool frees) {
  NativeProgram program;
  Code& holder = program.code([&](Thread& thread) {
    volatile char* volatile only = static_cast<char*>(std::malloc(4321));
    only[0] = 1;
    Object* const value = thread.schedule_remove(false);
    if (frees) std::free(const_cast<char*>(only));
    only = nullptr;
    return value;
  });
  program.run([&](Thread& thread) {
    Tasklet* const tasklet = program.spawn_kept(thread, holder);
    thread.release(thread.schedule(false));
    if (!stays) thread.release(thread.run_tasklet(tasklet, false));
    return thread.none();
  });
  scrub_stack();
  std::_Exit(leaks_are_found() ? 3 : 0);
}

TEST(SanitizerTruth, ALeakInATaskletIsReported) {
  SKIP_WITHOUT_ASAN();
  EXPECT_EXIT(hold(false, false), ExitedWithCode(3),
              AllOf(HasSubstr("detected memory leaks"), HasSubstr("leak of 4321 byte(s)")));
  EXPECT_EXIT(hold(false, true), ExitedWithCode(0), "");
}

TEST(SanitizerTruth, WhatOnlyASuspendedTaskletHoldsIsNoLeak) {
  SKIP_WITHOUT_ASAN();
  EXPECT_EXIT(hold(true, true), ExitedWithCode(0), "");
}

}  // namespace
}  // namespace reweave::runtime
