// The historical defects, one by one: each has a repro that shows it, and that is clean without it.
//
// What a repro must show is what its verdict states; the verdicts were read by a person, and the
// oracle that speaks first stands in the table of this test's output.
#include <algorithm>
#include <filesystem>
#include <string_view>

#include "runtime/oracle/dangling_stack.h"
#include "tests/quality/quality.h"

namespace reweave::quality {
namespace {

class DefectRepro : public testing::TestWithParam<std::string> {
 protected:
  repro::WeaveFile file() const { return corpus_file("repros/defects/" + GetParam() + ".weave"); }
};

TEST_P(DefectRepro, IsAboutTheDefectItIsNamedAfter) {
  EXPECT_EQ(runtime::defect_names(settings_of(file()).defects), GetParam());
}

TEST_P(DefectRepro, ShowsTheDefect) {
  const repro::WeaveFile repro = file();
  ASSERT_TRUE(repro.verdict.has_value());
  ASSERT_FALSE(repro.verdict->findings.empty()) << "what shows the defect must be a finding";
  if (!runtime::shows_in_this_build(settings_of(repro).defects))
    GTEST_SKIP() << "stack windows: this build was made without them";
  repro::Runner runner;
  const repro::RunResult run = runner.run(repro, ReplayMode::kStrict);
  // One that goes on for ever ends at the step limit, which is a finding, too.
  EXPECT_THAT(run.outcome, testing::AnyOf(Outcome::kFinding, Outcome::kStepLimit));
  EXPECT_EQ(repro::difference(*repro.verdict, run.verdict), "");
}

TEST_P(DefectRepro, IsCleanWithoutIt) {
  repro::WeaveFile repro = with_defects(file(), "");
  repro.verdict.reset();
  repro::Runner runner;
  const repro::RunResult run = runner.run(repro, ReplayMode::kLenient);
  EXPECT_FALSE(run.died);
  EXPECT_THAT(run.outcome, testing::AnyOf(Outcome::kCompleted, Outcome::kUncaughtError));
  EXPECT_THAT(signatures(run.findings), testing::IsEmpty());
}

std::vector<std::string> repro_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(corpus_path("repros/defects")))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(DefectRepros, NoDefectIsForgotten) {
  const std::vector<std::string> names = repro_names();
  for (const runtime::DefectInfo& info : runtime::all_defects()) {
    EXPECT_NE(std::find(names.begin(), names.end(), info.name), names.end()) << info.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, DefectRepro, testing::ValuesIn(repro_names()),
                         [](const testing::TestParamInfo<std::string>& name) {
                           std::string text = name.param;
                           std::replace(text.begin(), text.end(), '-', '_');
                           return text;
                         });

}  // namespace
}  // namespace reweave::quality
