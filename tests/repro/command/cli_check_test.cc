// `reweave check` as CI meets it: what counts, where it points, what may be in a name.

#include <filesystem>

#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CliCheck : public Cli {
 protected:
  /// A file that gives its verdict.
  std::string good(const std::string& name) const {
    const std::string file = write(name, "weave 1\nfunction main\nend\n");
    run({"check", file, "--update"}, 0);
    return file;
  }
  static constexpr const char* kBroken = "weave 1\nfunction main\n  snd c\nend\n";
};

TEST_F(CliCheck, AFolderWithoutReprosIsNamed) {
  std::filesystem::create_directories(path("empty"));
  EXPECT_THAT(run({"check", path("empty")}, 2),
              HasSubstr(path("empty") + ": this folder holds no .weave file"));
}

TEST_F(CliCheck, WhatCannotBeReadIsAnError) {
  good("r/good.weave");
  const std::string none = path("none.weave");
  EXPECT_THAT(run({"check", path("r"), none}, 2), HasSubstr("1 passed, 0 failed, 1 error"));
  const json report = run_json({"check", path("r"), none}, 2);
  EXPECT_EQ(report["verdict"], "error");
  EXPECT_EQ(report["executions"], 1);
  EXPECT_EQ(report["failed"], 0);
  EXPECT_EQ(report["errors"], 1);
  EXPECT_THAT(run({"check", path("r"), none, "--format=junit"}, 2),
              AllOf(HasSubstr("failures=\"0\" errors=\"1\""), HasSubstr("<error message=")));
}

TEST_F(CliCheck, AnAnnotationPointsToTheLine) {
  EXPECT_THAT(run({"check", write("b.weave", kBroken), "--format=github"}, 2),
              HasSubstr("b.weave,line=3,title=reweave%3A cannot be read::"));
  const std::string changed = write("c.weave",
                                    "weave 1\nfunction main\nend\n\nverdict\n  result "
                                    "nothing\nend\n");
  EXPECT_THAT(run({"check", changed, "--format=github"}, 4),
              HasSubstr("c.weave,line=5,title=reweave%3A another verdict::"));
}

TEST_F(CliCheck, ScenariosWithoutAVerdictAreSkippedAndNamedOnce) {
  good("r/good.weave");
  const std::string scenario = write("r/scenario.weave", kClean);
  const std::string text = run({"check", path("r")}, 0);
  EXPECT_THAT(text, AllOf(HasSubstr("1 skipped: states no verdict"), HasSubstr("scenario.weave"),
                          HasSubstr("1 passed, 0 failed")));
  const json report = run_json({"check", path("r")}, 0);
  EXPECT_EQ(report["skipped"], 1);
  EXPECT_EQ(report["why_skipped"][0]["files"][0], scenario);
  EXPECT_THAT(run({"check", path("r"), "--format=junit"}, 0),
              AllOf(HasSubstr("tests=\"2\""), HasSubstr("<skipped message=")));
  run({"check", path("r"), "--update"}, 0);
  EXPECT_EQ(*read_file(scenario), kClean);
  EXPECT_THAT(run({"check", scenario}, 2), HasSubstr("states no verdict"));
}

TEST_F(CliCheck, UpdateKeepsCommentsAndAllElse) {
  const std::string before =
      "# JIRA-123\nweave 1   # the version\nfunction main\n  emit   a # why\nend\n\nverdict # was\n"
      "  # a remark\n  result nothing\nend # of it\n# the end\n";
  const std::string file = write("a.weave", before);
  run({"check", file, "--update"}, 0);
  const std::string after = *read_file(file);
  for (const char* part : {"# JIRA-123\nweave 1   # the version\nfunction main\n  emit   a # why\n",
                           "verdict # was\n  # a remark\n", "  trace ", "end # of it\n# the end\n"})
    EXPECT_THAT(after, HasSubstr(part));
  EXPECT_THAT(after, Not(HasSubstr("result nothing")));
  run({"check", file}, 0);
  run({"check", file, "--update"}, 0);
  EXPECT_EQ(*read_file(file), after);
  run({"check", "-", "--update"}, 2);
}

TEST_F(CliCheck, AnUpdateSaysWhatItChanged) {
  const std::string repro = hunted(kLostValue);
  std::string text = *read_file(repro);
  const std::string file = write(
      "mended.weave", text.replace(text.find("defects post-switch-clear"), 25, "defects none"));
  EXPECT_THAT(run({"check", file, "--update"}, 0),
              AllOf(HasSubstr("UPDATED " + file), HasSubstr("was: lost-value, signature \""),
                    HasSubstr("now: nothing is found"), HasSubstr("rehunt " + file)));
  // Nothing changes any more, and nothing is said.
  EXPECT_THAT(run({"check", file, "--update"}, 0), Not(HasSubstr("UPDATED")));
  write("mended.weave", text.replace(text.find("defects none"), 12, "defects post-switch-clear"));
  const json back = run_json({"check", file, "--update"}, 0);
  EXPECT_EQ(back["cases"][0]["passed"], true);
  EXPECT_EQ(back["cases"][0]["message"], "");  // The finding, as the file says.
}

TEST_F(CliCheck, AScheduleThatAnEditHasOutlivedIsRenewed) {
  // As if what an answer was asked at had been edited away, and the bug with it.
  std::string text = "# JIRA-123\n" + *read_file(hunted(kLostValue));
  const std::string schedule = "\nschedule\nend\n";
  ASSERT_NE(text.find(schedule), std::string::npos) << text;
  text.replace(text.find(schedule), schedule.size(),
               "\nschedule\n  0.1 spill nowhere.7 0 1\nend\n");
  std::string mended = text;
  mended.replace(mended.find("defects post-switch-clear"), 25, "defects none");
  const std::string file = write("edited.weave", mended);
  EXPECT_THAT(run({"check", file}, 3),
              AllOf(HasSubstr("diverged at step 0: expected "),
                    HasSubstr("0 of 1 answer still fit: nothing is found"),
                    HasSubstr("which proves nothing"), HasSubstr("rehunt " + file),
                    HasSubstr("check " + file + " --update --mended")));
  EXPECT_THAT(run({"check", file, "--update"}, 3),
              AllOf(HasSubstr("so that nothing was written"), HasSubstr("rehunt " + file)));
  EXPECT_EQ(*read_file(file), mended);
  EXPECT_THAT(run({"check", file, "--mended"}, 2), HasSubstr("--mended is for --update"));
  EXPECT_THAT(run({"check", file, "--update", "--mended", "--format=github"}, 0),
              AllOf(HasSubstr("::notice file="), HasSubstr("%0Awas: lost-value, signature "),
                    HasSubstr("%0Anow: nothing is found"), Not(HasSubstr("rehunt"))));
  EXPECT_THAT(*read_file(file), AllOf(StartsWith("# JIRA-123\n"), Not(HasSubstr("nowhere.7")),
                                      Not(HasSubstr("finding "))));
  EXPECT_THAT(run({"check", file}, 0), HasSubstr("1 passed"));
  // Where the bug is still there the schedule alone is renewed.
  const std::string still = write("still.weave", text);
  EXPECT_THAT(run({"check", still, "--update"}, 0),
              AllOf(HasSubstr("UPDATED"), HasSubstr("as before: lost-value")));
  EXPECT_THAT(*read_file(still),
              AllOf(Not(HasSubstr("nowhere.7")), HasSubstr("finding lost-value")));
  EXPECT_THAT(run({"check", still}, 0), HasSubstr("1 passed"));
}

TEST_F(CliCheck, NamesAndMessagesCannotSpeakForUs) {
  const std::string evil = "x\n::error file=a,line=1::injected\x1b[2J##[error]\xff.weave";
  const std::string file = write(evil, "weave 1\nfunction main\n  €€€€€€€€€€€€€€€€€€€€\nend\n");
  for (const char* format : {"text", "json", "junit", "github"}) {
    const std::string output =
        spawn({"check", file, "--format", format}, {"GITHUB_STEP_SUMMARY="}).output;
    EXPECT_THAT(output, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\n::error file=a"))))
        << format;
    const bool is_json = std::string(format) == "json";
    EXPECT_TRUE(is_json || output.find("##[") == std::string::npos) << output;
    EXPECT_NO_THROW((void)json(output).dump()) << format;  // It throws what is no UTF-8.
  }
}

TEST_F(CliCheck, ASummaryThatCannotBeWrittenIsSaid) {
  const std::string file = good("a.weave");
  EXPECT_THAT(
      run({"check", file, "--format=github"}, 0, {"GITHUB_STEP_SUMMARY=" + path("no/such/file")}),
      HasSubstr("the summary cannot be written"));
}

}  // namespace
}  // namespace reweave::repro
