// What the language has beyond the real thing: integers and what they decide, assertions, orders,
// names of locks, waits that end early, buffers. Each is compared with the specification, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/language/text.h"
#include "scheduler/search/explore.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/random_walk.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Ran {
  Outcome outcome{};
  std::vector<std::string> found{};
  std::vector<std::string> events{};
};

Settings strict() {
  Settings settings;
  settings.check_structure = settings.check_specification = true;
  settings.report_stuck = settings.report_uncaught = true;
  return settings;
}

Ran run(const std::string& text, Switching switching = Switching::kSoft) {
  Settings settings = strict();
  settings.switching = switching;
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary, /*keep_log=*/true);
  subject.run(execution);
  Ran ran{.outcome = execution.outcome()};
  for (const Finding& finding : execution.findings()) ran.found.push_back(finding.signature);
  for (const Event& event : execution.log())
    ran.events.push_back(execution.actor_path(event.actor) + " " + subject.describe(event));
  return ran;
}

/// What is emitted, in order; under soft and hard switching it is the same, and nothing is found.
std::vector<std::string> emitted(const std::string& text) {
  std::vector<std::string> words[2];
  for (const bool hard : {false, true}) {
    const Ran ran = run(text, hard ? Switching::kHard : Switching::kSoft);
    EXPECT_THAT(ran.found, IsEmpty());
    for (const std::string& event : ran.events) {
      const std::size_t at = event.find(" emit ");
      if (at != std::string::npos) words[hard].push_back(event.substr(at + 6));
    }
  }
  EXPECT_EQ(words[0], words[1]);
  return words[0];
}

TEST(Integers, AreStoredAddedSaidAndPut) {
  EXPECT_THAT(
      run("slot a\nslot b\nfunction main\n set a 5\n add a -2\n get a\n plus 4\n put b\n get a\n"
          " less b\n assert said = -4\n assert a = 3\n assert b >= 7\n drop a\n assert a = 0\n"
          " copy b a\n assert a has 3\n assert a != 8\nend\n")
          .found,
      IsEmpty());
}

TEST(Integers, GoWhereAnObjectComesAndWrapAtTheEnd) {
  EXPECT_THAT(run("slot a\nfunction main\n set a 5\n self a\n assert a = 0\n set a 1000000\n"
                  " loop 4000\n add a 1000000\n end\n assert a < 0\nend\n")
                  .found,
              IsEmpty());
}

TEST(Integers, DecideIfElseAndWhile) {
  EXPECT_THAT(emitted("slot i\nfunction main\n while i < 3\n add i 1\n if i = 2\n emit two\n "
                      "else\n emit other\n"
                      " end\n if i > 2\n emit last\n end\n end\n emit done\nend\n"),
              ElementsAre("other", "two", "other", "last", "done"));
}

TEST(Integers, LeaveBlocksByExceptionsToo) {
  EXPECT_THAT(
      emitted("slot i\nfunction main\n try\n while i < 3\n add i 1\n finally\n if i = 2\n raise "
              "E1\n else\n"
              " emit fine\n end\n then\n emit left\n end\n end\n end\n assert i = 2\nend\n"),
      ElementsAre("fine", "left", "left"));
}

TEST(Integers, AWhileThatNeverEndsReachesTheLimitOfSteps) {
  EXPECT_EQ(run("function main\n while said = 0\n end\nend\n").outcome, Outcome::kStepLimit);
}

TEST(Said, IsWhatTheLastOneSaidAndNotWhatACallbackDid) {
  EXPECT_THAT(
      run("channel c\nslot t\nfunction main\n spawn other t\n state t\n assert said = 5\n bal c\n"
          " assert said = 0\n trylock 0 0\n assert said = 1\n trylock 0 10\n assert said = 0\n"
          " runcount\n weakref t noisy\n remove t\n drop t\n assert said = 2\nend\n"
          "function other\nend\nfunction noisy\n bal c\nend\n")
          .found,
      IsEmpty());
}

TEST(Said, ComesBackFromACall) {
  EXPECT_THAT(
      run("function main\n hcall f\n assert said = 7\nend\nfunction f\n plus 7\nend\n").found,
      IsEmpty());
}

TEST(Assert, IsAFindingThatNamesWhatDoesNotHold) {
  const Ran ran =
      run("slot a\nfunction main\n call f\n emit never\nend\nfunction f\n assert a = 1\nend\n");
  EXPECT_THAT(ran.found, ElementsAre("assertion assert a = 1 in f"));
  EXPECT_THAT(ran.events, IsEmpty());
}

constexpr const char* kLostUpdate = R"(slot total
slot ended

function main
  tstart 1 worker
  tstart 2 worker
  settle
  assert ended = 2
  assert total = 2
end

function worker
  get total
  plus 1
  put total
  add ended 1
end
)";

TEST(Assert, FindsALostUpdateAndNotTheAtomicOne) {
  const auto hunt = [](const std::string& text) {
    ScenarioSubject subject(parse_scenario(text, "test").value(), strict());
    RandomWalk strategy;
    const ExploreOptions options{.budget = {.executions = 500, .seconds = 0}, .seed = 1};
    return explore(subject, strategy, options);
  };
  const Exploration lost = hunt(kLostUpdate);
  ASSERT_TRUE(lost.found.has_value());
  EXPECT_EQ(lost.found->finding.signature, "assertion assert total = 2 in main");
  std::string mended = kLostUpdate;
  mended.replace(mended.find("  get total\n  plus 1\n  put total\n"), 34, "  add total 1\n");
  EXPECT_FALSE(hunt(mended).found.has_value());
}

// What is left of a program is as right as it was, unless somebody interferes.
TEST(Assert, DoesNotShrinkToItselfAlone) {
  const ScenarioSubject subject(parse_scenario(kLostUpdate, "test").value(), strict());
  int smaller = 0;
  for (std::size_t i = 0; i < subject.reduction_count(); ++i) {
    const std::unique_ptr<Subject> reduced = subject.reduce(i);
    if (reduced == nullptr) continue;
    ++smaller;
    Ordinary ordinary;
    Execution execution(subject.settings().limits);
    execution.begin(ordinary, /*keep_log=*/false);
    reduced->run(execution);
    EXPECT_THAT(execution.findings(), IsEmpty()) << reduced->text();
  }
  EXPECT_GT(smaller, 0);
  EXPECT_LT(smaller, static_cast<int>(subject.reduction_count()));
}

TEST(Expect, SaysWhichWordComesFirst) {
  const std::string text =
      "expect opened before closed\nfunction main\n emit closed\n emit opened\n emit closed\nend\n";
  EXPECT_THAT(run(text).found, ElementsAre("assertion expect opened before closed"));
  EXPECT_THAT(
      run("expect opened before closed\nfunction main\n emit opened\n emit closed\nend\n").found,
      IsEmpty());
}

TEST(LockNames, AreWrittenAsTheyWereReadAndMeanNumbers) {
  const std::string text =
      "lock door\nlock gate\ncondition changed gate\nexpect in before out\n\n"
      "function main\n  lock door\n  lock gate\n  notify changed\n  unlock gate\n  unlock 0\nend\n";
  const Scenario scenario = parse_scenario(text, "test").value();
  EXPECT_EQ(scenario.functions[0].ops[2].args[0], 1);
  std::string canonical = text;
  canonical.replace(canonical.find("unlock 0"), 8, "unlock door");
  EXPECT_EQ(write_scenario(scenario), canonical);
  EXPECT_EQ(parse_scenario(canonical, "test").value(), scenario);
  const auto error = [](const std::string& bad) {
    return parse_scenario(bad, "f").error().message;
  };
  EXPECT_THAT(error("lock 3\nfunction main\nend\n"), HasSubstr("lock door"));
  EXPECT_THAT(error("function main\n else\nend\n"), HasSubstr("stands in no `if`"));
  EXPECT_THAT(error("expect a after b\nfunction main\nend\n"),
              HasSubstr("expect WORD before WORD"));
  EXPECT_THAT(error("condition c 9\nfunction main\nend\n"), HasSubstr("from 0 to 7"));
  EXPECT_THAT(error("slot said\nfunction main\nend\n"), HasSubstr("rename it"));
}

TEST(Trying, SaysWhetherItDid) {
  EXPECT_THAT(
      run("channel c\nfunction main\n trysend c\n assert said = 0\n tryrecv c\n assert said = 0\n"
          " spawn receiver -\n sched\n trysend c\n assert said = 1\n spawn sender -\n sched\n "
          "tryrecv c\n"
          " assert said = 1\nend\nfunction receiver\n recv c\nend\nfunction sender\n send c\nend\n")
          .found,
      IsEmpty());
}

TEST(Time, EndsAWaitForAValue) {
  const Ran ran = run(
      "channel c\nfunction main\n recvt c 300\n assert said = 0\n spawn sender -\n recvt c 300\n"
      " assert said = 1\n now\nend\nfunction sender\n nap 200\n send c\nend\n");
  EXPECT_THAT(ran.found, IsEmpty());
  EXPECT_THAT(ran.events, testing::Contains("0 now 0 500"));
}

TEST(Time, LetsTheOthersOfTheThreadRun) {
  EXPECT_THAT(
      emitted("channel done\nfunction main\n spawn late -\n spawn early -\n spawn never -\n recv "
              "done\nend\n"
              "function late\n nap 200\n emit late\n send done\nend\n"
              "function early\n nap 100\n emit early\nend\nfunction never\n emit first\nend\n"),
      ElementsAre("first", "early", "late"));
}

TEST(Time, OfAThreadThatSleepsWhileAnotherOneRuns) {
  EXPECT_THAT(emitted("channel c\nfunction main\n tstart 1 other\n recvt c 1000\n if said = 1\n "
                      "emit came\n end\n"
                      " recvt c 1000\n if said = 0\n emit timeout\n end\nend\n"
                      "function other\n nap 500\n send c\nend\n"),
              ElementsAre("came", "timeout"));
}

TEST(Time, WhoIsKilledWhileHeNapsIsGone) {
  EXPECT_THAT(
      run("slot t\nfunction main\n spawn sleeper t\n sched\n kill t\n nap 500\n drop t\nend\n"
          "function sleeper\n nap 100\n emit never\nend\n")
          .events,
      testing::Not(testing::Contains(HasSubstr("never"))));
}

// A weak-reference callback runs in the middle of a wait whose time is over: its own waits have
// none.
TEST(Time, OfAWaitIsNotThatOfACallback) {
  const Ran ran =
      run("channel c\nchannel d\nslot s\nfunction main\n spawn f -\n recvt d 0\nend\n"
          "function f\n spawn g -\nend\nfunction g\n spawn h s\n weakref s h\n recvt c 0\n drop s\n"
          "end\nfunction h\n send c\nend\n",
          Switching::kHard);
  EXPECT_THAT(ran.found, testing::Not(testing::Contains(HasSubstr("lost-value"))));
  EXPECT_THAT(ran.found, testing::Not(testing::Contains(HasSubstr("diverged"))));
}

TEST(Select, TakesFromWhoeverComesFirst) {
  EXPECT_THAT(emitted("channel a\nchannel b\nfunction main\n spawn of_b -\n select a b\n if said = "
                      "1\n emit b\n end\n"
                      " spawn of_a -\n select a b\n if said = 0\n emit a\n end\nend\n"
                      "function of_b\n send b\nend\nfunction of_a\n send a\nend\n"),
              ElementsAre("b", "a"));
}

TEST(Select, ThatNobodyEndsIsADeadlock) {
  EXPECT_THAT(run("channel a\nchannel b\nfunction main\n select a b\nend\n").found,
              ElementsAre("deadlock select in main"));
}

TEST(Buffer, KeepsValuesAndHoldsBackWhoIsTooEarly) {
  EXPECT_THAT(
      emitted("channel c\nfunction main\n buffer c 2\n spawn producer -\n sched\n emit full\n "
              "sendx c E1\nend\n"
              "function producer\n send c\n send c\n emit two\n recv c\n recv c\n tryrecv c\n"
              " if said = 0\n emit none\n end\nend\n"),
      ElementsAre("two", "none", "full"));
  EXPECT_THAT(emitted("channel c\nfunction main\n buffer c 1\n spawn producer -\n sched\n emit "
                      "one\n iter c 3\n runall\nend\n"
                      "function producer\n sendseq c 3\n emit sent\nend\n"),
              ElementsAre("one", "sent"));
}

TEST(Buffer, GivesAnExceptionToItsReceiver) {
  EXPECT_THAT(emitted("channel c\nfunction main\n buffer c 1\n sendx c E1\n try\n recv c\n emit "
                      "no\n end\nend\n"),
              IsEmpty());
}

// Whatever is generated, the runtime and the specification agree, and nothing else is found.
TEST(Beyond, GeneratedProgramsDoAsTheSpecificationSays) {
  Prng prng(7);
  const Settings quiet = [] {
    Settings settings = strict();
    settings.report_stuck = settings.report_uncaught = false;
    settings.limits.steps_max = 500;
    return settings;
  }();
  Scenario scenario;
  int beyond = 0;
  for (int i = 0; i < 2'000; ++i) {
    generate_scenario(prng, {.beyond = true}, scenario);
    for (const Function& function : scenario.functions) {
      for (const Op& op : function.ops) beyond += op_info(op.code).topic == Topic::kBeyond ? 1 : 0;
    }
    Settings settings = quiet;
    settings.switching = i % 2 == 0 ? Switching::kSoft : Switching::kHard;
    settings.collect = i % 4 == 0;
    ScenarioSubject subject(scenario, settings);
    RandomWalk strategy;
    ExploreOptions options{.budget = {.executions = 3, .seconds = 0},
                           .seed = static_cast<std::uint64_t>(i),
                           .limits = settings.limits};
    options.counts = [](const Finding& finding) { return finding.kind != FindingKind::kLivelock; };
    const Exploration exploration = explore(subject, strategy, options);
    ASSERT_FALSE(exploration.found.has_value()) << exploration.found->finding.message << "\n"
                                                << write_scenario(scenario);
  }
  EXPECT_GT(beyond, 1'000);
}

}  // namespace
}  // namespace reweave::runtime
