// The life of a finding: hunted, replayed, shrunk, checked; and what else the commands promise.

#include <csignal>

#include "repro/command/command.h"
#include "repro/file/workdir.h"
#include "runtime/interpreter/tasklet_kind.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(Cli, AFindingIsHuntedReplayedShrunkAndChecked) {
  const json found =
      run_json({"hunt", write("s.weave", kLostValue), "--seed", "3", "--output", path("found")}, 1);
  EXPECT_EQ(found["schema"], 1);
  EXPECT_EQ(found["verdict"], "finding");
  EXPECT_EQ(found["finding"]["kind"], "lost-value");
  EXPECT_GE(found["executions"], 1);
  const std::string repro = found["repro"];

  const json replayed = run_json({"replay", repro, "--times", "1000"}, 1);
  EXPECT_EQ(replayed["executions"], 1000);
  EXPECT_EQ(replayed["trace_hash"], found["trace_hash"]);
  EXPECT_EQ(replayed["finding"]["signature"], found["finding"]["signature"]);
  EXPECT_EQ(replayed["schedule"], found["schedule"]);

  const std::string small = path("small.weave");
  // The subject as it is: its text is what it was.
  const auto subject_of = [](const std::string& file) {
    const std::string text = *read_file(file);
    const std::size_t begin = text.find("\nchannel "), end = text.find("\nschedule\n");
    return text.substr(begin, end - begin);
  };
  const std::string as_it_is = path("as-it-is.weave");
  const json schedule = run_json({"shrink", repro, "--schedule-only", "--output", as_it_is}, 0);
  EXPECT_EQ(schedule["minimal"], "yes");
  EXPECT_EQ(subject_of(as_it_is), subject_of(repro));

  const json shrunk = run_json({"shrink", repro, "--output", small}, 0);
  EXPECT_NE(subject_of(small), subject_of(repro));
  EXPECT_EQ(shrunk["minimal"], "yes");
  EXPECT_EQ(shrunk["schedule"], "ordinary");
  EXPECT_EQ(shrunk["finding"]["signature"], found["finding"]["signature"]);

  EXPECT_THAT(run({"check", repro, small}, 0), HasSubstr("2 passed, 0 failed"));
  EXPECT_EQ(run_json({"replay", small, "--defects", "none"}, 0)["verdict"], "clean");
}

TEST_F(Cli, TheSameSeedWritesTheSameFile) {
  const std::string scenario = write("s.weave", kLostValue);
  const std::string first = run_json({"hunt", scenario, "--output", path("a")}, 1)["repro"];
  const std::string second = run_json({"hunt", scenario, "--output", path("b")}, 1)["repro"];
  EXPECT_EQ(first.substr(first.rfind('/')), second.substr(second.rfind('/')));
  EXPECT_EQ(*read_file(first), *read_file(second));
}

TEST_F(Cli, NothingIsFoundWhereNothingIs) {
  const json report =
      run_json({"hunt", write("s.weave", kClean), "--executions", "500", "--output", path("f")}, 0);
  EXPECT_EQ(report["verdict"], "clean");
  EXPECT_LE(report["executions"], 500);  // Fewer, where all that can be answered has been tried.
  EXPECT_GE(report["executions"], 1);
  EXPECT_FALSE(std::filesystem::exists(path("f")));
}

TEST_F(Cli, FlagsGoOverTheFilesSettings) {
  const std::string scenario = write("s.weave", kLostValue);
  run({"hunt", scenario, "--defects", "none", "--executions", "200", "--output", path("f")}, 0);
  run({"hunt", scenario, "--profile", "stackless-2012-A", "--output", path("f")}, 1);
  run({"hunt", scenario, "--profile", "stackless-2012-C", "--executions", "200", "--output",
       path("f")},
      0);
  EXPECT_THAT(run({"hunt", scenario, "--profile", "stackless-2012-a"}, 2),
              HasSubstr("stackless-2012-A"));
  EXPECT_THAT(run({"hunt", scenario, "--profile", "fixed", "--defects", "none"}, 2),
              HasSubstr("exclude"));
}

TEST_F(Cli, ACrashAndAHangBecomeRepros) {
  const std::string crash = hunted(kCrash);
  const std::string hang = hunted("weave 1\nfunction main\n  canary hang\nend\n");
  EXPECT_EQ(run_json({"replay", crash, "--times", "3"}, 1)["finding"]["kind"], "crash");
  EXPECT_EQ(run_json({"replay", hang, "--hang-ms", "1000"}, 1)["finding"]["kind"], "hang");
  run({"check", crash, hang, "--hang-ms", "1000"}, 0);
  EXPECT_EQ(run_json({"shrink", crash, "--output", path("small.weave")}, 0)["operations"], "1");
}

// Signals to the tool itself: our own abort is a bug of ours, and an interrupted hunt ends at once.
TEST_F(Cli, SignalsEndTheToolWithTheRightCode) {
  if (*REWEAVE_EMULATOR != '\0') GTEST_SKIP() << "the emulator has signals of its own";
  const std::string hang = write("h.weave", "weave 1\nfunction main\n  canary hang\nend\n");
  // It is sent when SIGABRT is caught, however slow the machine is: the mask is in hexadecimal.
  const std::string is_ready =
      "[ $((0x$(sed -n 's/^SigCgt:[^0-9a-f]*//p' /proc/$!/status) & 0x20)) != 0 ]";
  const auto signalled = [&](const std::string& signal) {
    return run_process({"sh", "-c",
                        std::string(REWEAVE_TOOL) + " hunt " + hang + " --hang-ms 100000 & until " +
                            is_ready + "; do sleep 0.1; done; kill -" + signal + " $!; wait $!"});
  };
  const ProcessResult aborted = signalled("ABRT");
  EXPECT_EQ(aborted.code, 70);
  EXPECT_THAT(aborted.output, HasSubstr("bug of reweave itself"));
  EXPECT_EQ(signalled("TERM").code, 128 + SIGTERM);
}

TEST_F(Cli, TraceShowsTheEventsInOrder) {
  const std::string text = run({"replay", write("s.weave", kLostValue), "--trace"}, 1);
  const std::size_t sent = text.find("sent c v1");
  const std::size_t got = text.find("got c None");
  ASSERT_NE(sent, std::string::npos) << text;
  ASSERT_NE(got, std::string::npos) << text;
  EXPECT_LT(sent, got);
  EXPECT_FALSE(run_json({"replay", write("s.weave", kLostValue), "--trace"}, 1)["log"].empty());
}

TEST_F(Cli, ATimelineIsWrittenBesideTheReport) {
  const std::string scenario = write("s.weave", kLostValue), file = path("t.json");
  const json plain = run_json({"replay", scenario}, 1);
  const json watched = run_json({"replay", scenario, "--timeline", file}, 1);
  EXPECT_EQ(watched["trace_hash"], plain["trace_hash"]);
  const Expected<std::string> text = read_file(file);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(json::parse(*text)["otherData"]["trace_hash"], plain["trace_hash"]);
  EXPECT_THAT(run({"replay", scenario, "--timeline", path("no/t.json")}, 74),
              HasSubstr("no/t.json"));
}

TEST_F(Cli, AVerdictThatIsNotGivenIsSeen) {
  const std::string repro = hunted(kLostValue);
  std::string text = *read_file(repro);
  text.replace(text.find("None"), 4, "v1");
  const std::string changed = write("changed.weave", text);
  EXPECT_THAT(run({"check", changed}, 4),
              HasSubstr("expected \"receive 0.1 receive.1 v1\"; found"));
  EXPECT_THAT(run({"replay", changed}, 4), HasSubstr("CHANGED"));
  EXPECT_THAT(run({"check", changed, "--format=github"}, 4), HasSubstr("::error file="));
  EXPECT_THAT(run({"check", changed, repro, "--format=junit"}, 4),
              HasSubstr("tests=\"2\" failures=\"1\""));
  run({"check", changed, "--update"}, 0);
  run({"check", changed}, 0);
}

TEST_F(Cli, AScheduleThatDoesNotFitDiverges) {
  std::string text = kClean;
  text += "schedule\n  0 spill nowhere.7 0 1\nend\nverdict\nend\n";
  const std::string file = write("d.weave", text);
  EXPECT_THAT(run({"replay", file}, 3), AllOf(HasSubstr("DIVERGED"), HasSubstr("nowhere.7")));
  EXPECT_THAT(run({"check", file}, 3), HasSubstr("diverged"));
}

TEST_F(Cli, CheckTakesFoldersAndRefusesWhatHasNoVerdict) {
  write("r/b.weave", kClean);
  write("r/notes.txt", "no repro");
  EXPECT_THAT(run({"check", path("r")}, 2), HasSubstr("no verdict"));
  run({"check", path("r/b.weave"), "--update"}, 0);
  EXPECT_EQ(run_json({"check", path("r")}, 0)["passed"], 1);
  std::filesystem::create_directory(path("empty"));
  run({"check", path("empty")}, 2);
}

TEST_F(Cli, GithubSummaryIsAppended) {
  std::string text = kClean;
  const std::string file = write("c.weave", text + "verdict\n  result nothing\nend\n");
  const std::string summary = write("summary.md", "before\n");
  run({"check", file, "--format=github"}, 4, {"GITHUB_STEP_SUMMARY=" + summary});
  EXPECT_THAT(*read_file(summary),
              testing::StartsWith("before\n### reweave check: 0 passed, 1 failed"));
}

TEST_F(Cli, EveryCommandExplainsItselfOnOneScreen) {
  for (const Command& each : commands_for(runtime::tasklet_kinds())) {
    const std::string command(each.name);
    if (command == "campaign" || command == "help") continue;  // They have words of their own.
    const std::string help = run({command, "--help"}, 0);
    EXPECT_THAT(help, AllOf(HasSubstr("Examples:\n  "), HasSubstr("Exit codes: 0"))) << command;
    EXPECT_LT(std::count(help.begin(), help.end(), '\n'), 48) << help;
    EXPECT_EQ(run({"help", command}, 0), help);
    EXPECT_LT(help.find("Examples:"), help.find("Options:"));
  }
  const std::string overview = run({"help"}, 0);
  EXPECT_THAT(overview, AllOf(HasSubstr("hunt"), HasSubstr("Exit codes")));
  EXPECT_EQ(run({}, 2), overview);
  EXPECT_THAT(run({"help", "operations"}, 0), HasSubstr("weakref SLOT FUNCTION"));
  EXPECT_THAT(run({"help", "defects"}, 0),
              AllOf(HasSubstr("spill-explodes-bomb"), HasSubstr("stackless-2012-Y")));
  EXPECT_THAT(run({"help", "strategies"}, 0), HasSubstr("pct"));
  EXPECT_THAT(run({"help", "format"}, 0), HasSubstr("weave 1"));
}

TEST_F(Cli, WhatIsMistypedNamesTheNearest) {
  const std::string scenario = write("s.weave", kClean);
  EXPECT_THAT(run({"hnt"}, 2), HasSubstr("hunt"));
  EXPECT_THAT(run({"hunt", scenario, "--sed", "1"}, 2), HasSubstr("--seed"));
  EXPECT_THAT(run({"hunt", scenario, "--strategy", "portfolo"}, 2), HasSubstr("portfolio"));
  EXPECT_THAT(run({"hunt", scenario, "--defects", "post-switch-clean"}, 2),
              HasSubstr("post-switch-clear"));
  EXPECT_THAT(run({"check", scenario, "--format=jsn"}, 2), HasSubstr("json"));
  EXPECT_THAT(run({"help", "operation"}, 2), HasSubstr("operations"));
  EXPECT_THAT(run({"replay", scenario, "extra"}, 2), HasSubstr("too many"));
  EXPECT_THAT(run({"replay", scenario, "--target", "tempvl"}, 2), HasSubstr("tempval"));
  run({"hunt", scenario, "--seed", "-1"}, 2);
  run({"hunt", scenario, "--seed", "many"}, 2);
  run({"hunt"}, 2);
  run({"replay", scenario, "--times", "0"}, 2);
  run({"replay", scenario, "--rr=perhaps"}, 2);
  run({"shrink", scenario}, 2);
}

TEST_F(Cli, ColoursOnlyWhereTheyAreWanted) {
  const std::string repro = hunted(kLostValue);
  EXPECT_THAT(run({"replay", repro}, 1, {"NO_COLOR=", "CLICOLOR_FORCE="}), Not(HasSubstr("\033")));
  EXPECT_THAT(run({"replay", repro}, 1, {"NO_COLOR=", "CLICOLOR_FORCE=1"}), HasSubstr("\033["));
  EXPECT_THAT(run({"replay", repro}, 1, {"NO_COLOR=1", "CLICOLOR_FORCE=1"}),
              Not(HasSubstr("\033")));
}

TEST_F(Cli, VersionSaysWhatItReads) {
  EXPECT_THAT(run({"version"}, 0), HasSubstr("weave 1"));
  EXPECT_EQ(run({"--version"}, 0), run({"version"}, 0));
  EXPECT_EQ(run_json({"version"}, 0)["weave_format"], 1);
}

TEST_F(Cli, DoctorTellsWhetherRrWorks) {
  folder_.write("bin/rr", "#!/bin/sh\nexit 1\n", true);
  const ProcessResult result =
      spawn({"doctor", "--format=json"}, {"PATH=" + path("bin") + ":/usr/bin:/bin"});
  const json report = json::parse(result.output);
  EXPECT_EQ(report["rr"]["program"], path("bin/rr"));
  EXPECT_NE(report["rr"]["outcome"], "works");
  EXPECT_EQ(result.code, 0);
}

constexpr const char* kRrThatWorks =
    "#!/bin/sh\n[ \"$1\" = --version ] && { echo rr version 5.6.0; exit 0; }\n"
    "mkdir \"$3\" || exit 1\nshift 4\nexec \"$@\"\n";

TEST_F(Cli, RrRecordsWhereItCan) {
  if (*REWEAVE_EMULATOR != '\0')
    GTEST_SKIP() << "a script cannot start a program of another architecture";
  const std::string repro = hunted(kLostValue);
  folder_.write("bin/rr", kRrThatWorks, true);
  const std::string search = "PATH=" + path("bin") + ":/usr/bin:/bin";
  EXPECT_THAT(run({"replay", repro, "--rr=require"}, 1, {search}),
              HasSubstr("rr replay " + repro + ".rr"));
  EXPECT_TRUE(std::filesystem::exists(repro + ".rr"));
  EXPECT_THAT(run({"replay", repro, "--rr=require"}, 2, {search}), HasSubstr("exists already"));
}

TEST_F(Cli, WhereRrCannotRecordItSaysSo) {
  const std::string repro = hunted(kLostValue);
  folder_.write("bin/rr", "#!/bin/sh\necho 'Unable to open performance counter'\nexit 1\n", true);
  const std::string search = "PATH=" + path("bin") + ":/usr/bin:/bin";
  EXPECT_THAT(run({"replay", repro, "--rr=require"}, 69, {search}),
              AllOf(HasSubstr("PMU"), HasSubstr("Instead")));
  EXPECT_THAT(run({"replay", repro, "--rr=auto"}, 1, {search}), HasSubstr("goes on without rr"));
}

TEST_F(Cli, GdbStopsWhereTheStepBegins) {
  if (*REWEAVE_EMULATOR != '\0') GTEST_SKIP() << "gdb cannot follow an emulated program";
  if (find_program("gdb").empty()) GTEST_SKIP() << "gdb is missing";
  const std::string repro = hunted(kLostValue);
  const ProcessResult result = run_process(
      {"gdb", "-nx", "-batch", "-ex", "run", "-ex", "backtrace 8", "--args", REWEAVE_TOOL, "replay",
       repro, "--break-at-step", "9"},
      {.environment = {"ASAN_OPTIONS=detect_leaks=0", "DEBUGINFOD_URLS="}, .timeout_ms = 120'000});
  EXPECT_THAT(result.output, AllOf(HasSubstr("SIGTRAP"), HasSubstr("reweave::runtime::")));
}

TEST_F(Cli, WithoutADebuggerABreakpointIsOnlyAnnounced) {
  const std::string repro = hunted(kLostValue);
  EXPECT_THAT(run({"replay", repro, "--break-at-step", "3"}, 1), HasSubstr("no debugger is here"));
}

}  // namespace
}  // namespace reweave::repro
