// Stack windows: a use of the stack of a suspended tasklet is reported, and no other use is.
//
// Each bug runs in a child process, which dies of it. Builds without windows skip them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/stack/window.h"
#include "tests/runtime/stack/turns.h"

namespace reweave::runtime {
namespace {

#define SKIP_WITHOUT_WINDOWS() \
  if (!kStackWindows) GTEST_SKIP() << "stack windows: this build was made without them"

using testing::HasSubstr;

volatile int sink;

/// Two tasklets; the first leaves a pointer to a local variable to the second.
struct Neighbours {
  Turns turns;
  volatile int* left = nullptr;

  void run(const Turns::Body& second) {
    turns.add([this] {
      volatile int local[4] = {1, 2, 3, 4};
      left = local;
      turns.pass();
      sink = local[1];
    });
    turns.add(second);
    turns.run();
  }
};

void read_another_stack() {
  Neighbours neighbours;
  neighbours.run([&] { sink = neighbours.left[2]; });
}

void write_to_another_stack() {
  Neighbours neighbours;
  neighbours.run([&] { neighbours.left[2] = 5; });
}

TEST(StackWindow, AUseOfASuspendedTaskletsStackIsReported) {
  SKIP_WITHOUT_WINDOWS();
  EXPECT_DEATH(read_another_stack(), HasSubstr("stack-use-after-return"));
  EXPECT_DEATH(write_to_another_stack(), HasSubstr("stack-use-after-return"));
}

void use_the_spilled_stack() {
  Turns turns;
  turns.add([&] {
    volatile int local = 3;
    volatile int* volatile at = &local;
    turns.spilled([at] {  // What it captures lives on the heap.
      sink = *at;
    });
  });
  turns.run();
}

TEST(StackWindow, AUseOfASpilledStackIsReported) {
  SKIP_WITHOUT_WINDOWS();
  EXPECT_DEATH(use_the_spilled_stack(), HasSubstr("stack-use-after-return"));
}

void use_an_ended_ones_stack() {
  Turns turns;
  volatile int* volatile left = nullptr;
  turns.add([&] {
    volatile int local = 3;
    left = &local;
  });
  turns.run();
  sink = *left;
}

TEST(StackWindow, AUseOfAnEndedTaskletsStackIsReported) {
  SKIP_WITHOUT_WINDOWS();
  EXPECT_DEATH(use_an_ended_ones_stack(), HasSubstr("stack-use-after-return"));
}

void use_a_suspended_ones_from_the_host() {
  Turns turns;
  volatile int* volatile left = nullptr;
  const std::size_t first = turns.add([&] {
    volatile int local = 3;
    left = &local;
    turns.leave();
  });
  turns.run_one(first);
  sink = *left;
}

TEST(StackWindow, AUseFromTheHostIsReported) {
  SKIP_WITHOUT_WINDOWS();
  EXPECT_DEATH(use_a_suspended_ones_from_the_host(), HasSubstr("stack-use-after-return"));
}

// Deep and shallow, again and again, with everything that a tasklet may rightly touch: its own
// frames once it is back, the host's, and the heap.
TEST(StackWindow, WhatIsOnesOwnMayBeUsed) {
  SKIP_WITHOUT_WINDOWS();
  Turns turns;
  int of_the_host = 0;
  struct Digger {
    static int dig(Turns& inner, int depth) {
      char local[48];
      std::memset(local, depth, sizeof local);
      inner.pass();
      const int below = depth == 0 ? 0 : dig(inner, depth - 1);
      inner.pass();
      return below + local[17];
    }
  };
  for (const int depth : {3, 40, 11, 25}) {
    turns.add([&turns, &of_the_host, depth] {
      int sum = 0;
      for (int i = 0; i < 3; ++i) sum += Digger::dig(turns, depth);
      turns.spilled([&turns, &of_the_host] { of_the_host += Digger::dig(turns, 6) > 0 ? 1 : 0; });
      EXPECT_EQ(sum, 3 * depth * (depth + 1) / 2);
      ++of_the_host;
    });
  }
  turns.run();
  EXPECT_EQ(of_the_host, 8);
}

TEST(StackWindow, NothingIsCopied) {
  SKIP_WITHOUT_WINDOWS();
  Turns turns;
  for (int i = 0; i < 2; ++i) turns.add([&turns] { turns.pass(); });
  turns.run();
  EXPECT_GT(turns.stack().switches, 3u);
  EXPECT_EQ(turns.stack().bytes_copied, 0u);
}

}  // namespace
}  // namespace reweave::runtime
