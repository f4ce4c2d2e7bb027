#include "repro/run/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

using testing::HasSubstr;

TEST(Runner, GivesAWholeVerdict) {
  Runner runner;
  const RunResult run = runner.run(parse(kLostValue), ReplayMode::kStrict, /*keep_log=*/true);
  ASSERT_FALSE(run.findings.empty());
  EXPECT_EQ(run.findings[0].kind, FindingKind::kLostValue);
  EXPECT_TRUE(run.followed.empty());
  EXPECT_THAT(run.verdict.results, testing::Contains(HasSubstr("None")));
  EXPECT_FALSE(run.log.empty());
}

TEST(DescribeLog, LeavesOutTheMiddleOfTooManyLines) {
  const WeaveFile file = parse(kLostValue);
  const std::unique_ptr<Subject> subject = file.make_subject();
  Execution execution(file.limits());
  replay(*subject, execution, file.schedule.value_or(Schedule{}), ReplayMode::kStrict,
         /*keep_log=*/true);
  const std::vector<std::string> all = describe_log(*subject, execution);
  ASSERT_GT(all.size(), 8u);
  const std::vector<std::string> some = describe_log(*subject, execution, /*lines_max=*/4);
  ASSERT_EQ(some.size(), 5u);
  EXPECT_EQ(some[0], all[0]);
  EXPECT_EQ(some[1], all[1]);
  EXPECT_EQ(some[2], "… " + std::to_string(all.size() - 4) + " lines left out …");
  EXPECT_EQ(some[3], all[all.size() - 2]);
  EXPECT_EQ(some[4], all.back());
}

TEST(Runner, WithoutTheDefectTheValueArrives) {
  WeaveFile file = parse(kLostValue);
  runtime::Settings settings = settings_of(file);
  settings.defects = {};
  set_settings(file, settings);
  Runner runner;
  const RunResult run = runner.run(file, ReplayMode::kStrict);
  EXPECT_TRUE(run.findings.empty());
  EXPECT_EQ(run.outcome, Outcome::kCompleted);
}

TEST(Runner, CountsWhatIsTheSame) {
  const WeaveFile file = parse(kLostValue);
  Runner runner;
  RunResult run = runner.run(file, ReplayMode::kStrict);
  EXPECT_EQ(runner.count_same(file, ReplayMode::kStrict, run, 100).same, 100u);
  run.verdict.trace_hash = 1;
  EXPECT_EQ(runner.count_same(file, ReplayMode::kStrict, run, 100).same, 0u);
}

TEST(Runner, SurvivesASubjectThatCrashes) {
  const WeaveFile file = parse(kCrash);
  Runner runner;
  const RunResult run = runner.run(file, ReplayMode::kStrict);
  EXPECT_TRUE(run.died);
  ASSERT_EQ(run.findings.size(), 1u);
  EXPECT_EQ(run.findings[0].kind, FindingKind::kCrash);
  EXPECT_EQ(run.verdict.trace_hash, std::nullopt);
  EXPECT_EQ(runner.count_same(file, ReplayMode::kStrict, run, 3).same, 3u);
}

TEST(Runner, AnAnswerThatDoesNotFitDiverges) {
  WeaveFile file = parse(kClean);
  file.schedule = *parse_schedule("0 spill main.9 0 1", "s");
  Runner runner;
  const RunResult run = runner.run(file, ReplayMode::kStrict);
  EXPECT_EQ(run.outcome, Outcome::kDiverged);
  EXPECT_THAT(run.divergence.expected, HasSubstr("main.9"));
  EXPECT_EQ(runner.run(file, ReplayMode::kLenient).outcome, Outcome::kCompleted);
}

}  // namespace
}  // namespace reweave::repro
