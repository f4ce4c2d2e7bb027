// run() with a time limit: interrupts hard and soft, what delays them, and who sets the limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;

/// Interrupts at the n-th point where the running tasklet could be preempted.
class PreemptOnce final : public Chooser {
 public:
  explicit PreemptOnce(int nth) : left_(nth) {}
  std::uint32_t choose(const Question& question) override {
    return question.kind == QuestionKind::kPreempt && left_-- == 0 ? 1 : 0;
  }

 private:
  int left_;
};

class Watchdog : public testing::TestWithParam<Switching> {
 protected:
  /// What main's slot-0 tasklet and the others emit, and what run() returned: "1 emit x", "ran 1".
  std::vector<std::string> run(const std::string& functions, Chooser* chooser = nullptr,
                               DefectSet defects = {}) {
    Expected<Scenario> scenario =
        parse_scenario("channel c\nslot s\nslot v\n" + functions, "watchdog_test");
    if (!scenario) return {scenario.error().message};
    Settings settings;
    settings.switching = GetParam();
    settings.defects = defects;
    ScenarioSubject subject(std::move(*scenario), settings);
    Execution execution(settings.limits);
    Ordinary ordinary;
    execution.begin(chooser != nullptr ? *chooser : ordinary, /*keep_log=*/true);
    subject.run(execution);
    std::vector<std::string> lines;
    for (const Event& event : execution.log()) {
      const auto actor = std::to_string(static_cast<std::uint32_t>(event.actor));
      const auto kind = static_cast<EventKind>(event.kind);
      if (kind == EventKind::kRan) lines.push_back(actor + " ran " + std::to_string(event.args[0]));
      if (kind == EventKind::kEmit) {
        const auto word = static_cast<std::size_t>(event.args[0]);
        lines.push_back(actor + " " + subject.scenario().words[word]);
      }
      if (kind == EventKind::kState) {
        const auto flags = flags_text(static_cast<std::uint32_t>(event.args[1]));
        lines.push_back("state " + std::to_string(event.args[0]) + " " + flags);
      }
      if (kind == EventKind::kCaught) lines.push_back(actor + " caught");
    }
    for (const Finding& finding : execution.findings()) lines.push_back(finding.signature);
    return lines;
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, Watchdog, testing::Values(Switching::kSoft, Switching::kHard),
                         [](const auto& mode) {
                           return mode.param == Switching::kSoft ? "soft" : "hard";
                         });

TEST_P(Watchdog, ReturnsTheVictimPaused) {
  EXPECT_THAT(
      run("function main\n spawn t s\n runto 100 hard v\n state v\n insert v\n runall\nend\n"
          "function t\n burn 150\n emit done\nend\n"),
      ElementsAre("0 ran 1", "state 1 ap", "1 done", "0 ran -1"));
}

TEST_P(Watchdog, ReturnsNoneAndEmptiesTheSlotWhenAllHaveEnded) {
  EXPECT_THAT(run("function main\n spawn t v\n runto 100 hard v\n state v\nend\n"
                  "function t\n burn 90\n emit done\nend\n"),
              ElementsAre("1 done", "0 ran -1"));
}

TEST_P(Watchdog, OperationsTakeTicks) {
  EXPECT_THAT(run("function main\n spawn t s\n runto 3 hard v\nend\n"
                  "function t\n emit a\n emit b\n emit c\n emit d\nend\n"),
              ElementsAre("1 a", "1 b", "1 c", "0 ran 1"));
}

TEST_P(Watchdog, TurnsOfALoopTakeTicks) {
  EXPECT_THAT(run("function main\n spawn t s\n runto 4 hard v\nend\n"
                  "function t\n loop 9\n  emit a\n end\nend\n"),
              ElementsAre("1 a", "1 a", "0 ran 1"));
}

TEST_P(Watchdog, ASliceBeginsAnewWithEverySwitchUnlessTheLimitIsTotal) {
  const std::string tasklets = "function t\n burn 60\n sched\n burn 60\n emit done\nend\n";
  EXPECT_THAT(run("function main\n spawn t s\n spawn t s\n runto 100 hard v\nend\n" + tasklets),
              ElementsAre("1 done", "2 done", "0 ran -1"));
  EXPECT_THAT(run("function main\n spawn t s\n spawn t s\n runto 100 total v\nend\n" + tasklets),
              ElementsAre("0 ran 2"));
}

TEST_P(Watchdog, ASoftInterruptWaitsForTheNextSwitch) {
  EXPECT_THAT(run("function main\n spawn t s\n runto 100 soft v\n state s\n runall\nend\n"
                  "function t\n burn 150\n emit late\n sched\n emit done\nend\n"),
              ElementsAre("1 late", "0 ran -1", "state 1 as", "1 done", "0 ran -1"));
}

TEST_P(Watchdog, AHandOverPassesASoftInterruptOn) {
  // Main's slice ends in the sender; the hand-over to the receiver must not be diverted.
  EXPECT_THAT(run("function main\n spawn r -\n spawn t s\n runto 100 soft+nesting v\n emit back\n"
                  " runall\nend\n"
                  "function r\n recv c\n emit got\n sched\n emit end\nend\n"
                  "function t\n burn 150\n send c\n emit sent\nend\n"),
              ElementsAre("1 got", "0 ran -1", "0 back", "2 sent", "1 end", "0 ran -1"));
}

TEST_P(Watchdog, AtomicDelaysTheInterrupt) {
  EXPECT_THAT(run("function main\n spawn t s\n runto 100 hard v\nend\n"
                  "function t\n atomic 1\n burn 950\n emit still\n atomic 0\n emit never\nend\n"),
              ElementsAre("1 still", "0 ran 1"));
}

TEST_P(Watchdog, ANestedLevelDelaysTheInterrupt) {
  const std::string tasklet =
      "function t\n hcall deep\n emit never\nend\nfunction deep\n burn 150\n emit deep\nend\n";
  EXPECT_THAT(run("function main\n spawn t s\n runto 100 hard v\nend\n" + tasklet),
              ElementsAre("1 deep", "0 ran 1"));
  EXPECT_THAT(run("function main\n spawn t s\n runto 100 nesting v\nend\n" + tasklet),
              ElementsAre("0 ran 1"));
  EXPECT_THAT(run("function main\n spawn t s\n runto 100 hard v\nend\n"
                  "function t\n ignnest 1\n hspin\n emit on\nend\n"),
              ElementsAre("0 ran 1"));
}

TEST_P(Watchdog, OnlyTheFirstLimitCounts) {
  EXPECT_THAT(run("function main\n spawn outer s\n spawn t s\n runto 100 hard v\nend\n"
                  "function outer\n runto 10 hard -\n emit inner\nend\n"
                  "function t\n burn 50\n emit fifty\n burn 100\n emit never\nend\n"),
              ElementsAre("2 fifty", "0 ran 2"));
}

TEST_P(Watchdog, TheQuestionEndsASlice) {
  PreemptOnce second(2);  // The first point is in main, before `runto`.
  EXPECT_THAT(run("function main\n spawn t s\n runto 1000 hard v\n state v\nend\n"
                  "function t\n emit a\n emit b\nend\n",
                  &second),
              ElementsAre("1 a", "0 ran 1", "state 1 ap"));
}

TEST_P(Watchdog, ARefusedRunDisarms) {
  const std::string program =
      "function main\n spawn t s\n try\n  trapped\n   runto 100 hard v\n  end\n end\n runall\nend\n"
      "function t\n burn 500\n emit done\nend\n";
  EXPECT_THAT(run(program), ElementsAre("0 caught", "1 done", "0 ran -1"));
  // What the real thing does, that leaves the limit in force.
  EXPECT_THAT(run(program, nullptr, DefectSet().add(Defect::kFailedRunStaysArmed)),
              ElementsAre("0 caught", "0 ran 1", "structure interrupt-without-limit"));
}

TEST_P(Watchdog, ASpinThatNobodyCanInterruptGivesUp) {
  EXPECT_THAT(run("function main\n spawn t s\n runto 100 soft v\n runall\nend\n"
                  "function t\n spin\n emit on\nend\n"),
              ElementsAre("1 on", "0 ran -1", "0 ran -1"));
}

TEST_P(Watchdog, SpinningWithSchedulesIsInterruptedToo) {
  EXPECT_THAT(run("function main\n spawn t s\n spawn t s\n runto 5000 soft+total v\n emit back\n"
                  " runall\nend\n"
                  "function t\n spinsched\n emit on\nend\n"),
              ElementsAre("0 ran -1", "0 back", "2 on", "1 on", "0 ran -1"));
}

}  // namespace
}  // namespace reweave::runtime
