// Things in scenarios: closures, generators, records and weak references do what the post says and
// what the specification predicts, in all switching modes, on spilled stacks and with the collector
// at every step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/life/closure.h"
#include "runtime/oracle/lingering.h"
#include "scheduler/strategy/ordinary.h"
#include "tests/runtime/language/wild.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

struct Ran {
  std::vector<std::string> events;
  std::vector<Finding> findings;
  std::vector<LingeringMoment> lingering;
};

Ran run(const Scenario& scenario, Settings settings = {}) {
  settings.check_structure = settings.check_specification = true;
  ScenarioSubject subject(scenario, settings);
  Lingering lingering;
  subject.watch_garbage(&lingering);
  Execution execution(settings.limits);
  Ordinary ordinary;
  execution.begin(ordinary, /*keep_log=*/true);
  subject.run(execution);
  Ran ran{.events = {}, .findings = execution.findings(), .lingering = lingering.moments()};
  for (const Event& event : execution.log()) ran.events.push_back(subject.describe(event));
  return ran;
}

/// The events; the same in every mode, and no finding of any oracle.
std::vector<std::string> events_of(const Scenario& scenario) {
  const Ran soft = run(scenario);
  EXPECT_THAT(soft.findings, IsEmpty());
  Settings hard;
  hard.switching = Switching::kHard;
  const Ran switched_hard = run(scenario, hard);
  EXPECT_THAT(switched_hard.findings, IsEmpty());
  EXPECT_EQ(switched_hard.events, soft.events);
  Settings spilling;
  spilling.spill_levels = 1;
  EXPECT_THAT(run(scenario, spilling).findings, IsEmpty());
  return soft.events;
}
std::vector<std::string> events_of(std::string_view text) { return events_of(scenario_of(text)); }

Scenario from_corpora(const std::string& name) {
  std::ifstream file(std::string(REWEAVE_SCENARIOS) + "/" + name);
  std::stringstream text;
  std::string line;
  while (std::getline(file, line))
    if (line != "weave 1" && !line.starts_with('#')) text << line << '\n';
  return scenario_of(text.str());
}

TEST(Things, OperationsOnTaskletsDoNothingToThem) {
  EXPECT_THAT(events_of("slot a\nslot b\nfunction main\n cell a\n insert a\n kill a\n state a\n"
                        " tatomic a 1\n rebind a f\n run a\n copy a b\n same a b\n drop a\nend\n"
                        "function f\nend\n"),
              ElementsAre("same 1 1"));
}

TEST(Things, DieWithTheirLastReferenceAndTellTheirWeakReferences) {
  EXPECT_THAT(
      events_of("slot a\nslot b\nfunction main\n cell a\n cell b\n setcell a b\n drop b\n"
                " weakref a gone\n drop a\nend\nfunction gone\n emit gone\nend\n"),
      ElementsAre("wcbo cell 1", "emit gone", "wcboend cell 1", "freed cell 1", "freed cell 2"));
}

TEST(Closures, OfThePostLingerUntilTheCollectorRuns) {
  const Scenario scenario = from_corpora("closure-cycle.weave");
  EXPECT_THAT(events_of(scenario),
              AllOf(Contains("freed generator 4"), Contains("collectable cell 1"),
                    Contains("collectable function 2"), Contains("collectable tuple 3")));
  const Ran ran = run(scenario);
  ASSERT_EQ(ran.lingering.size(), 1u);
  EXPECT_FALSE(ran.lingering[0].at_end);
  ASSERT_EQ(ran.lingering[0].nodes.size(), 3u);
  EXPECT_THAT(ran.lingering[0].nodes[0].holds, ElementsAre(1u));
  EXPECT_THAT(ran.lingering[0].nodes[2].holds, ElementsAre(0u));
}

TEST(Closures, AreFreedByWhoeverEmptiesTheirVariable) {
  const Scenario scenario = from_corpora("closure-cured.weave");
  EXPECT_THAT(events_of(scenario),
              AllOf(Contains("freed cell 3"), Not(Contains(StartsWith("collectable")))));
  EXPECT_TRUE(run(scenario).lingering.empty());
}

TEST(Closures, LingerWhereNobodyRunsInTheScopeOfTheirVariable) {
  EXPECT_THAT(events_of(from_corpora("closure-cure-fails.weave")),
              AllOf(Contains("exhausted generator 2"), Contains("collectable cell 3"),
                    Contains("collectable function 4"), Contains("collectable tuple 5")));
}

TEST(Closures, ThatAreLeftInACycleLingerAtTheEnd) {
  const Ran ran = run(scenario_of("slot a\nfunction main\n cell a\n setcell a a\n drop a\nend\n"));
  EXPECT_THAT(ran.findings, IsEmpty());
  ASSERT_EQ(ran.lingering.size(), 1u);
  EXPECT_TRUE(ran.lingering[0].at_end);
}

TEST(Closures, ShareTheirVariableWhileTheyRun) {
  EXPECT_THAT(events_of("slot c\nslot f\nslot x\nfunction main\n cell c\n cell x\n setcell c x\n"
                        " drop x\n closure shares f c\n callobj f\n drop f\n drop c\nend\n"
                        "function shares\n drop c\n freevar c\n getcell c x\n setcell c -\n"
                        " drop x\nend\n"),
              ElementsAre("freed cell 2", "freed function 3", "freed tuple 4", "freed cell 1"));
}

TEST(Closures, AreKeptByTheCollectorIfItIsToldSo) {
  EXPECT_THAT(events_of("slot a\nfunction main\n gcdebug 3\n cell a\n setcell a a\n drop a\n gc\n"
                        " gc\nend\n"),
              ElementsAre("collectable cell 1"));
}

TEST(Generators, GoOnWhereTheyYieldedInWhateverTaskletAsks) {
  EXPECT_THAT(events_of("slot f\nslot g\nfunction main\n closure counts f -\n generator f g\n"
                        " drop f\n spawn asks -\n next g\n runall\n next g\n next g\n drop g\nend\n"
                        "function counts\n loop 2\n  yield one\n  sched\n end\n yield two\nend\n"
                        "function asks\n next g\nend\n"),
              ElementsAre("freed function 1", "yielded generator 2 one", "start",
                          "yielded generator 2 one", "end", "fin 0.1", "ran -",
                          "yielded generator 2 two", "exhausted generator 2", "freed generator 2"));
}

TEST(Generators, AreClosedWhenNobodyHoldsThemAnyMore) {
  EXPECT_THAT(
      events_of("slot f\nslot g\nfunction main\n closure body f -\n generator f g\n"
                " next g\n weakref g gone\n drop g\n emit dropped\nend\n"
                "function body\n finally\n  try\n   yield one\n  end\n then\n"
                "  emit cleanup\n end\n emit never\nend\n"
                "function gone\n emit gone\nend\n"),
      ElementsAre("yielded generator 2 one", "wcbo generator 2", "emit gone", "wcboend generator 2",
                  "emit cleanup", "freed generator 2", "emit dropped"));
}

TEST(Generators, ThatDidNotBeginOrHaveEndedAreNotClosed) {
  EXPECT_THAT(events_of("slot f\nslot g\nfunction main\n closure body f -\n generator f g\n"
                        " drop g\n generator f g\n next g\n next g\n drop g\nend\n"
                        "function body\n finally\n  yield one\n then\n  emit cleanup\n end\nend\n"),
              ElementsAre("freed generator 2", "yielded generator 3 one", "emit cleanup",
                          "exhausted generator 3", "freed generator 3"));
}

TEST(Generators, ThatIgnoreTheirEndAreNotAskedAgain) {
  EXPECT_THAT(
      events_of("slot f\nslot g\nfunction main\n closure body f -\n generator f g\n"
                " next g\n drop g\n emit dropped\nend\n"
                "function body\n tryall\n  yield one\n end\n yield two\n emit never\nend\n"),
      ElementsAre("yielded generator 2 one", "exc GeneratorExit", "freed generator 2",
                  "emit dropped"));
}

TEST(Generators, MayCommunicateWhileTheyAreClosed) {
  EXPECT_THAT(events_of("channel c\nslot f\nslot g\nfunction main\n closure body f -\n"
                        " generator f g\n next g\n spawn sender -\n drop g\n emit dropped\nend\n"
                        "function body\n finally\n  yield one\n then\n  recv c\n end\nend\n"
                        "function sender\n send c\nend\n"),
              ElementsAre("yielded generator 2 one", "start", "send c v1", "got c v1",
                          "freed generator 2", "emit dropped"));
}

TEST(Generators, AreClosedByTheCollectorBeforeAnythingOfTheirCycleIsFreed) {
  EXPECT_THAT(events_of("slot c\nslot f\nslot g\nfunction main\n cell c\n closure body f c\n"
                        " generator f g\n next g\n setcell c g\n weakref g gone\n drop c\n"
                        " drop f\n drop g\n gc\n emit collected\nend\n"
                        "function body\n finally\n  yield one\n then\n  emit cleanup\n end\nend\n"
                        "function gone\n emit gone\nend\n"),
              ElementsAre("yielded generator 4 one", "freed function 2", "freed tuple 3",
                          "wcbo generator 4", "emit gone", "wcboend generator 4", "emit cleanup",
                          "freed cell 1", "freed generator 4", "emit collected"));
}

TEST(Generators, MayBringTheirCycleBackToLife) {
  EXPECT_THAT(
      events_of("slot c\nslot f\nslot g\nfunction main\n cell c\n closure body f c\n"
                " generator f g\n next g\n setcell c g\n drop c\n drop f\n drop g\n gc\n"
                " emit collected\n getcell c g\n next g\n drop g\n drop c\nend\n"
                "function body\n finally\n  yield one\n then\n  freevar c\n end\nend\n"),
      ElementsAre("yielded generator 4 one", "freed function 2", "freed tuple 3", "emit collected",
                  "exhausted generator 4", "freed cell 1", "freed generator 4"));
}

TEST(Collections, FindWhatAnEarlierOneHasMovedInItsNewPlace) {
  EXPECT_THAT(events_of("slot a\nslot b\nfunction main\n record a\n record b\n weakref a first\n"
                        " weakref b second\n setcell b a\n drop a\n gc\n getcell b a\n"
                        " setcell a b\n drop a\n drop b\n gc\nend\n"
                        "function first\n emit first\nend\nfunction second\n emit second\nend\n"),
              ElementsAre("wcbo record 2", "emit second", "wcboend record 2", "wcbo record 1",
                          "emit first", "wcboend record 1", "freed record 2", "freed record 1"));
}

TEST(Generators, RefuseWhoeverAsksThemWhileTheyRun) {
  EXPECT_THAT(events_of("slot f\nslot g\nfunction main\n closure asks f -\n generator f g\n"
                        " tryall\n  next g\n end\n next g\n drop f\n drop g\nend\n"
                        "function asks\n next g\nend\n"),
              ElementsAre("exc ValueError", "exhausted generator 2", "freed function 1",
                          "freed generator 2"));
}

TEST(Generators, EndByAnException) {
  EXPECT_THAT(events_of("slot f\nslot g\nfunction main\n closure raises f -\n generator f g\n"
                        " next g\n try\n  next g\n end\n next g\nend\n"
                        "function raises\n yield one\n raise E1\nend\n"),
              ElementsAre("yielded generator 2 one", "exc E1", "exhausted generator 2"));
}

TEST(Generators, ThatAreSuspendedGiveBackTheirVariableWhenTheyDie) {
  EXPECT_THAT(
      events_of("slot c\nslot f\nslot g\nfunction main\n cell c\n closure yields f c\n"
                " generator f g\n drop c\n drop f\n next g\n drop g\nend\n"
                "function yields\n finally\n  yield one\n then\n  yield never\n end\nend\n"),
      ElementsAre("freed function 2", "freed tuple 3", "yielded generator 4 one",
                  "freed generator 4", "freed cell 1"));
}

TEST(Loops, GoThroughAGeneratorUntilItsEnd) {
  EXPECT_THAT(
      events_of("slot f\nslot g\nfunction main\n closure counts f -\n generator f g\n"
                " foreach g 9\n emit after\n foreach g 9\n drop g\nend\n"
                "function counts\n yield one\n yield two\nend\n"),
      ElementsAre("yielded generator 2 one", "yielded generator 2 two", "exhausted generator 2",
                  "emit after", "exhausted generator 2", "freed generator 2"));
}

TEST(Loops, AreLeftAfterSoManyTurnsAndByAnException) {
  EXPECT_THAT(events_of("slot f\nslot g\nfunction main\n closure counts f -\n generator f g\n"
                        " foreach g 2\n try\n  foreach g 9\n end\n next g\nend\n"
                        "function counts\n yield one\n yield two\n yield one\n raise E1\nend\n"),
              ElementsAre("yielded generator 2 one", "yielded generator 2 two",
                          "yielded generator 2 one", "exc E1", "exhausted generator 2"));
}

TEST(Loops, GoOnWithTheirGeneratorWhateverIsInTheSlot) {
  EXPECT_THAT(events_of("slot f\nslot g\nfunction main\n closure drops f -\n generator f g\n"
                        " foreach g 9\nend\n"
                        "function drops\n yield one\n drop g\n yield two\nend\n"),
              ElementsAre("yielded generator 2 one", "yielded generator 2 two",
                          "exhausted generator 2", "freed generator 2"));
}

TEST(Loops, OfWhatIsNoGeneratorDoNothing) {
  EXPECT_THAT(events_of("slot c\nfunction main\n foreach c 9\n cell c\n foreach c 9\nend\n"),
              IsEmpty());
}

TEST(Loops, RefuseAGeneratorThatRuns) {
  EXPECT_THAT(events_of("channel c\nslot f\nslot g\nfunction main\n closure body f -\n"
                        " generator f g\n spawn loops -\n sched\n tryall\n  foreach g 9\n end\n"
                        " tryall\n  next g\n end\n send c\n runall\nend\n"
                        "function loops\n foreach g 9\nend\n"
                        "function body\n recv c\n yield one\nend\n"),
              ElementsAre("start", "exc ValueError", "exc ValueError", "send c v1", "got c v1",
                          "yielded generator 2 one", "exhausted generator 2", "end", "fin 0.1",
                          "sent c v1", "ran -"));
}

// A loop runs its generator at its own level, so that a switch in it can be soft.
TEST(Loops, CallNoC) {
  const char* const text =
      "channel c\nslot f\nslot g\nslot t\nfunction main\n closure body f -\n generator f g\n"
      " spawn OPERATION t\n sched\n tnest t\n send c\n runall\nend\n"
      "function loops\n foreach g 9\nend\nfunction asks\n next g\nend\n"
      "function body\n nest\n recv c\n yield one\nend\n";
  const auto with = [text](std::string operation) {
    std::string changed = text;
    return scenario_of(changed.replace(changed.find("OPERATION"), 9, operation));
  };
  const Ran loops = run(with("loops"));
  EXPECT_THAT(loops.findings, IsEmpty());
  EXPECT_THAT(loops.events, AllOf(Contains("nest 0"), Contains("tnest 0.1 0")));
  const Ran asks = run(with("asks"));
  EXPECT_THAT(asks.findings, IsEmpty());
  EXPECT_THAT(asks.events, AllOf(Contains("nest 1"), Not(Contains("tnest 0.1 0"))));
}

// Something is done to a tasklet that has left the run queue in the middle of a loop.
constexpr const char* kInTheMiddle =
    "slot v\nslot f\nslot g\nslot t\nfunction main\n cell v\n record f\n setcell v f\n"
    " closure body f v\n generator f g\n drop f\n drop v\n spawn loops t\n sched\n"
    " weakref t gone\n OPERATION\n emit asks\n next g\n drop g\n emit over\nend\n"
    "function loops\n foreach g 9\nend\n"
    "function body\n finally\n  call deeper\n  yield one\n then\n  emit cleanup\n end\nend\n"
    "function deeper\n schedrm\nend\nfunction other\nend\nfunction gone\n emit gone\nend\n";

Ran in_the_middle(const std::string& operation, Settings settings = {}) {
  std::string text = kInTheMiddle;
  return run(scenario_of(text.replace(text.find("OPERATION"), 9, operation)), settings);
}

TEST(Loops, EndTheirGeneratorWhereTheirTaskletVanishes) {
  const Ran vanished = in_the_middle("drop t");
  EXPECT_THAT(vanished.findings, IsEmpty());
  EXPECT_THAT(vanished.events,
              ElementsAre("freed function 3", "freed tuple 4", "start", "wcb 0.1", "emit gone",
                          "wcbend 0.1", "fin 0.1", "freed cell 1", "freed record 2", "emit asks",
                          "exhausted generator 5", "freed generator 5", "emit over"));
  const Ran rebound = in_the_middle("rebind t other");
  EXPECT_THAT(rebound.findings, IsEmpty());
  EXPECT_THAT(rebound.events, Contains("exhausted generator 5"));
}

TEST(Loops, LeaveTheirGeneratorExecutingUnderTheLiveDefect) {
  Settings settings;
  settings.defects.add(Defect::kGeneratorStaysExecuting);
  for (const char* const operation : {"drop t", "rebind t other"})
    EXPECT_THAT(in_the_middle(operation, settings).findings, Not(IsEmpty())) << operation;
}

TEST(Loops, UnwindTheirGeneratorWhereTheirTaskletIsKilled) {
  const Ran killed = in_the_middle("kill t");
  EXPECT_THAT(killed.findings, IsEmpty());
  EXPECT_THAT(killed.events, IsSupersetOf({"emit cleanup", "died TaskletExit"}));
}

// Only the collector can reach the tasklet. Somebody else holds the generator, or nobody does.
TEST(Loops, EndTheirGeneratorWhereTheirTaskletIsGarbage) {
  const std::string others_hold = " setlocal 1 f\n drop f\n";
  const std::string in_the_cycle = " setcell v f\n drop f\n drop g\n drop v\n";
  for (const std::string& ties : {others_hold, in_the_cycle}) {
    const Ran ran = run(scenario_of(
        "slot v\nslot f\nslot g\nfunction main\n cell v\n closure body f v\n generator f g\n"
        " spawn loops -\n drop f\n sched\n gc\n next g\n drop g\n emit over\nend\n"
        "function loops\n foreach g 9\nend\nfunction body\n self f\n" +
        ties + " schedrm\n yield one\nend\n"));
    EXPECT_THAT(ran.findings, IsEmpty());
    EXPECT_THAT(ran.events, IsSupersetOf({"fin 0.1", "freed generator 4", "emit over"}));
  }
}

TEST(Yield, IsNothingElsewhere) {
  EXPECT_THAT(events_of("slot f\nslot g\nfunction main\n yield one\n closure calls f -\n"
                        " generator f g\n next g\nend\nfunction calls\n call other\nend\n"
                        "function other\n yield two\nend\n"),
              ElementsAre("exhausted generator 2"));
}

TEST(WeakReferences, YieldTheirTargetWhileItLives) {
  EXPECT_THAT(events_of("slot t\nslot r\nslot x\nfunction main\n spawn f t\n ref t r\n deref r x\n"
                        " same t x\n drop x\n drop t\n deref r -\n runall\n deref r x\nend\n"
                        "function f\nend\n"),
              ElementsAre("deref 0.1", "same 2 1", "deref 0.1", "start", "end", "fin 0.1", "ran -",
                          "deref None"));
}

TEST(WeakReferences, AreClearedBeforeTheFirstCallback) {
  EXPECT_THAT(events_of("slot a\nslot r\nfunction main\n cell a\n ref a r\n weakref a looks\n"
                        " drop a\nend\nfunction looks\n deref r -\nend\n"),
              ElementsAre("wcbo cell 1", "deref None", "wcboend cell 1", "freed cell 1"));
}

TEST(WeakReferences, AreClearedWithoutItsDeathAndCalledOnlyIfWanted) {
  EXPECT_THAT(events_of("slot a\nslot r\nfunction main\n cell a\n ref a r\n weakref a said\n"
                        " clearrefs a 0\n deref r -\n ref a r\n weakref a said\n clearrefs a 1\n"
                        " deref r -\n drop a\nend\nfunction said\n emit said\nend\n"),
              ElementsAre("deref None", "freed reference 2", "wcbo cell 1", "emit said",
                          "wcboend cell 1", "deref None", "freed cell 1"));
}

constexpr const char* kRecycles =
    "slot a\nslot r\nfunction main\n record a\n ref a r\n weakref a said\n drop a\n record a\n"
    " deref r -\nend\nfunction said\n emit said\nend\n";

TEST(Records, AreRecycledAndNotSeenByReferencesToAnotherLife) {
  EXPECT_THAT(events_of(kRecycles), ElementsAre("wcbo record 1", "emit said", "wcboend record 1",
                                                "freed record 1", "deref None"));
}

TEST(Records, ThatKeepTheirWeakReferencesAreAFinding) {
  Settings settings;
  settings.defects.add(Defect::kRecycledKeepsWeakrefs);
  const Ran ran = run(scenario_of(kRecycles), settings);
  ASSERT_EQ(ran.findings.size(), 1u);
  EXPECT_EQ(ran.findings[0].signature, "dangling-object record dereferenced deref");
}

TEST(Generators, ThatKeepTheirCallerAreAFinding) {
  Settings settings;
  settings.defects.add(Defect::kGeneratorKeepsCaller);
  const Ran ran = run(scenario_of("slot g\nfunction main\n call makes\n drop g\nend\n"
                                  "function makes\n closure f g -\n generator g g\nend\n"
                                  "function f\nend\n"),
                      settings);
  ASSERT_FALSE(ran.findings.empty());
  EXPECT_EQ(ran.findings[0].kind, FindingKind::kDanglingFrame);
}

TEST(Things, OfALongChainDieWithoutDepth) {
  EXPECT_EQ(run(scenario_of("slot a\nslot b\nfunction main\n loop 4000\n  cell b\n  setcell b a\n"
                            "  copy b a\n end\n drop a\n drop b\nend\n"))
                .events.size(),
            4000u);
}

TEST(FunctionObject, SharesSeveralVariables) {
  NativeProgram program;
  FunctionObject* function = nullptr;
  const Ending ending = program.run([&](Thread& thread) -> Object* {
    Cell* const cells[] = {make_cell(thread), make_cell(thread)};
    function =
        make_function(thread, program.code([](Thread& inner) { return inner.none(); }), cells);
    EXPECT_EQ(function->closure->count, 2u);
    EXPECT_EQ(cells[1]->refs, 2u);
    set_cell(thread, cells[0], retain(cells[1]));
    for (Cell* const cell : cells) thread.release(cell);
    thread.release(function);
    EXPECT_EQ(thread.heap().live_things(), 0u);
    return thread.none();
  });
  EXPECT_TRUE(ending.ended);
  EXPECT_THAT(program.execution.findings(), IsEmpty());
}

}  // namespace
}  // namespace reweave::runtime
