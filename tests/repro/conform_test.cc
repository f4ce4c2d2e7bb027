// `reweave conform --explain-fixed` and --fail-allocations, as users meet it.
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;

// Main waits in send() when the only other tasklet gets the deadlock error; with the live defect
// main's value is lost.
constexpr const char* kLost =
    R"({"id":"lost","chans":2,"slots":0,)"
    R"("funcs":[[["spawn",1,-1],["send",0]],[["try",[["recv",1]]],["recv",0]]],)"
    R"("soft":{"out":"ok","trace":TRACE,"bal":[0,0],"left":[],"runcount":1},"hard":null})";

std::string lost_case(const std::string& received) {
  const std::string trace =
      R"([[0,"send",0,"v1"],[1,"start"],[1,"exc","RuntimeError:deadlock"],[1,"got",0,)" + received +
      R"(],[1,"end"],[0,"fin",1],[0,"sent",0,"v1"]])";
  std::string text = kLost;
  return text.replace(text.find("TRACE"), 5, trace) + "\n";
}

using ExplainFixed = Cli;

TEST_F(ExplainFixed, NamesTheLiveDefectThatExplainsADifference) {
  const json report =
      run_json({"conform", "--explain-fixed", write("a.jsonl", lost_case("null"))}, 0);
  EXPECT_EQ(report.at("cases"), 2);
  EXPECT_EQ(report.at("same"), 0);
  EXPECT_EQ(report.at("explained"),
            json({{"deadlock-drops-value", json::array({"lost:soft", "lost:hard"})}}));
  EXPECT_TRUE(report.at("unexplained").empty());
  EXPECT_TRUE(report.at("findings").empty());
}

TEST_F(ExplainFixed, LeavesAloneWhatIsAsRecordedWithoutDefects) {
  const json report =
      run_json({"conform", "--explain-fixed", write("a.jsonl", lost_case("\"v1\""))}, 0);
  EXPECT_EQ(report.at("same"), 2);
  EXPECT_TRUE(report.at("explained").empty());
}

TEST_F(ExplainFixed, SaysWhatNoDefectExplains) {
  const std::string file = write("a.jsonl", lost_case("\"v7\""));
  const json report = run_json({"conform", "--explain-fixed", file}, 1);
  ASSERT_EQ(report.at("unexplained").size(), 2u);
  EXPECT_EQ(report.at("unexplained")[0].at("id"), "lost:soft");
  EXPECT_TRUE(report.at("unexplained")[0].at("together").empty());
  EXPECT_THAT(run({"conform", "--explain-fixed", file}, 1),
              testing::HasSubstr("lost:soft: no live defect gives it"));
}

using FailAllocations = Cli;

TEST_F(FailAllocations, RunsEachCaseOnceForEachAllocation) {
  const std::string file = write("a.jsonl", lost_case("\"v1\""));
  const json report = run_json({"conform", "--fail-allocations", file}, 0);
  EXPECT_EQ(report.at("cases"), 2);
  EXPECT_GT(report.at("allocations"), 5);
  EXPECT_EQ(report.at("memory_errors"), report.at("allocations"));
  EXPECT_EQ(report.at("done_without"), 0);
  EXPECT_TRUE(report.at("findings").empty());
  EXPECT_THAT(run({"conform", "--fail-allocations", file}, 0),
              testing::HasSubstr("2 cases (0 do not end), 9 allocations failed: 9 "));
}

TEST_F(FailAllocations, TellsWhichAllocationShowsAFinding) {
  const std::string file = write("a.jsonl", lost_case("\"v1\""));
  const json report =
      run_json({"conform", "--fail-allocations", "--profile", "stackless-3.7.5", file}, 1);
  EXPECT_EQ(report.at("findings")[0].at("id"), "lost:soft");
  EXPECT_EQ(report.at("findings")[0].at("allocation"), 0);  // It shows all the same.
  EXPECT_FALSE(report.at("findings")[0].at("signature").get<std::string>().empty());
}

}  // namespace
}  // namespace reweave::repro
