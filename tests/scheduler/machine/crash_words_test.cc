#include "scheduler/machine/crash_words.h"

#include <gtest/gtest.h>

namespace reweave {
namespace {

TEST(ErrorKind, IsTheSanitizersWordWithoutNumbers) {
  EXPECT_EQ(
      error_kind(
          "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x60 at pc 0x4\nREAD"),
      "heap-use-after-free");
  EXPECT_EQ(
      error_kind("x\n==1==ERROR: AddressSanitizer: attempting double-free on 0x602 in thread"),
      "attempting double-free");
  EXPECT_EQ(error_kind("==1==ERROR: AddressSanitizer: SEGV on unknown address 0x000 (pc 0x5)"),
            "SEGV");
  EXPECT_EQ(error_kind("==1==ERROR: LeakSanitizer: detected memory leaks\n"),
            "detected memory leaks");
  EXPECT_EQ(error_kind("WARNING: ThreadSanitizer: data race (pid=5)\n"), "data race");
  EXPECT_EQ(error_kind("a.cc:3:5: runtime error: signed integer overflow: 2147483647 + 1 cannot\n"),
            "undefined behaviour, signed integer overflow");
  EXPECT_EQ(error_kind("a.cc:3:5: runtime error: shift exponent 33 is too large\n"),
            "undefined behaviour, shift exponent");
  EXPECT_EQ(error_kind("a.cc:3: CHECK failed: x\n"), "CHECK failed");
  EXPECT_EQ(error_kind("hello"), "");
}

}  // namespace
}  // namespace reweave
