// The engine: the same executions by a fast form and by being asked, on every machine.
#include "scheduler/engine/engine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "scheduler/search/explore.h"
#include "scheduler/search/isolate.h"
#include "scheduler/search/recording.h"
#include "scheduler/strategy/dense_replay.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/actors.h"

// LeakSanitizer's, where there is one.
extern "C" [[gnu::weak]] void __lsan_disable();
extern "C" [[gnu::weak]] void __lsan_enable();

namespace reweave {
namespace {

using toys::Actors;
using toys::RacyCounter;

void run_once(Subject& subject, Strategy& strategy, Execution& execution, std::uint64_t seed,
              std::uint64_t number) {
  strategy.begin(Prng(seed).split(number), number);
  execution.begin(strategy);
  subject.run(execution);
}

TEST(EngineTest, RandomWalkReachesEveryInterleavingAsOftenAsItShould) {
  RacyCounter subject;
  RandomWalk strategy;
  Execution execution;
  constexpr int kRuns = 40'000;
  std::map<std::string, int> counts;
  for (int i = 0; i < kRuns; ++i) {
    run_once(subject, strategy, execution, 1, static_cast<std::uint64_t>(i));
    ++counts[subject.trace];
  }
  ASSERT_EQ(counts.size(), 20u);
  // A walk halves at each question; with one thread gone nothing is asked.
  double sum = 0;
  for (const auto& [trace, count] : counts) {
    int left[2] = {3, 3};
    double expected = kRuns;
    for (const char c : trace) {
      if (left[0] != 0 && left[1] != 0) expected /= 2;
      --left[c - '1'];
    }
    sum += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(sum, 43.8);  // 19 degrees of freedom, p = 0.001.
}

TEST(EngineTest, FastRunAndItsReplayHaveOneHash) {
  for (Machine* machine : {&Actors::plain(), &Actors::borrowed()}) {
    SCOPED_TRACE(machine->name());
    RacyCounter subject(machine);
    RandomWalk strategy;
    for (std::uint64_t i = 0; i < 200; ++i) {
      Execution execution;
      run_once(subject, strategy, execution, 7, i);
      ASSERT_TRUE(subject.engine.fast());
      const std::string trace = subject.trace;
      const std::uint64_t hash = execution.trace_hash();
      const std::vector<DenseAnswer> answers = execution.dense_answers();

      DenseReplay dense(answers, /*names=*/false);
      Execution again;
      again.begin(dense);
      subject.run(again);
      EXPECT_EQ(subject.trace, trace);
      EXPECT_EQ(again.trace_hash(), hash);
      EXPECT_EQ(again.steps(), execution.steps());
      EXPECT_EQ(again.questions(), execution.questions());
      EXPECT_EQ(again.dense_answers(), answers);

      const auto schedule = record(subject, answers);
      ASSERT_TRUE(schedule.has_value());
      Execution strict;
      replay(subject, strict, *schedule, ReplayMode::kStrict);
      EXPECT_EQ(strict.trace_hash(), hash);
      EXPECT_EQ(subject.trace, trace);
    }
  }
}

TEST(EngineTest, CrashInAChildLeavesItsAnswers) {
  int crashes = 0;
  RacyCounter* racy = nullptr;
  RacyCounter subject;
  racy = &subject;
  subject.after = [&](Execution&) {
    if (racy->trace == "121122") __builtin_trap();
  };
  Isolator isolator;
  RandomWalk strategy;
  const Exploration result =
      isolator.explore(subject, strategy, {.budget = {.executions = 10'000}, .seed = 3});
  ASSERT_TRUE(result.found.has_value());
  EXPECT_TRUE(result.found->died);
  EXPECT_EQ(result.found->finding.kind, FindingKind::kCrash);
  EXPECT_TRUE(result.found->complete);
  subject.after = [&](Execution&) { crashes += racy->trace == "121122" ? 1 : 0; };
  const auto schedule = record(subject, result.found->answers);
  ASSERT_TRUE(schedule.has_value());
  EXPECT_EQ(crashes, 1);
  EXPECT_EQ(result.found->steps, 4u);
}

TEST(EngineTest, BlockedActorsWaitUntilSomebodyWakesThem) {
  std::string trace;
  Actors subject({[&](Engine& engine) {
                    trace += 'a';
                    engine.block({1, Access::kAcquire, 1});
                    trace += 'A';
                  },
                  [&](Engine& engine) {
                    engine.point({2, Access::kRelease, 1});
                    trace += 'b';
                    if (engine.is_blocked(1)) engine.make_ready(1);
                  }});
  subject.before = [&] { trace.clear(); };
  RandomWalk strategy;
  Execution execution;
  std::map<std::string, Ended> seen;
  for (std::uint64_t i = 0; i < 200; ++i) {
    run_once(subject, strategy, execution, 5, i);
    seen.emplace(trace, subject.ended);
  }
  const std::map<std::string, Ended> expected = {{"abA", Ended::kCompleted}, {"ba", Ended::kStuck}};
  EXPECT_EQ(seen, expected);
}

TEST(EngineTest, UnreadyActorsDoNotRun) {
  int runs = 0;
  Actors subject({[&](Engine& engine) {
                    engine.unready(2);
                    engine.unready(3);
                    for (int i = 0; i < 10; ++i) engine.point({1, Access::kNone, 0});
                    EXPECT_EQ(runs, 0);
                    engine.make_ready(3);
                    engine.make_ready(2);
                  },
                  [&](Engine&) { ++runs; }, [&](Engine&) { ++runs; }});
  DenseReplay ordinary({}, /*names=*/false);
  Execution execution;
  execution.begin(ordinary);
  subject.run(execution);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(subject.ended, Ended::kCompleted);
}

TEST(EngineTest, IdleMayWakeSomebody) {
  for (Machine* machine : {&Actors::plain(), &Actors::borrowed()}) {
    int woken = 0;
    Actors subject({[&](Engine& engine) {
                      engine.block({1, Access::kNone, 0});
                    },
                    [&](Engine& engine) {
                      engine.block({2, Access::kNone, 0});
                    }},
                   machine);
    subject.idle = [&](Engine& engine) {
      const std::uint32_t actor = 1 + engine.pick(QuestionKind::kFire, 3, 2);
      if (!engine.is_blocked(actor)) return false;
      engine.make_ready(actor);
      return ++woken == 1;
    };
    RandomWalk strategy;
    Execution execution;
    for (std::uint64_t i = 0; i < 20; ++i) {
      woken = 0;
      run_once(subject, strategy, execution, 9, i);
      EXPECT_EQ(subject.ended, Ended::kStuck);
      const std::uint64_t hash = execution.trace_hash();
      const std::vector<DenseAnswer> answers = execution.dense_answers();
      woken = 0;
      DenseReplay replay(answers, /*names=*/true);
      execution.begin(replay);
      subject.run(execution);
      EXPECT_EQ(execution.trace_hash(), hash);
      EXPECT_EQ(execution.outcome(), Outcome::kCompleted);
    }
  }
}

TEST(EngineTest, ManyActors) {
  for (const std::uint32_t count : {64u, 200u}) {
    std::vector<std::uint32_t> sums(count);
    std::vector<Actors::Body> bodies;
    for (std::uint32_t i = 0; i < count; ++i) {
      bodies.push_back([&sums, i](Engine& engine) {
        for (std::uint32_t j = 0; j < 10; ++j) {
          engine.point({1 + i, Access::kWrite, i});
          sums[i] += engine.current();
        }
      });
    }
    Actors subject(bodies);
    RandomWalk strategy;
    Execution execution;
    run_once(subject, strategy, execution, 1, 0);
    EXPECT_EQ(subject.ended, Ended::kCompleted);
    EXPECT_EQ(execution.steps(), count * 10u);
    for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(sums[i], (i + 1) * 10) << i;
  }
}

TEST(EngineTest, TooManyReadyActorsIsAnOutcome) {
  Actors subject(std::vector<Actors::Body>(257, [](Engine&) {}));
  RandomWalk strategy;
  Execution execution;
  run_once(subject, strategy, execution, 1, 0);
  EXPECT_EQ(subject.ended, Ended::kActorLimit);
  EXPECT_EQ(execution.outcome(), Outcome::kActorLimit);
}

TEST(EngineTest, LimitsEndBothWaysAlike) {
  for (const Limits& limits : {Limits{.steps_max = 50}, Limits{.questions_max = 30},
                               Limits{.actors_max = 3}, Limits{.steps_max = 1}}) {
    const auto body = [](Engine& engine) {
      for (int i = 0; i < 40; ++i) engine.point({1, Access::kNone, 0});
    };
    Actors subject({body, body, body});
    RandomWalk strategy;
    Execution fast(limits);
    run_once(subject, strategy, fast, 1, 0);
    const Ended ended = subject.ended;
    const std::vector<DenseAnswer> answers = fast.dense_answers();
    DenseReplay replay(answers, /*names=*/true);
    Execution asked(limits);
    asked.begin(replay);
    subject.run(asked);
    EXPECT_EQ(subject.ended, ended);
    EXPECT_NE(fast.outcome(), Outcome::kCompleted);
    EXPECT_EQ(asked.outcome(), fast.outcome());
    EXPECT_EQ(asked.steps(), fast.steps());
    EXPECT_EQ(asked.questions(), fast.questions());
    EXPECT_EQ(asked.trace_hash(), fast.trace_hash());
  }
}

TEST(EngineTest, IsStuckAfterTheSameStepsBothWays) {
  const auto body = [](Engine& engine) {
    engine.point({1, Access::kNone, 0});
    engine.block({2, Access::kNone, 0});
  };
  Actors subject({body, body});
  RandomWalk strategy;
  Execution fast;
  run_once(subject, strategy, fast, 1, 0);
  EXPECT_EQ(subject.ended, Ended::kStuck);
  const std::vector<DenseAnswer> answers = fast.dense_answers();
  DenseReplay replay(answers, /*names=*/true);
  Execution asked;
  asked.begin(replay);
  subject.run(asked);
  EXPECT_EQ(asked.steps(), 4u);
  EXPECT_EQ(asked.steps(), fast.steps());
  EXPECT_EQ(asked.trace_hash(), fast.trace_hash());
}

TEST(EngineTest, ExceptionsInFlightBelongToTheirActor) {
  for (Machine* machine : {&Actors::plain(), &Actors::borrowed()}) {
    int wrong = 0;
    const auto body = [&](Engine& engine) {
      const int mine = static_cast<int>(engine.current());
      struct Guard {
        Engine& engine;
        int& wrong;
        ~Guard() {
          engine.point({1, Access::kNone, 0});
          wrong += std::uncaught_exceptions() == 1 ? 0 : 1;
        }
      };
      for (int i = 0; i < 3; ++i) {
        try {
          Guard guard{engine, wrong};
          throw mine;
        } catch (int caught) {
          wrong += caught == mine ? 0 : 1;
          engine.point({2, Access::kNone, 0});
          try {
            throw;
          } catch (int again) {
            wrong += again == mine ? 0 : 1;
          }
        }
        wrong += std::uncaught_exceptions();
        engine.point({3, Access::kNone, 0});
        wrong += std::current_exception() == nullptr ? 0 : 1;
      }
    };
    Actors subject({body, body, body}, machine);
    RandomWalk strategy;
    Execution execution;
    for (std::uint64_t i = 0; i < 100; ++i) {
      run_once(subject, strategy, execution, 2, i);
      EXPECT_EQ(subject.ended, Ended::kCompleted);
    }
    EXPECT_EQ(wrong, 0) << machine->name();
  }
}

TEST(EngineTest, EndAbandonsWhatIsSuspended) {
  int reached = 0;
  const auto body = [&](Engine& engine) {
    try {
      // The exception is abandoned with its stack, knowingly: no leak to report.
      if (__lsan_disable != nullptr) __lsan_disable();
      throw 1;
    } catch (int) {
      if (__lsan_enable != nullptr) __lsan_enable();
      engine.point({1, Access::kNone, 0});
      engine.end();
    }
  };
  Actors subject({body, body});
  subject.after = [&](Execution&) {
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    EXPECT_EQ(std::current_exception(), nullptr);
    ++reached;
  };
  RandomWalk strategy;
  Execution execution;
  for (std::uint64_t i = 0; i < 10; ++i) {
    run_once(subject, strategy, execution, 2, i);
    EXPECT_EQ(subject.ended, Ended::kEnded);
  }
  EXPECT_EQ(reached, 10);
}

thread_local int own = 0;

TEST(EngineTest, BorrowedThreadsHaveTheirOwnThreadLocalMemory) {
  int wrong = 0;
  const auto body = [&](Engine& engine) {
    own = static_cast<int>(engine.current());
    errno = own;
    for (int i = 0; i < 5; ++i) {
      engine.point({1, Access::kNone, 0});
      wrong += own == static_cast<int>(engine.current()) && errno == own ? 0 : 1;
    }
  };
  Actors subject(std::vector<Actors::Body>(8, body), &Actors::borrowed());
  own = 77;
  RandomWalk strategy;
  Execution execution;
  for (std::uint64_t i = 0; i < 20; ++i) run_once(subject, strategy, execution, 2, i);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(own, 77);
}

}  // namespace
}  // namespace reweave
