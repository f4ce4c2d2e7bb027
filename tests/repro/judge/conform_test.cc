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

// As recorded (t7-0005): a thread is not woken, and later told of a deadlock that is none.
constexpr const char* kNeedsTwo =
    R"({"id":"t7-0005","threads":2,"chans":1,"slots":2,"funcs":[[["runall"],)"
    R"(["tstart",1,1],["settle"],["tryall",[["try",[["sched"]]]]],["settle"],)"
    R"(["tryall",[["state",0]]],["tryall",[["setup",1,3]]],["settle"],["tryall",)"
    R"([["sched"]]],["settle"]],[["spawn",4,1],["spawn",2,1],["try",[["recv",0],)"
    R"(["insert",0]]],["settle"],["pref",0,0],["bal",0],["thread",1],["tryall",)"
    R"([["remove",0]]],["tryall",[["recv",0]]],["tryall",[["recv",0]]],["settle"],)"
    R"(["runall"]],[["recv",0],["sendx",0,"E2"]],[["send",0],["spawn",5,0],["queue",)"
    R"(0],["sched"],["send",0]],[["kill",1]],[["recv",0],["runcount"],["settle"],)"
    R"(["drop",0],["emit","L1"]]],"soft":{"out":"ok","trace":[[0,"ran",null],[101,)"
    R"("tstart",1],[1,"start"],[1,"end"],[101,"fin",1],[101,"exc",)"
    R"("RuntimeError:main_recv_deadlock"],[101,"bal",0,0],[101,"thread",2,1]],)"
    R"("bal":[-1],"left":[[2,"asc"]],"runcount":1},"hard":null})"
    "\n";

TEST_F(ExplainFixed, NamesTwoThatAreNeededTogether) {
  const json report = run_json({"conform", "--explain-fixed", write("a.jsonl", kNeedsTwo)}, 0);
  EXPECT_TRUE(report.at("explained").empty());
  EXPECT_EQ(report.at("explained_by_several"),
            json::array({{{"defects", {"end-ignores-threads", "setup-does-not-wake"}},
                          {"ids", {"t7-0005:soft", "t7-0005:hard"}}}}));
  EXPECT_TRUE(report.at("unexplained").empty());
}

TEST_F(ExplainFixed, SaysWhatNoDefectExplains) {
  const std::string file = write("a.jsonl", lost_case("\"v7\""));
  const json report = run_json({"conform", "--explain-fixed", file}, 1);
  EXPECT_EQ(report.at("unexplained"), json::array({"lost:soft", "lost:hard"}));
  EXPECT_THAT(run({"conform", "--explain-fixed", file}, 1),
              testing::HasSubstr("lost:soft: no set of live defects gives it"));
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
