// C++ exceptions in flight belong to the slice that threw or caught them. What libstdc++ keeps of
// them is in two words of the OS thread, so a switch that forgot them would mix them up between
// tasklets.
#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>

#include "tests/runtime/stack/turns.h"

namespace reweave::runtime {
namespace {

// Every tasklet of these tests does the same with its own number; what it sees goes here, above the
// base.
struct Seen {
  int ok = 0;
  int wrong = 0;
  void that(bool good) { ++(good ? ok : wrong); }
};

void run_four(int rounds, int expected, const std::function<void(Turns&, int, Seen&)>& body) {
  Turns turns;
  Seen seen;
  for (int who = 1; who <= 4; ++who) {
    turns.add([&, who] {
      for (int i = 0; i < rounds; ++i) body(turns, who, seen);
    });
  }
  turns.run();
  EXPECT_TRUE(turns.all_ended());
  EXPECT_EQ(seen.wrong, 0);
  EXPECT_EQ(seen.ok, 4 * rounds * expected);
}

TEST(InFlight, ARethrowAfterASwitchInsideACatchRaisesItsOwn) {
  run_four(20, 3, [](Turns& turns, int who, Seen& seen) {
    try {
      throw who;
    } catch (int caught) {
      turns.pass();
      seen.that(caught == who);
      try {
        throw "inner" + std::to_string(who);
      } catch (const std::string& inner) {
        turns.pass();
        seen.that(inner == "inner" + std::to_string(who));
      }
      turns.pass();
      try {
        throw;
      } catch (int again) {
        seen.that(again == who);
      } catch (...) {
        seen.that(false);
      }
    }
  });
}

TEST(InFlight, CurrentExceptionIsTheSlicesOwn) {
  run_four(20, 3, [](Turns& turns, int who, Seen& seen) {
    seen.that(std::current_exception() == nullptr);
    try {
      throw std::runtime_error(std::to_string(who));
    } catch (...) {
      turns.pass();
      try {
        std::rethrow_exception(std::current_exception());
      } catch (const std::runtime_error& error) {
        seen.that(error.what() == std::to_string(who));
      }
    }
    turns.pass();
    seen.that(std::current_exception() == nullptr);
  });
}

struct PassesWhenDestroyed {
  Turns& turns;
  Seen& seen;
  ~PassesWhenDestroyed() {
    const int before = std::uncaught_exceptions();
    turns.pass();
    seen.that(before == std::uncaught_exceptions());
    seen.that(before == 1);
  }
};

TEST(InFlight, UncaughtExceptionsAreCountedPerSlice) {
  run_four(20, 4, [](Turns& turns, int who, Seen& seen) {
    try {
      PassesWhenDestroyed local{turns, seen};
      throw who;
    } catch (int caught) {
      seen.that(caught == who);
    }
    turns.pass();
    seen.that(std::uncaught_exceptions() == 0);
  });
}

// Switches in a destructor while an exception unwinds, and starts a fresh slice there.
struct StartsAnotherWhenDestroyed {
  Turns& turns;
  ~StartsAnotherWhenDestroyed() { turns.pass(); }
};

TEST(InFlight, AFreshSliceStartsWithNone) {
  Turns turns;
  Seen seen;
  turns.add([&] {
    try {
      StartsAnotherWhenDestroyed local{turns};
      throw 1;
    } catch (int) {
      turns.pass();
    }
  });
  for (int i = 0; i < 2; ++i) {
    turns.add([&] {
      seen.that(std::uncaught_exceptions() == 0);
      seen.that(std::current_exception() == nullptr);
      turns.pass();
    });
  }
  turns.run();
  EXPECT_EQ(seen.ok, 4);
  EXPECT_EQ(seen.wrong, 0);
}

TEST(InFlight, ASpilledLevelStartsWithNoneAndTheDeepOneKeepsItsOwn) {
  run_four(10, 4, [](Turns& turns, int who, Seen& seen) {
    try {
      throw who;
    } catch (int) {
      turns.spilled([&turns, &seen, who] {
        seen.that(std::current_exception() == nullptr);
        turns.pass();
        try {
          throw who + 100;
        } catch (int inner) {
          turns.pass();
          seen.that(inner == who + 100);
        }
      });
      turns.pass();
      try {
        throw;
      } catch (int again) {
        seen.that(again == who);
      }
      seen.that(std::current_exception() != nullptr);
    }
  });
}

[[gnu::noinline]] void throw_from_below(Turns& turns, int depth, int who) {
  volatile char local[64];
  local[0] = static_cast<char>(depth);
  if (depth == 0) {
    turns.pass();
    throw who;
  }
  throw_from_below(turns, depth - 1, who);
  local[1] = local[0];
}

TEST(InFlight, UnwindingGoesThroughFramesThatWereAway) {
  run_four(20, 1, [](Turns& turns, int who, Seen& seen) {
    try {
      throw_from_below(turns, 30, who);
      seen.that(false);
    } catch (int caught) {
      seen.that(caught == who);
    }
  });
}

TEST(InFlight, AnExceptionComesOutOfASpilledLevelThroughTheHeap) {
  run_four(10, 1, [](Turns& turns, int who, Seen& seen) {
    try {
      turns.spilled([&turns, who] { throw_from_below(turns, 10, who); });
      seen.that(false);
    } catch (int caught) {
      seen.that(caught == who);
    }
  });
}

}  // namespace
}  // namespace reweave::runtime
