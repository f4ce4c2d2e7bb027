// The twenty repros of corpora/repros/attribution/ against what five real builds of Stackless did.
//
// The table stands here once more, and is compared with executions of the files, not with the
// verdicts that the files state: those are written by the tool itself.
#include <optional>

#include "runtime/language/text.h"
#include "tests/quality/quality.h"

namespace reweave::quality {
namespace {

enum class Receives {
  kValue,      // what was sent
  kNone,       // None, and what was sent is lost
  kException,  // the exception that was sent, at the receiver
  kNothing,    // the real interpreter crashed: NULL tempval
};

struct Build {
  char letter;
  const char* defects;
};
constexpr Build kBuilds[] = {
    {'A', "post-switch-clear,spill-drops-tempval"},  // before the fix of 2012-05-21
    {'X', "spill-drops-tempval"},                    // only the post-switch half of it
    {'Y', "post-switch-clear,spill-explodes-bomb"},  // only the spill half of it
    {'B', "spill-explodes-bomb"},                    // the whole fix
    {'C', ""},                                       // and the second one, of 2012-06-06
};

struct Program {
  const char* name;
  const char* scenario;
  Receives receives[5];  // By A, X, Y, B, C.
};
using enum Receives;
constexpr Program kPrograms[] = {
    {"d1", "d1", {kNone, kValue, kNone, kValue, kValue}},
    {"d12", "blog", {kNone, kValue, kValue, kValue, kValue}},
    {"d2", "d2", {kNone, kNone, kValue, kValue, kValue}},
    {"d3", "d3", {kNone, kNone, kNothing, kNothing, kException}},
};

struct Cell {
  const Program* program;
  Build build;
  Receives receives;
};

std::vector<Cell> cells() {
  std::vector<Cell> all;
  for (const Program& program : kPrograms) {
    for (std::size_t column = 0; column < 5; ++column)
      all.push_back({&program, kBuilds[column], program.receives[column]});
  }
  return all;
}

class AttributionRepro : public testing::TestWithParam<Cell> {
 protected:
  std::string name() const {
    return std::string(GetParam().program->name) + "-" + GetParam().build.letter;
  }
  repro::WeaveFile file() const { return corpus_file("repros/attribution/" + name() + ".weave"); }
};

TEST_P(AttributionRepro, IsTheProgramUnderTheDefectsOfTheBuild) {
  const repro::WeaveFile repro = file();
  const repro::WeaveFile program =
      corpus_file(std::string("scenarios/") + GetParam().program->scenario + ".weave");
  EXPECT_EQ(repro.subject().text(), program.subject().text());
  runtime::Settings settings;  // Everything else is as it is by default.
  settings.defects = *runtime::parse_defects(GetParam().build.defects);
  EXPECT_EQ(repro.settings(), runtime::values_of(settings));
  EXPECT_EQ(
      settings.defects,
      runtime::profile_defects(std::string("stackless-2012-") + GetParam().build.letter).value());
  ASSERT_TRUE(repro.schedule.has_value());
  EXPECT_TRUE(repro.schedule->empty()) << "depth alone does it: nothing needs to be decided";
}

TEST_P(AttributionRepro, DoesWhatTheRealBuildDid) {
  repro::WeaveFile repro = file();
  repro.verdict.reset();
  repro::Runner runner;
  const repro::RunResult run = runner.run(repro, ReplayMode::kStrict, /*keep_log=*/true);
  std::vector<std::string> received;
  for (const std::string& result : run.verdict.results) {
    if (result.rfind("receive ", 0) == 0) received.push_back(result.substr(result.rfind(' ') + 1));
  }
  std::vector<std::string> expected;
  std::vector<FindingKind> findings;
  switch (GetParam().receives) {
    case kValue:
      expected = {"v1"};
      break;
    case kException:
      expected = {"ValueError:x1"};
      break;
    case kNone:
      expected = {"None"};
      findings = {FindingKind::kLostValue};
      break;
    case kNothing:
      findings = {FindingKind::kNullTempval};
      break;
  }
  EXPECT_EQ(received, expected);
  std::vector<FindingKind> found;
  for (const Finding& finding : run.findings) found.push_back(finding.kind);
  EXPECT_EQ(found, findings);
  EXPECT_EQ(run.outcome, findings.empty() ? Outcome::kCompleted : Outcome::kFinding);

  // d3 tells where the exception comes out: in main's callback with the old spill, in the receiver
  // with both fixes, and in the last case the send completes.
  if (std::string(GetParam().program->name) != "d3") return;
  bool in_callback = false, at_receiver = false, completed = false;
  for (const std::string& line : run.log) {
    const bool caught = line.find(" exc ValueError:x1") != std::string::npos;
    in_callback = in_callback || (caught && line.find(" 0  ") != std::string::npos);
    at_receiver = at_receiver || (caught && line.find(" 0.1  ") != std::string::npos);
    completed = completed || line.find("sentx data") != std::string::npos;
  }
  EXPECT_EQ(in_callback, GetParam().receives == kNone);
  EXPECT_EQ(at_receiver, GetParam().receives == kException);
  EXPECT_EQ(completed, GetParam().receives != kNothing);
}

TEST_P(AttributionRepro, StatesWhatItDoes) {
  const repro::WeaveFile repro = file();
  ASSERT_TRUE(repro.verdict.has_value());
  EXPECT_TRUE(repro.verdict->trace_hash.has_value());
  repro::Runner runner;
  EXPECT_EQ(repro::difference(*repro.verdict, runner.run(repro, ReplayMode::kStrict).verdict), "");
}

INSTANTIATE_TEST_SUITE_P(Table, AttributionRepro, testing::ValuesIn(cells()),
                         [](const testing::TestParamInfo<Cell>& cell) {
                           return std::string(cell.param.program->name) + "_" +
                                  cell.param.build.letter;
                         });

}  // namespace
}  // namespace reweave::quality
