// `reweave hunt --keep-going` and --shard, as users meet them.
#include <filesystem>
#include <set>

#include "tests/repro/campaign/signatures.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using testing::HasSubstr;

class HuntAll : public Cli {};

TEST_F(HuntAll, GoesOnAfterAFindingAndListsEachSignatureOnce) {
  const nlohmann::json report =
      run_json({"hunt", write("many.weave", kManyBugs), "--keep-going", "--shrink", "--executions",
                "2000", "--output", path("found")},
               1);
  EXPECT_EQ(report["verdict"], "finding");
  const std::set<std::string> signatures = signatures_of(report);
  EXPECT_EQ(signatures.size(), report["signatures"].size());
  EXPECT_GE(signatures.size(), 3u) << report.dump(1);
  for (const nlohmann::json& row : report["signatures"]) {
    EXPECT_GE(row["times"], 1);
    EXPECT_THAT(run({"check", row["repro"]}, 0), HasSubstr("1 passed"));
  }
}

TEST_F(HuntAll, WithSeveralJobsFindsTheSame) {
  const std::string many = write("many.weave", kManyBugs);
  const auto hunt = [&](const char* jobs) {
    return signatures_of(run_json({"hunt", many, "--keep-going", "--executions", "2000", "--jobs",
                                   jobs, "--output", path("found")},
                                  1));
  };
  EXPECT_EQ(hunt("1"), hunt("3"));
}

TEST_F(HuntAll, MasksWhatIsKnown) {
  const std::string many = write("many.weave", kManyBugs);
  const Words hunt = {"hunt",    many,          "--keep-going", "--executions", "2000",
                      "--known", path("found"), "--output",     path("found")};
  const nlohmann::json first = run_json(hunt, 1);
  EXPECT_TRUE(first["masked"].empty());
  const nlohmann::json again = run_json(hunt, 0);
  EXPECT_EQ(again["verdict"], "clean");
  std::set<std::string> masked;
  for (const nlohmann::json& row : again["masked"]) masked.insert(row["signature"]);
  EXPECT_EQ(masked, signatures_of(first));
}

TEST_F(HuntAll, SurvivesWhatKillsItsProcess) {
  const nlohmann::json report = run_json({"hunt", write("crash.weave", kCrash), "--keep-going",
                                          "--executions", "50", "--output", path("found")},
                                         1);
  ASSERT_EQ(report["signatures"].size(), 1u) << report.dump(1);
  EXPECT_EQ(report["signatures"][0]["kind"], "crash");
}

TEST_F(HuntAll, SaysWhatIsLeftAsAnEstimate) {
  const std::string text = run({"hunt", write("clean.weave", kClean), "--keep-going", "--strategy",
                                "random-walk", "--executions", "100", "--output", path("found")},
                               0);
  EXPECT_THAT(text, HasSubstr("0 signatures found in 100 executions"));
  EXPECT_THAT(text, HasSubstr("less than one of 100 cases (Good-Turing estimate"));
}

TEST_F(HuntAll, ShardsTogetherFindWhatOneProcessFinds) {
  const std::string many = write("many.weave", kManyBugs);
  const auto hunt = [&](const Words& more) {
    Words words = {"hunt",         many,   "--keep-going", "--strategy", "random-walk",
                   "--executions", "4000", "--output",     path("found")};
    words.insert(words.end(), more.begin(), more.end());
    const ProcessResult result = spawn(words);
    EXPECT_TRUE(result.code == 0 || result.code == 1) << result.output;
    return run_json(words, result.code);
  };
  const std::set<std::string> whole = signatures_of(hunt({}));
  std::set<std::string> together;
  std::uint64_t executions = 0;
  for (int shard = 1; shard <= 8; ++shard) {
    const nlohmann::json report = hunt({"--shard", std::to_string(shard) + "/8"});
    executions += report["executions"].get<std::uint64_t>();
    together.merge(signatures_of(report));
  }
  EXPECT_EQ(executions, 4'000u);
  EXPECT_EQ(together, whole);
}

TEST_F(HuntAll, RefusesFlagsThatMeanNothing) {
  const std::string clean = write("clean.weave", kClean);
  EXPECT_THAT(run({"hunt", clean, "--shrink"}, 2), HasSubstr("--keep-going"));
  EXPECT_THAT(run({"hunt", clean, "--shard", "9/8"}, 2), HasSubstr("there is no such one"));
  EXPECT_THAT(run({"hunt", clean, "--shard", "auto/8"}, 2), HasSubstr("nothing says which shard"));
  EXPECT_THAT(run({"hunt", clean, "--shard", "3/3", "--executions", "2"}, 2),
              HasSubstr("more shards than"));
}

}  // namespace
}  // namespace reweave::repro
