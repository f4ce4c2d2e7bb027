// Stacks of their own: what stands on one is there again when somebody comes back.
#include "runtime/stack/fiber.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <stdexcept>
#include <string>

namespace reweave::runtime {
namespace {

struct Pair {
  Fiber host;
  Fiber other;
  std::string said;
  bool again = true;
};

void speak(void* argument) {
  auto& pair = *static_cast<Pair*>(argument);
  std::string local = "fiber";
  for (int i = 0; pair.again; ++i) {
    pair.said += local + std::to_string(i) + " ";
    switch_fibers(pair.other, pair.host);
  }
  for (;;) switch_fibers(pair.other, pair.host);
}

TEST(Fibers, KeepTheirLocals) {
  Pair pair;
  pair.other.start(&speak, &pair);
  for (int i = 0; i < 3; ++i) {
    pair.said += "host ";
    switch_fibers(pair.host, pair.other);
  }
  EXPECT_EQ(pair.said, "host fiber0 host fiber1 host fiber2 ");
  pair.again = false;
  switch_fibers(pair.host, pair.other);  // Lets its string go.
}

TEST(Fibers, AreStartedAnewWhereTheyWereAbandoned) {
  Pair pair;
  pair.again = false;
  for (int i = 0; i < 100; ++i) {
    pair.other.start(&speak, &pair);
    switch_fibers(pair.host, pair.other);
  }
  EXPECT_EQ(pair.said, "");
}

void throw_and_catch(void* argument) {
  auto& pair = *static_cast<Pair*>(argument);
  try {
    throw std::runtime_error("inside");
  } catch (const std::runtime_error& error) {
    switch_fibers(pair.other, pair.host);  // With an exception being handled here.
    pair.said += error.what();
  }
  for (;;) switch_fibers(pair.other, pair.host);
}

TEST(Fibers, KeepTheirExceptions) {
  Pair pair;
  pair.other.start(&throw_and_catch, &pair);
  switch_fibers(pair.host, pair.other);
  try {
    throw std::runtime_error("outside");
  } catch (const std::runtime_error& error) {
    switch_fibers(pair.host, pair.other);
    pair.said += std::string(" ") + error.what();
  }
  EXPECT_EQ(pair.said, "inside outside");
}

void round_up(void* argument) {
  auto& pair = *static_cast<Pair*>(argument);
  pair.said += std::fegetround() == FE_TONEAREST ? "default " : "leaked ";
  std::fesetround(FE_UPWARD);
  for (;;) switch_fibers(pair.other, pair.host);
}

TEST(Fibers, StartWithTheDefaultRoundingAndKeepTheirOwn) {
  Pair pair;
  std::fesetround(FE_DOWNWARD);
  pair.other.start(&round_up, &pair);
  switch_fibers(pair.host, pair.other);
  EXPECT_EQ(std::fegetround(), FE_DOWNWARD);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(pair.said, "default ");
}

}  // namespace
}  // namespace reweave::runtime
