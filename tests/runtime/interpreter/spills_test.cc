// What a spilled stack leaves to be seen: nothing, but under the live defects of the real
// interpreter. The programs are those of its recordings, and of its crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

struct Ran {
  std::vector<std::string> findings;  // Signatures.
  std::vector<std::string> events;
};

Ran run(const std::string& text, std::string_view defects, Switching switching) {
  Settings settings;
  settings.switching = switching;
  settings.defects = parse_defects(defects).value();
  settings.check_specification = settings.check_structure = true;
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary, /*keep_log=*/true);
  subject.run(execution);
  Ran ran;
  for (const Finding& finding : execution.findings()) ran.findings.push_back(finding.signature);
  for (const Event& event : execution.log()) ran.events.push_back(subject.describe(event));
  return ran;
}

std::string with_depth(std::string text, int levels) {
  return text.replace(text.find("DEPTH"), 5, std::to_string(levels));
}

class Spills : public testing::TestWithParam<Switching> {};

// One tasklet more is in the middle of a soft switch when main's stack is spilled, and no longer so
// when the spilled frame returns.
constexpr const char* kSoftWindow =
    "channel c\nslot dying\n"
    "function main\n spawn dying dying\n weakref dying callback\n drop dying\n"
    " spawn sends -\n runall\n rec DEPTH called\nend\n"
    "function callback\n recv c\nend\n"
    "function called\n hcall sends\nend\n"
    "function dying\nend\n"
    "function sends\n send c\nend\n";

// The same of a hard switch: who is resumed was left in the middle of a call through C.
constexpr const char* kHardWindow =
    "channel c\nchannel gate\nslot dying\n"
    "function main\n spawn waits -\n runall\n spawn dying dying\n weakref dying callback\n"
    " drop dying\n runall\n rec DEPTH called\nend\n"
    "function callback\n recv c\nend\n"
    "function called\n send c\nend\n"
    "function dying\n pref gate 1\n send gate\nend\n"
    "function waits\n hcall at_gate\nend\n"
    "function at_gate\n recv gate\nend\n";

TEST_P(Spills, AFrameThatReturnsIsRunAgainWhereTheTransfersOfOthersCancelOut) {
  for (const char* const program : {kSoftWindow, kHardWindow}) {
    const std::string deep = with_depth(program, 40), flat = with_depth(program, 5);
    EXPECT_THAT(run(deep, "frame-counts-cancel", GetParam()).findings,
                ElementsAre("structure finished-frame-goes-on rec"))
        << program;
    EXPECT_THAT(run(flat, "frame-counts-cancel", GetParam()).findings, IsEmpty()) << program;
    EXPECT_THAT(run(deep, "", GetParam()).findings, IsEmpty()) << program;
  }
}

// A transfer that has begun meanwhile, and is not complete, takes nothing away.
TEST_P(Spills, AFrameThatReturnsIsLeftWhereAnotherTransferHasBegun) {
  const std::string program =
      "channel c\nslot dying\n"
      "function main\n rec 40 called\nend\n"
      "function callback\n recv c\nend\n"
      "function called\n spawn dying dying\n weakref dying callback\n drop dying\n"
      " spawn next -\n runall\nend\n"
      "function dying\nend\n"
      "function next\nend\n";
  EXPECT_THAT(run(program, "frame-counts-cancel", GetParam()).findings, IsEmpty());
}

constexpr const char* kNest =
    "function main\n rec DEPTH deep\n nest\nend\nfunction deep\n nest\nend\n";

TEST_P(Spills, TheNestingLevelIsThatOfTheProgramsOwnCalls) {
  const Ran ran = run(with_depth(kNest, 40), "", GetParam());
  EXPECT_THAT(ran.findings, IsEmpty());
  EXPECT_THAT(ran.events, Contains(testing::HasSubstr("nest 40")));
}

TEST_P(Spills, TheNestingLevelTellsOfEachSpillUnderTheLiveDefect) {
  const Ran once = run(with_depth(kNest, 40), "spill-adds-level", GetParam());
  EXPECT_THAT(once.events, Contains(testing::HasSubstr("nest 41")));
  EXPECT_THAT(once.events, Contains(testing::HasSubstr("nest 0"))) << "it is as it was afterwards";
  const Ran often = run(with_depth(kNest, 230), "spill-adds-level", GetParam());
  EXPECT_THAT(often.events, Contains(testing::HasSubstr("nest 239"))) << "230 levels, 25 a stack";
  EXPECT_THAT(run(with_depth(kNest, 20), "spill-adds-level", GetParam()).findings, IsEmpty());
}

// The specification, to which nothing is spilled, tells it from what is right.
TEST_P(Spills, TheSpecificationSeesTheLevelThatASpillAdds) {
  EXPECT_THAT(run(with_depth(kNest, 40), "spill-adds-level", GetParam()).findings,
              ElementsAre(testing::HasSubstr("diverged")));
}

INSTANTIATE_TEST_SUITE_P(Modes, Spills, testing::Values(Switching::kSoft, Switching::kHard),
                         [](const testing::TestParamInfo<Switching>& mode) {
                           return mode.param == Switching::kSoft ? "Soft" : "Hard";
                         });

}  // namespace
}  // namespace reweave::runtime
