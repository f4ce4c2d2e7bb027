// Dicts in scenarios: locals of tasklets and the dict of the program do what the specification
// predicts, also where a release changes the very dict that lets go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/strategy/ordinary.h"
#include "tests/runtime/language/wild.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

struct Ran {
  std::vector<std::string> events;
  std::vector<Finding> findings;
};

/// `watched`: the structure and the specification look as well.
Ran run(std::string_view text, Settings settings = {}, bool watched = true) {
  settings.check_structure = settings.check_specification = watched;
  const Scenario scenario = scenario_of(text);
  ScenarioSubject subject(scenario, settings);
  Execution execution(settings.limits);
  Ordinary ordinary;
  execution.begin(ordinary, /*keep_log=*/true);
  subject.run(execution);
  Ran ran{.events = {}, .findings = execution.findings()};
  for (const Event& event : execution.log()) ran.events.push_back(subject.describe(event));
  return ran;
}

/// The events; no oracle finds anything, in any mode.
std::vector<std::string> events_of(std::string_view text) {
  const Ran soft = run(text);
  EXPECT_THAT(soft.findings, IsEmpty());
  Settings hard;
  hard.switching = Switching::kHard;
  hard.spill_levels = 1;
  EXPECT_THAT(run(text, hard).findings, IsEmpty());
  return soft.events;
}

TEST(Dicts, EachTaskletHasLocalsOfItsOwn) {
  EXPECT_THAT(events_of("slot a\nslot b\nfunction main\n getmain a\n setlocal 1 a\n"
                        " setlocal 2 a\n spawn other -\n runall\n locals\n getlocal 2 b\n"
                        " same a b\n dellocal 2\n getlocal 2 b\n same a b\n locals\nend\n"
                        "function other\n locals\n setlocal 1 a\n locals\nend\n"),
              ElementsAre("start", "locals 0", "locals 1", "end", "fin 0.1", "ran -", "locals 2",
                          "same 1 1", "same 1 0", "locals 1"));
}

TEST(Dicts, LocalsGoWithTheirTasklet) {
  EXPECT_THAT(
      events_of("slot a\nslot b\nword dropped\nfunction main\n bind nothing a\n weakref a gone\n"
                " spawn keeps b\n runall\n drop a\n emit dropped\n drop b\nend\n"
                "function keeps\n setlocal 3 a\nend\n"
                "function nothing\nend\nfunction gone\nend\n"),
      ElementsAre("start", "end", "ran -", "emit dropped", "fin 0.2", "wcb 0.1", "wcbend 0.1",
                  "fin 0.1"));
}

TEST(Dicts, AKeyOfTheProgramsDictLivesAsLongAsItsEntry) {
  EXPECT_THAT(events_of("slot a\nslot b\nword on\nfunction main\n bind nothing a\n bind nothing b\n"
                        " setkey a b\n drop b\n getkey a b\n state b\n drop b\n copy a b\n drop a\n"
                        " drop b\n emit on\n clearkeys\nend\nfunction nothing\nend\n"),
              ElementsAre("state 0.2 9", "emit on", "fin 0.1", "fin 0.2"));
}

TEST(Dicts, ATaskletInItsOwnLocalsIsForTheCollector) {
  EXPECT_THAT(events_of("slot a\nword on\nfunction main\n spawn keeps a\n runall\n drop a\n"
                        " emit on\n gc\nend\nfunction keeps\n setlocal 0 a\nend\n"),
              ElementsAre("start", "end", "ran -", "emit on", "fin 0.1"));
}

TEST(Dicts, ThoseOfADyingThreadGoWhileCallbacksCanRun) {
  EXPECT_THAT(events_of("slot a\nslot b\nfunction main\n tstart 1 other\n settle\nend\n"
                        "function other\n self a\n weakref a dies\n drop a\nend\n"
                        "function dies\n bind nothing b\n weakref b gone\n setlocal 1 b\n"
                        " drop b\n locals\nend\nfunction nothing\nend\nfunction gone\nend\n"),
              ElementsAre("tstart 1", "tend 1", "wcb 0.1", "locals 1", "wcbend 0.1", "wcb 0.1.1.1",
                          "wcbend 0.1.1.1", "fin 0.1.1.1"));
}

// What a release runs changes the dict: it grows, in the middle of a replacement, of a deletion and
// of a clearing.
constexpr const char* kHead =
    "slot a\nslot b\nfunction main\n getmain b\n bind nothing a\n weakref a grows\n"
    " setlocal 1 a\n drop a\n";
constexpr const char* kTail =
    " locals\nend\nfunction nothing\nend\n"
    "function grows\n setlocal 2 b\n setlocal 3 b\n setlocal 4 b\nend\n";

TEST(Dicts, MayGrowWhileAReleaseIsUnderWay) {
  EXPECT_THAT(events_of(std::string(kHead) + " setlocal 1 b\n" + kTail),
              ElementsAre("wcb 0.1", "wcbend 0.1", "fin 0.1", "locals 4"));
  EXPECT_THAT(events_of(std::string(kHead) + " dellocal 1\n" + kTail),
              ElementsAre("wcb 0.1", "wcbend 0.1", "fin 0.1", "locals 3"));
  EXPECT_THAT(events_of(std::string(kHead) + " clearlocals\n" + kTail),
              ElementsAre("wcb 0.1", "wcbend 0.1", "fin 0.1", "locals 3"));
}

TEST(Dicts, AnEntryUsedAfterItsTableWasGivenUpIsAFindingInEveryBuild) {
  const auto with = [](Defect defect, const char* op, bool watched = false) {
    Settings settings;
    settings.defects.add(defect);
    return run(std::string(kHead) + op + kTail, settings, watched).findings;
  };
  const auto is = [](const std::string& what) {
    return Contains(Field(&Finding::signature, "structure " + what));
  };
  EXPECT_THAT(with(Defect::kDictReleasesFirst, " setlocal 1 b\n"),
              is("dict-entry-of-old-table setlocal"));
  EXPECT_THAT(with(Defect::kDictReleasesFirst, " dellocal 1\n"),
              is("dict-entry-of-old-table dellocal"));
  EXPECT_THAT(with(Defect::kDictClearsInPlace, " clearlocals\n"),
              is("dict-entry-of-old-table clearlocals"));
  // The structure oracle sees it earlier: the dict holds a value that is being destroyed.
  EXPECT_THAT(with(Defect::kDictReleasesFirst, " dellocal 1\n", /*watched=*/true),
              is("dict-value dellocal"));
}

}  // namespace
}  // namespace reweave::runtime
