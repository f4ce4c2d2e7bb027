// The gauntlet and hunts of generated scenarios, as users meet them.
#include <unistd.h>

#include <algorithm>

#include "repro/file/workdir.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;

const std::vector<std::string> kTwo = {
    "gauntlet", "--quiet", "--seeds",    "2",
    "--budget", "100000",  "--ordinary", "5000",
    "--shrink", "400",     "--defects",  "refused-send-replaces,spill-drops-tempval"};

using Gauntlet = Cli;

TEST_F(Gauntlet, FindsTwoDefectsFromGeneratedScenariosAndTheSameTableEveryTime) {
  const auto without_seconds = [](json report) {
    for (json& row : report.at("defects")) row.erase("seconds_median");
    return report;
  };
  const json report = run_json(kTwo, 0);
  const json& rows = report.at("defects");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("name"), "spill-drops-tempval");  // The order of the table.
  EXPECT_EQ(rows[1].at("name"), "refused-send-replaces");
  for (const json& row : rows) {
    EXPECT_EQ(row.at("seeds"), 2);
    EXPECT_EQ(row.at("found"), 2);
    EXPECT_EQ(row.at("oracle"), "ledger");
    EXPECT_GE(row.at("executions_median"), 1);
    EXPECT_GE(row.at("seconds_median"), 0.0);
    EXPECT_LE(row.at("size"), 12);
    EXPECT_TRUE(row.at("errors").empty());
    EXPECT_EQ(row.at("ordinary").at("executions"), 5000);
  }
  EXPECT_EQ(without_seconds(run_json(kTwo, 0)), without_seconds(report));
}

TEST_F(Gauntlet, SaysWhenABudgetIsTooSmall) {
  std::vector<std::string> words = kTwo;
  std::replace(words.begin(), words.end(), std::string("100000"), std::string("1"));
  const json report = run_json(words, 1);
  EXPECT_EQ(report.at("defects")[0].at("found"), 0);
  EXPECT_TRUE(report.at("defects")[0].at("executions_median").is_null());
  EXPECT_TRUE(report.at("defects")[0].at("size").is_null());
}

TEST_F(Gauntlet, KeepsTheSmallestReproOfADefect) {
  std::vector<std::string> words = kTwo;
  words.back() = "refused-send-replaces";
  words.insert(words.end(), {"--output", path("kept")});
  (void)run_json(words, 0);
  run({"check", path("kept/refused-send-replaces.weave")}, 0);
  const json without =
      run_json({"replay", path("kept/refused-send-replaces.weave"), "--defects", "none"}, 0);
  EXPECT_TRUE(without.at("findings").empty()) << without;
}

TEST_F(Gauntlet, RefusesAnUnknownDefect) {
  EXPECT_THAT(run({"gauntlet", "--defects", "refused-send-replace"}, 2),
              testing::HasSubstr("did you mean"));
}

// The first line that cannot be written is the last thing that it does.
TEST_F(Gauntlet, EndsWhereNobodyCanReadIt) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  const ProcessResult result =
      run_process({"sh", "-c", shell_word(REWEAVE_TOOL) + " gauntlet --quiet > /dev/full"});
  EXPECT_EQ(result.code, 74);
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
}

// A hunt is a function of seed and number of the execution: one that begins later finds the same.
TEST_F(Gauntlet, AHuntOfGeneratedScenariosCanBeginAnywhere) {
  const std::vector<std::string> words = {"hunt",       "--generated",           "--quiet",
                                          "--defects",  "refused-send-replaces", "--output",
                                          path("found")};
  const json whole = run_json(words, 1);
  const std::string number = whole.at("execution");
  std::vector<std::string> later = words;
  later.insert(later.end(), {"--first", std::to_string(std::stoull(number) / 8 * 8)});
  const json part = run_json(later, 1);
  EXPECT_EQ(part.at("execution"), number);
  EXPECT_EQ(part.at("repro"), whole.at("repro"));
  run({"check", whole.at("repro")}, 0);
}

TEST_F(Gauntlet, AHuntOfGeneratedScenariosKeepsWhatFlagsSay) {
  const json report =
      run_json({"hunt", "--generated", "--quiet", "--defects", "refused-send-replaces", "--output",
                path("found"), "--switching", "hard", "--spill-levels", "9", "--steps-max", "800",
                "--collect", "off", "--fail-allocations", "off"},
               1);
  const std::string repro = read_file(report.at("repro")).value();
  for (const char* const line :
       {"\n  switching hard\n", "\n  spill-levels 9\n", "\n  steps-max 800\n"})
    EXPECT_THAT(repro, testing::HasSubstr(line));
  const std::string text =
      run({"hunt", "--generated", "--quiet", "--executions", "2000", "--steps-max", "20"}, 0);
  EXPECT_THAT(text, testing::HasSubstr("--steps-max N raises it from 20\n"));
}

TEST_F(Gauntlet, AHuntNeedsAScenarioOrThePermissionToGenerateOne) {
  EXPECT_THAT(run({"hunt"}, 2), testing::HasSubstr("--generated"));
}

}  // namespace
}  // namespace reweave::repro
