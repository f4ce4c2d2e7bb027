// A kind of subject that no file of repro/ knows (toy_kind.cc) gets everything from the command
// line.

#include "repro/file/workdir.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Two of the lines are enough.
constexpr const char* kLosesAnAddition =
    "weave 1\nsubject counters\n"
    "first lock\nfirst b\nfirst unlock\nfirst a\n"
    "second b\nsecond a\nsecond lock\nsecond unlock\n";
constexpr const char* kLocked =
    "weave 1\nsubject counters\n"
    "first lock\nfirst a\nfirst unlock\nsecond lock\nsecond a\nsecond unlock\n";

class ToyKind : public Cli {
 protected:
  std::string tool() const override { return REWEAVE_COUNTERS; }

  /// Hunts until the addition is lost; the report.
  json found() const {
    return run_json({"hunt", write("s.weave", kLosesAnAddition), "--output", path("found")}, 1);
  }
};

TEST_F(ToyKind, IsHuntedShrunkReplayedAndChecked) {
  const json hunted = found();
  EXPECT_EQ(hunted["subject"], "counters");
  EXPECT_EQ(hunted["finding"]["kind"], "assertion");
  const std::string repro = hunted["repro"];
  EXPECT_THAT(repro, HasSubstr("counters-assertion-"));
  EXPECT_THAT(*read_file(repro), testing::StartsWith("weave 1\n\nsubject counters\n\nsettings\n"));

  const json replayed = run_json({"replay", repro, "--times", "100", "--trace"}, 1);
  EXPECT_EQ(replayed["trace_hash"], hunted["trace_hash"]);
  EXPECT_EQ(replayed["schedule"], hunted["schedule"]);
  EXPECT_FALSE(replayed["log"].empty());

  const std::string small = path("small.weave");
  const json shrunk = run_json({"shrink", repro, "--output", small}, 0);
  EXPECT_EQ(shrunk["minimal"], "yes");
  // Of 8. Lines are known by their numbers, so none before the one with the answer can go.
  EXPECT_LT(std::stoi(shrunk["lines"].get<std::string>()), 8);
  EXPECT_THAT(*read_file(small), HasSubstr("end\n\nfirst "));
  EXPECT_THAT(run({"check", repro, small}, 0), HasSubstr("2 passed, 0 failed"));
}

TEST_F(ToyKind, HasSettingsAsFlagsAndInFiles) {
  const std::string locked = write("locked.weave", kLocked);
  run({"hunt", locked, "--output", path("f")}, 0);
  const json hunted = run_json({"hunt", locked, "--locking", "off", "--output", path("f")}, 1);
  const std::string repro = hunted["repro"];
  EXPECT_THAT(*read_file(repro), HasSubstr("  locking off\n"));
  EXPECT_EQ(run_json({"replay", repro, "--locking", "on"}, 0)["verdict"], "clean");
  EXPECT_THAT(run({"hunt", locked, "--locking", "maybe"}, 2), HasSubstr("say on or off"));
  EXPECT_THAT(run({"hunt", locked, "--lockin", "on"}, 2), HasSubstr("--locking"));
  // The limits are settings of every kind.
  EXPECT_EQ(run_json({"replay", locked, "--steps-max", "3"}, 1)["finding"]["kind"], "livelock");
}

TEST_F(ToyKind, IsMadeOfTheWordsAfterTwoDashes) {
  const json hunted =
      run_json({"hunt", "--output", path("f"), "--", "first", "a", "second", "a"}, 1);
  run({"check", hunted["repro"]}, 0);
  EXPECT_THAT(run({"hunt", "--", "third", "a"}, 2), HasSubstr("not third a"));
  run({"hunt", write("s.weave", kLocked), "--", "first", "a"}, 2);
}

TEST_F(ToyKind, IsReportedInEveryFormat) {
  const std::string repro = found()["repro"];
  EXPECT_THAT(run({"replay", repro}, 1),
              AllOf(HasSubstr("assertion: assertion lost addition"), HasSubstr("to reproduce it"),
                    HasSubstr("to add takes two steps")));
  std::string text = *read_file(repro);
  text.replace(text.find("lost addition"), 13, "lost sheep");
  const std::string changed = write("changed.weave", text);
  EXPECT_THAT(run({"check", changed}, 4), HasSubstr("expected assertion"));
  EXPECT_EQ(run_json({"check", changed}, 4)["cases"][0]["finding"]["kind"], "assertion");
  EXPECT_THAT(run({"check", changed, repro, "--format=junit"}, 4),
              HasSubstr("tests=\"2\" failures=\"1\""));
  EXPECT_THAT(run({"check", changed, "--format=github"}, 4), HasSubstr("::error file="));
  run({"check", changed, "--update"}, 0);
  run({"check", changed}, 0);
}

TEST_F(ToyKind, IsExplainedByItsProgram) {
  EXPECT_THAT(run({"help"}, 0),
              AllOf(HasSubstr("reweave_counters"), HasSubstr("hunt"), Not(HasSubstr("gauntlet"))));
  EXPECT_THAT(run({"help", "subjects"}, 0), HasSubstr("two threads, two counters, a lock"));
  EXPECT_THAT(run({"help", "settings"}, 0), AllOf(HasSubstr("locking"), HasSubstr("steps-max")));
  EXPECT_THAT(run({"hunt", "--help"}, 0), AllOf(HasSubstr("--locking"), Not(HasSubstr("defects"))));
  run({"gauntlet"}, 2);
}

TEST_F(ToyKind, IsRefusedWhereItIsUnknownOrUnreadable) {
  EXPECT_THAT(run({"replay", write("t.weave", kClean)}, 2),
              AllOf(HasSubstr("t.weave"), HasSubstr("\"tasklets\""), HasSubstr("counters")));
  EXPECT_THAT(run({"replay", write("e.weave", "weave 1\nsubject counters\n")}, 2),
              HasSubstr("begins with `first` or `second`"));
  EXPECT_THAT(run({"replay", write("b.weave", "weave 1\nsubject counters\nfirst c\n")}, 2),
              AllOf(HasSubstr("b.weave:3:"), HasSubstr("not first c")));
  EXPECT_THAT(run({"replay", write("l.weave", std::string(kLocked) + "subject counters\n")}, 2),
              HasSubstr("l.weave:9:"));
}

}  // namespace
}  // namespace reweave::repro
