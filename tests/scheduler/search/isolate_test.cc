#include "scheduler/search/isolate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "scheduler/search/shrink.h"
#include "scheduler/strategy/portfolio.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/scheduler/toys.h"

#if defined(__SANITIZE_ADDRESS__)
#define REWEAVE_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REWEAVE_TEST_ASAN 1
#endif
#endif

namespace reweave {
namespace {

using testing::HasSubstr;

enum class Death {
  kAbort,
  kHang,
  kExit,
  kExitZero,
  kExitWithCoreLimit,
  kNull,
  kUseAfterFree,
  kCheck,
  kReportThenAbort,
  kNone
};

/// A Program (toys.h) that dies instead of reporting.
class Deadly : public toys::Program {
 public:
  Deadly(std::uint32_t ops, Death death) : Program(ops), death_(death) {}

 protected:
  void fail(Execution& execution) override {
    switch (death_) {
      case Death::kAbort:
        std::fputs("about to abort\n", stderr);
        std::abort();
      case Death::kHang: {
        volatile int forever = 1;
        while (forever != 0) {
        }
        break;
      }
      case Death::kExit:
        std::_Exit(3);
      case Death::kExitZero:
        std::_Exit(0);
      case Death::kExitWithCoreLimit: {
        rlimit limit{};
        getrlimit(RLIMIT_CORE, &limit);
        std::_Exit(limit.rlim_cur > 9 ? 9 : static_cast<int>(limit.rlim_cur));
      }
      case Death::kNull: {
        int* volatile nothing = reinterpret_cast<int*>(64);  // UBSan does not take it for null.
        *nothing = 1;
        break;
      }
      case Death::kUseAfterFree: {
        int* volatile freed = new int(1);
        delete freed;
        *freed = 2;
        break;
      }
      case Death::kCheck:
        CHECK_MSG(false, "our own bug");
      case Death::kReportThenAbort:
        Program::fail(execution);
        std::abort();
      case Death::kNone:
        Program::fail(execution);
        break;
    }
  }
  std::unique_ptr<Program> empty() const override { return std::make_unique<Deadly>(0, death_); }

 private:
  Death death_;
};

/// Hunts a program of 20 ops that dies of `death`; every repro must show the same again and no
/// child may be left over.
Found hunt(Death death, Isolator& isolator) {
  Deadly subject(20, death);
  RandomWalk strategy;
  const Exploration result =
      isolator.explore(subject, strategy, {.budget = {.executions = 100'000}, .seed = 1});
  EXPECT_EQ(result.reason, StopReason::kFound);
  const Found found = result.found.value_or(Found{});
  EXPECT_TRUE(found.complete);
  const IsolatedRun recorded = isolator.record(subject, found.answers);
  EXPECT_EQ(recorded.died, found.died);
  EXPECT_EQ(recorded.finding.value_or(Finding{}).signature, found.finding.signature);
  EXPECT_EQ(recorded.schedule.answers.size(), found.answers.size());
  const IsolatedRun again = isolator.replay(subject, recorded.schedule, ReplayMode::kStrict);
  EXPECT_EQ(again.finding.value_or(Finding{}).signature, found.finding.signature);
  EXPECT_EQ(again.schedule, recorded.schedule);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was left over";
  return found;
}

TEST(Isolate, TurnsAnAbortIntoACrashWithItsAnswers) {
  Isolator isolator;
  const Found found = hunt(Death::kAbort, isolator);
  EXPECT_TRUE(found.died);
  EXPECT_EQ(found.finding.kind, FindingKind::kCrash);
  EXPECT_EQ(found.finding.signature, "crash: SIGABRT");
  EXPECT_THAT(found.finding.message, HasSubstr("about to abort"));
  EXPECT_EQ(found.finding.step, 15u);  // kPickAt counts from 0.
}

/// Dies of a write that went astray, into the memory that it shares with its parent.
class Astray : public toys::Program {
 public:
  Astray(Isolator& isolator, int byte) : Program(20), isolator_(isolator), byte_(byte) {}

 protected:
  void fail(Execution&) override {
    SharedTape& tape = isolator_.tape();
    const auto one_execution = tape.number.load();
    std::memset(static_cast<void*>(&tape), byte_, sizeof tape);
    tape.number = one_execution;
    std::abort();
  }

 private:
  Isolator& isolator_;
  const int byte_;
};

TEST(Isolate, TakesADeathWhateverItWroteOverTheTape) {
  for (const int byte : {0xff, 0x01, 0x7f, 0x80}) {
    Isolator isolator;
    Astray subject(isolator, byte);
    RandomWalk strategy;
    const Exploration result =
        isolator.explore(subject, strategy, {.budget = {.executions = 100'000}, .seed = 1});
    ASSERT_TRUE(result.found) << byte;
    EXPECT_TRUE(result.found->died);
    EXPECT_FALSE(result.found->complete) << "it says that its answers are not all";
    EXPECT_LE(result.found->answers.size(), SharedTape::kWordsMax);
    EXPECT_STRNE(finding_kind_name(result.found->finding.kind), "");
    EXPECT_LE(result.found->finding.message.size(), SharedTape::kMessageBytes);
    const IsolatedRun run = isolator.record(subject, result.found->answers);
    EXPECT_LE(run.schedule.answers.size(), SharedTape::kAnswersMax);
  }
}

TEST(Isolate, TurnsAHangIntoAFindingAndEndsTheChild) {
  Isolator isolator({.hang_ms = 300});
  const Found found = hunt(Death::kHang, isolator);
  EXPECT_TRUE(found.died);
  EXPECT_EQ(found.finding.kind, FindingKind::kHang);
  EXPECT_EQ(found.finding.signature, "hang");
  EXPECT_EQ(found.finding.step, 15u);
}

TEST(Isolate, TurnsAnExitIntoACrash) {
  Isolator isolator;
  EXPECT_EQ(hunt(Death::kExit, isolator).finding.signature, "crash: exit 3");
  EXPECT_EQ(hunt(Death::kExitZero, isolator).finding.signature, "crash: exit 0");
}

TEST(Isolate, LeavesNoDumpEvenToAProgramThatTakesThem) {
  rlimit ours{};
  getrlimit(RLIMIT_CORE, &ours);
  if (ours.rlim_max == 0) GTEST_SKIP() << "dumps are forbidden here anyway";
  Isolator isolator;
  EXPECT_EQ(hunt(Death::kExitWithCoreLimit, isolator).finding.signature, "crash: exit 1");
}

#ifdef REWEAVE_TEST_ASAN
TEST(Isolate, NamesASanitizersReport) {
  Isolator isolator;
  EXPECT_EQ(hunt(Death::kNull, isolator).finding.signature, "crash: SEGV");
  const Found found = hunt(Death::kUseAfterFree, isolator);
  EXPECT_EQ(found.finding.signature, "crash: heap-use-after-free");
  EXPECT_THAT(found.finding.message, HasSubstr("freed by thread"));
}
#else
TEST(Isolate, NamesASegmentationFault) {
  Isolator isolator;
  EXPECT_EQ(hunt(Death::kNull, isolator).finding.signature, "crash: SIGSEGV");
}
#endif

TEST(Isolate, TellsOurOwnBugsFromTheSubjects) {
  Isolator isolator;
  EXPECT_EQ(hunt(Death::kCheck, isolator).finding.signature, "crash: CHECK failed");
}

TEST(Isolate, BringsOrdinaryFindingsBack) {
  Isolator isolator;
  const Found found = hunt(Death::kNone, isolator);
  EXPECT_FALSE(found.died);
  EXPECT_EQ(found.finding.kind, FindingKind::kLostValue);
  EXPECT_EQ(found.finding.signature, "lost-value: pick");
  EXPECT_EQ(found.finding.message, "A toy's finding.");
}

TEST(Isolate, KeepsTheFirstFindingWhenTheSubjectCrashesAfterwards) {
  Isolator isolator;
  const Found found = hunt(Death::kReportThenAbort, isolator);
  EXPECT_TRUE(found.died);
  EXPECT_EQ(found.finding.signature, "lost-value: pick");
}

TEST(Isolate, ExploresAsTheSameProcessDoes) {
  toys::LostUpdate subject(6);
  const ExploreOptions options{.budget = {.executions = 1000}, .seed = 4};
  Portfolio here, there;
  const Exploration inside = explore(subject, here, options);
  Isolator isolator;
  const Exploration outside = isolator.explore(subject, there, options);
  ASSERT_TRUE(inside.found);
  ASSERT_TRUE(outside.found);
  EXPECT_EQ(outside.found->execution, inside.found->execution);
  EXPECT_EQ(outside.found->answers, inside.found->answers);
  EXPECT_EQ(outside.found->trace_hash, inside.found->trace_hash);
  EXPECT_EQ(outside.statistics.executions, inside.statistics.executions);
  EXPECT_EQ(outside.statistics.steps, inside.statistics.steps);
  EXPECT_EQ(outside.statistics.questions, inside.statistics.questions);
}

TEST(Isolate, SaysWhyItStoppedWithoutAFinding) {
  toys::Interleavings subject(2, 2);
  RandomWalk strategy;
  Isolator isolator;
  EXPECT_EQ(isolator.explore(subject, strategy, {.budget = {.executions = 10}}).reason,
            StopReason::kExecutions);
  EXPECT_EQ(isolator.explore(subject, strategy, {.budget = {.seconds = 1}}).reason,
            StopReason::kSeconds);
  ExploreOptions options;
  options.progress_ms = 1;
  options.progress = [](const Statistics& statistics) { return statistics.executions < 100; };
  EXPECT_EQ(isolator.explore(subject, strategy, options).reason, StopReason::kCancelled);
}

TEST(Isolate, NamesTheActorsOfADeadExecution) {
  /// The second child of the root kills everything as soon as it runs first.
  class Killer : public toys::Threads {
   public:
    Killer() : Threads(3, 2) {}

   protected:
    void advance(Execution&, std::uint32_t thread, std::uint32_t) override {
      if (thread == 1) std::_Exit(9);
    }
  };
  Killer subject;
  Isolator isolator;
  const auto schedule = parse_schedule("0.1 run op.0 0 0.3\n0.3 run op.1 0 0.2\n", "f");
  const IsolatedRun run = isolator.replay(subject, *schedule, ReplayMode::kStrict);
  ASSERT_TRUE(run.died);
  EXPECT_EQ(run.finding->signature, "crash: exit 9");
  EXPECT_EQ(run.steps, 2u);
  EXPECT_EQ(run.schedule, *schedule);
  const auto shrunk = shrink(subject, *schedule, "crash: exit 9", trial_runner(isolator, {}));
  ASSERT_TRUE(shrunk);
  EXPECT_TRUE(shrunk->schedule.empty()) << "in the ordinary execution 0.2 runs, too";
}

TEST(Isolate, ReportsTheDivergenceOfAStrictReplay) {
  toys::Switches subject(3, {});
  const auto schedule = parse_schedule("0 preempt op.2 0 5\n", "f");
  Isolator isolator;
  const IsolatedRun run = isolator.replay(subject, *schedule, ReplayMode::kStrict);
  EXPECT_FALSE(run.died);
  EXPECT_EQ(run.outcome, Outcome::kDiverged);
  EXPECT_EQ(run.divergence.step, 3u);
  EXPECT_EQ(run.divergence.found, "the highest possible answer is 1");
}

TEST(Isolate, KeepsTheTailOfALongStandardError) {
  class Talker : public toys::Toy {
   public:
    void run(Execution&) override {
      for (int i = 0; i < 100'000; ++i) std::fprintf(stderr, "line %d\n", i);
      std::abort();
    }
  };
  Talker subject;
  Isolator isolator({.stderr_bytes_max = 1000});
  const IsolatedRun run = isolator.replay(subject, {}, ReplayMode::kStrict);
  ASSERT_TRUE(run.died);
  EXPECT_EQ(run.standard_error.size(), 1000u);
  EXPECT_THAT(run.standard_error, HasSubstr("line 99999"));
}

TEST(Isolate, ShrinksACrashAsItWouldAFinding) {
  Isolator isolator;
  Deadly subject(20, Death::kAbort);
  const IsolatedRun recorded = isolator.record(subject, hunt(Death::kAbort, isolator).answers);
  const auto shrunk =
      shrink(subject, recorded.schedule, "crash: SIGABRT", trial_runner(isolator, {}));
  ASSERT_TRUE(shrunk);
  EXPECT_TRUE(shrunk->minimal);
  EXPECT_EQ(shrunk->schedule.one_line(), "0 spill op.5 0 1; 0 pick op.14 0 7");
  ASSERT_NE(shrunk->subject, nullptr);
  EXPECT_EQ(shrunk->subject->size(), 3u);
}

/// The finding needs both answers; with one of them alone it takes steps up to the limit.
class Rambling : public toys::Toy {
 public:
  void run(Execution& execution) override {
    std::uint32_t yes = 0;
    for (const std::uint32_t number : {1u, 2u}) {
      if (!execution.step(ActorId{0}, SiteId{number})) return;
      yes += execution.ask(QuestionKind::kSpill, ActorId{0}, SiteId{number}, 2);
    }
    if (yes == 2) {
      execution.report(toys::finding(FindingKind::kAssertion, execution.steps(), "both"), true);
    }
    while (yes == 1 && execution.step(ActorId{0}, SiteId{3})) *longest_ = execution.steps();
  }
  std::uint64_t longest() const { return *longest_; }

 private:
  // The children write it.
  std::uint64_t* const longest_ = static_cast<std::uint64_t*>(mmap(
      nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
};

TEST(Isolate, ShrinkingGivesUpWhatTakesFarMoreStepsThanTheFinding) {
  Rambling subject;
  Isolator isolator;
  const auto schedule = parse_schedule("0 spill op.1 0 1\n0 spill op.2 0 1\n", "f");
  const auto shrunk = shrink(subject, *schedule, "both", isolator, {.steps_max = 10'000'000});
  ASSERT_TRUE(shrunk);
  EXPECT_TRUE(shrunk->minimal);
  EXPECT_EQ(shrunk->schedule, *schedule);
  EXPECT_EQ(subject.longest(), 10'000u);
}

// Whoever is the fastest: the lowest number counts, which is what one process finds.
TEST(Isolate, SeveralChildrenFindWhatOneFinds) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    toys::LostUpdate subject(12);
    RandomWalk strategy;
    const ExploreOptions options{.budget = {.executions = 10'000}, .seed = seed};
    const Exploration one = explore(subject, strategy, options);
    Strategy* const jobs[] = {&strategy, &strategy, &strategy};
    const Exploration three = explore_in_children(subject, jobs, options);
    ASSERT_TRUE(one.found);
    ASSERT_TRUE(three.found);
    EXPECT_EQ(three.found->execution, one.found->execution);
    EXPECT_EQ(three.found->answers, one.found->answers);
    EXPECT_EQ(three.found->trace_hash, one.found->trace_hash);
  }
}

TEST(Isolate, SeveralChildrenShareTheBudgetAndAllOfTheirWorkCounts) {
  toys::Interleavings subject(2, 2);
  RandomWalk strategy;
  Strategy* const jobs[] = {&strategy, &strategy, &strategy};
  ExploreOptions options{.budget = {.executions = 1000}};
  std::uint64_t shown = 0;
  options.progress = [&](const Statistics& statistics) {
    shown = statistics.executions;
    return true;
  };
  const Exploration result = explore_in_children(subject, jobs, options);
  EXPECT_EQ(result.reason, StopReason::kExecutions);
  EXPECT_EQ(result.statistics.executions, 1000u);
  EXPECT_EQ(shown, 1000u);
  options.progress = [](const Statistics&) { return false; };
  options.progress_ms = 1;
  options.budget = {};
  EXPECT_EQ(explore_in_children(subject, jobs, options).reason, StopReason::kCancelled);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was left over";
}

// One child for many trials: what it says is what a child for each trial says, also where trials
// kill it.
TEST(Isolate, ShrinksInOneChildAsInOneForEachTrial) {
  for (const Death death : {Death::kNone, Death::kExit, Death::kReportThenAbort}) {
    Isolator isolator;
    const Found found = hunt(death, isolator);
    Deadly subject(20, death);
    const Schedule schedule = isolator.record(subject, found.answers).schedule;
    std::uint64_t calls = 0;
    ShrinkOptions options;
    options.replace_executions_max = 0;  // That is done in children alone.
    options.progress = [&](std::size_t, std::size_t, std::uint64_t) { ++calls; };
    const auto slow =
        shrink(subject, schedule, found.finding.signature, trial_runner(isolator, {}), options);
    const std::uint64_t slow_calls = std::exchange(calls, 0);
    const auto fast = shrink(subject, schedule, found.finding.signature, isolator, {}, options);
    ASSERT_TRUE(slow && fast);
    EXPECT_EQ(fast->schedule, slow->schedule);
    EXPECT_EQ(fast->finding.signature, slow->finding.signature);
    EXPECT_EQ(fast->executions, slow->executions);
    EXPECT_EQ(fast->minimal, slow->minimal);
    EXPECT_EQ(fast->subject != nullptr ? fast->subject->size() : 0,
              slow->subject != nullptr ? slow->subject->size() : 0);
    EXPECT_EQ(calls, slow_calls);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was left over";
  }
}

/// It is killed in the execution of that number, as by somebody else.
class Killed : public toys::Program {
 public:
  Killed(std::uint32_t ops, bool starves) : Program(ops), starves_(starves) {}

 protected:
  void fail(Execution&) override {
    CHECK_MSG(!starves_, "no memory for a test");
    kill(getpid(), SIGKILL);
  }
  std::unique_ptr<Program> empty() const override { return std::make_unique<Killed>(0, starves_); }

 private:
  bool starves_;
};

TEST(Isolate, TellsWhatWasKilledFromWhatCrashed) {
  Isolator isolator;
  for (const bool starves : {false, true}) {
    Killed killed(20, starves);
    RandomWalk strategy;
    const Exploration result =
        isolator.explore(killed, strategy, {.budget = {.executions = 100'000}, .seed = 1});
    ASSERT_TRUE(result.found);
    EXPECT_TRUE(result.found->killed);
    const IsolatedRun again = isolator.record(killed, result.found->answers);
    EXPECT_TRUE(again.died);
    EXPECT_TRUE(again.killed);
  }
  EXPECT_FALSE(hunt(Death::kCheck, isolator).killed);
  EXPECT_FALSE(hunt(Death::kAbort, isolator).killed);
  Isolator impatient({.hang_ms = 100});
  EXPECT_FALSE(hunt(Death::kHang, impatient).killed);
}

TEST(Isolate, EndsAtOnceWhenNobodyWantsToGoOn) {
  Isolator isolator({.hang_ms = 3'600'000});
  Deadly subject(20, Death::kHang);
  RandomWalk strategy;
  int asked = 0;
  const Exploration result = isolator.explore(
      subject, strategy, {.seed = 1, .keep_going = [&asked] { return ++asked < 20; }});
  EXPECT_EQ(result.reason, StopReason::kCancelled);
  EXPECT_FALSE(result.found);
  EXPECT_LT(result.next, UINT64_MAX);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was left over";
}

TEST(Isolate, TouchesNoMemoryThatNobodyUses) {
  const auto faults = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
  };
  const long before = faults();
  const Isolator isolator;
  EXPECT_LT(faults() - before, 100) << "pages that were only filled with zeros";
}

TEST(Isolate, ThrowsWhatTheSystemRefuses) {
#if defined(REWEAVE_TEST_ASAN)
  GTEST_SKIP() << "UBSan looks at memory by a pipe, and has none here";
#endif
  Isolator isolator;
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit none{0, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Deadly subject(20, Death::kNone);
  EXPECT_THROW((void)isolator.replay(subject, {}, ReplayMode::kStrict), std::system_error);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_FALSE(isolator.replay(subject, {}, ReplayMode::kLenient).died);
}

}  // namespace
}  // namespace reweave
