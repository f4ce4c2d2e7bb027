// An exception that nobody catches is said: as the outcome, in a trace, and as a finding unless the
// scenario expects it. So is a program that uses more memory than it may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Ran {
  Outcome outcome{};
  std::vector<std::string> signatures{};
  std::vector<std::string> notes{};
  std::uint64_t hash = 0;
};

Ran run(const std::string& text, const Settings& settings, bool keep_log = true) {
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary, keep_log);
  subject.run(execution);
  Ran ran{.outcome = execution.outcome(), .hash = execution.trace_hash()};
  for (const Finding& finding : execution.findings()) ran.signatures.push_back(finding.signature);
  for (const Note& note : execution.notes()) {
    std::string line = execution.actor_path(note.event.actor) + " " + subject.describe(note.event);
    if (note.event.site != kNowhere) line += " at " + subject.site_name(note.event.site);
    ran.notes.push_back(line);
  }
  return ran;
}

std::vector<std::string> signatures_of(const std::string& text) {
  Settings settings;
  settings.report_uncaught = true;
  return run(text, settings).signatures;
}

TEST(Uncaught, EndOfMainIsItsOwnOutcomeAndANote) {
  const Ran ran = run("function main\n raise E1\nend\n", Settings());
  EXPECT_EQ(ran.outcome, Outcome::kUncaughtError);
  EXPECT_THAT(ran.signatures, IsEmpty());
  EXPECT_THAT(ran.notes, ElementsAre("0 main-died E1 at main.1"));
  EXPECT_EQ(run("function main\nend\n", Settings()).outcome, Outcome::kCompleted);
  EXPECT_EQ(run("function main\n raise SystemExit\nend\n", Settings()).outcome,
            Outcome::kCompleted);
}

TEST(Uncaught, IsAFindingForMainATaskletAndAThread) {
  EXPECT_THAT(signatures_of("function main\n raise E1\nend\n"), ElementsAre("uncaught E1 in main"));
  EXPECT_THAT(signatures_of("function main\n spawn t -\n try\n runall\n end\nend\n"
                            "function t\n call u\nend\nfunction u\n raise E2\nend\n"),
              ElementsAre("uncaught E2 in t"));
  EXPECT_THAT(signatures_of("function main\n tstart 1 t\n settle\nend\n"
                            "function t\n unlock 0\nend\n"),
              ElementsAre("uncaught RuntimeError:not_locked in t"));
}

TEST(Uncaught, OfAThreadSaysAtWhichOperation) {
  Settings settings;
  settings.report_uncaught = true;
  ScenarioSubject subject(parse_scenario("function main\n tstart 1 t\n settle\nend\n"
                                         "function t\n nest\n unlock 0\nend\n",
                                         "test")
                              .value(),
                          settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary, /*keep_log=*/true);
  subject.run(execution);
  ASSERT_EQ(execution.findings().size(), 1u);
  EXPECT_THAT(execution.findings()[0].message,
              testing::HasSubstr("which ended 0.1 in t, at t.2; if"));
  std::vector<std::string> events;
  for (const Event& event : execution.log()) {
    if (execution.actor_path(event.actor) != "0.1") continue;
    events.push_back(subject.describe(event) + " at " + subject.site_name(event.site));
  }
  EXPECT_THAT(events, ElementsAre("tstart 1 at t", "nest 0 at t.1",
                                  "died RuntimeError:not_locked at t.2", "tend 1 at t"));
}

TEST(Uncaught, IsNoneWhereTheScenarioExpectsIt) {
  EXPECT_THAT(signatures_of("function main raises\n raise E1\nend\n"), IsEmpty());
  EXPECT_THAT(signatures_of("function main\n spawn t -\n try\n runall\n end\nend\n"
                            "function t raises\n raise E2\nend\n"),
              IsEmpty());
  EXPECT_THAT(signatures_of("function main\n errh 1\n spawn t -\n runall\nend\n"
                            "function t\n raise E2\nend\n"),
              IsEmpty());
  EXPECT_THAT(signatures_of("function main\n spawn t -\n runall\nend\n"
                            "function t\n raise TaskletExit\nend\n"),
              IsEmpty());
}

TEST(Uncaught, DeadlockIsToldOfOnce) {
  Settings settings;
  settings.report_stuck = settings.report_uncaught = settings.report_deadlock = true;
  EXPECT_THAT(run("channel c\nfunction main\n recv c\nend\n", settings).signatures,
              ElementsAre("deadlock recv c in main"));
}

TEST(Recursion, ThatHasNoEndIsCalledSo) {
  Settings settings;
  const std::string endless = "function main\n call f\nend\nfunction f\n call f\nend\n";
  EXPECT_THAT(run(endless, settings).signatures, ElementsAre("livelock"));
  settings.report_stuck = true;
  EXPECT_THAT(run(endless, settings).signatures,
              ElementsAre("livelock recursion in f", "livelock"));
  EXPECT_THAT(
      run("channel c\nfunction main\n loop 9999\n  sched\n  sched\n  sched\n end\nend\n", settings)
          .signatures,
      ElementsAre("livelock"));
}

constexpr const char* kLocks =
    "function main\n tstart 1 other\n lock 0\n notify 0\n sleep 5\n unlock 0\n settle\nend\n"
    "function other\n lock 0\n wait 0 10\n unlock 0\nend\n";

TEST(Notes, ShowLocksAndSleepWithoutChangingTheTrace) {
  const Ran ran = run(kLocks, Settings());
  EXPECT_THAT(
      ran.notes,
      ElementsAre("0 lock 0 at main.2", "0 notify 0 0 at main.3", "0 sleep 5 at main.4",
                  "0.1 lock-waits 0 0 at other.1", "0 unlock 0 0.1 at main.5", "0 settle at main.6",
                  "0.1 lock 0 at other.1", "0.1 wait 0 at other.2", "0 main-end"));
  const Ran silent = run(kLocks, Settings(), /*keep_log=*/false);
  EXPECT_EQ(silent.hash, ran.hash);
  EXPECT_THAT(silent.notes, IsEmpty());
}

TEST(MemoryLimit, IsAnOutcomeAndTheSameEachTime) {
  Settings settings;
  settings.limits.steps_max = 1'000'000;
  settings.limits.memory_mib_max = 1;
  const std::string endless = "function main\n call main\nend\n";
  const Ran first = run(endless, settings, /*keep_log=*/false);
  EXPECT_EQ(first.outcome, Outcome::kMemoryLimit);
  EXPECT_THAT(first.signatures, IsEmpty());
  EXPECT_EQ(run(endless, settings, /*keep_log=*/false).hash, first.hash);
  // Saved stacks count, too.
  settings.spill_levels = 1000;
  const std::string deep =
      "channel c\nfunction main\n loop 9999\n  spawn f -\n  sched\n end\nend\n"
      "function f\n rec 900 g\nend\nfunction g\n recv c\nend\n";
  EXPECT_EQ(run(deep, settings, /*keep_log=*/false).outcome, Outcome::kMemoryLimit);
}

}  // namespace
}  // namespace reweave::runtime
