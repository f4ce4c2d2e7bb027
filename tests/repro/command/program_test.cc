// Programs that know nothing of Reweave are hunted in, shrunk, replayed and checked.

#include <sys/stat.h>

#include "repro/file/workdir.h"
#include "repro/program/program_kind.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Programs : public Cli {
 protected:
  static std::string program(const std::string& name) {
    return std::string(REWEAVE_PROGRAMS) + "/hunted_" + name;
  }
  json hunt(const std::string& name, int expected_code, const Words& arguments = {}) const {
    Words words = {"hunt", "--output", path("found"), "--", program(name)};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_json(words, expected_code);
  }
};

TEST_F(Programs, ALostUpdateIsFoundShrunkAndReplayed) {
  const json hunted = hunt("lost_update", 1);
  EXPECT_EQ(hunted["subject"], "program");
  EXPECT_EQ(hunted["finding"]["signature"], "assertion exit 1 in main");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("exit code 1"), HasSubstr("the counter is 1")));

  const std::string small = path("small.weave");
  const json shrunk = run_json({"shrink", hunted["repro"], "--output", small}, 0);
  EXPECT_EQ(shrunk["minimal"], "yes");
  EXPECT_EQ(shrunk["answers"], "1");  // Between the read and the write of one of them.
  EXPECT_THAT(*read_file(small),
              AllOf(HasSubstr("subject program\n"),
                    HasSubstr("command " + program("lost_update") + "\n"), HasSubstr("run add")));
  EXPECT_THAT(run({"check", small, hunted["repro"]}, 0), HasSubstr("2 passed, 0 failed"));
  EXPECT_THAT(run({"replay", small, "--times", "1000"}, 1),
              StartsWith("1,000 of 1,000 executions did the same"));
}

TEST_F(Programs, EveryProcessGivesTheSameTrace) {
  const json hunted = hunt("lost_update", 1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(run_json({"replay", hunted["repro"]}, 1)["trace_hash"], hunted["trace_hash"]);
  }
}

TEST_F(Programs, ADeadlockIsFoundInAProgramThatWasNeverRebuilt) {
  const json hunted = hunt("lock_order", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "deadlock mutex in backwards, mutex in forwards");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("Threads wait for each other"), HasSubstr("held by thread 0.1")));
  const std::string small = path("small.weave");
  run({"shrink", hunted["repro"], "--output", small}, 0);
  EXPECT_EQ(run_json({"replay", small}, 1)["finding"]["signature"],
            "deadlock mutex in backwards, mutex in forwards");
}

TEST_F(Programs, AReproIsCheckedAfterAnotherBuild) {
  // As if the program had been compiled anew: other steps, another trace.
  const json hunted = hunt("lost_update", 1);
  std::string text = *read_file(hunted["repro"]);
  const std::size_t hash = text.find("  trace ") + 8;
  text.replace(hash, 16, "0123456789abcdef");
  const std::size_t step = text.find(" step ") + 6;
  text.insert(step, "1");
  EXPECT_THAT(run({"check", write("older.weave", text)}, 0), HasSubstr("1 passed"));
  text.replace(text.find("exit 1 in main"), 14, "exit 2 in main");
  EXPECT_THAT(run({"check", write("other.weave", text)}, 4), HasSubstr("exit 2 in main"));
}

TEST_F(Programs, WhatWasNotCompiledForItIsSaid) {
  const json hunted = hunt("lock_order", 1);
  EXPECT_THAT(hunted["notes"].dump(), HasSubstr("nothing here was compiled by reweave-c++"));
  EXPECT_EQ(hunt("lost_update", 1).value("notes", json::array()).size(), 0u);
}

TEST_F(Programs, ASleepLastsAsLongAsItSays) {
  const json hunted = run_json({"hunt", "--executions", "500", "--", program("nap")}, 0);
  EXPECT_EQ(hunted["verdict"], "clean");
}

TEST_F(Programs, WhereAProgramNeverEndsIsSaid) {
  const json hunted = hunt("endless", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "livelock never ends in count");
  EXPECT_THAT(run({"check", hunted["repro"]}, 0), HasSubstr("1 passed"));
}

TEST_F(Programs, AUseAfterFreeIsNoticed) {
  EXPECT_EQ(hunt("use_after_free", 1)["finding"]["kind"], "assertion");
}

TEST_F(Programs, GdbStopsAtAStep) {
  if (find_program("gdb").empty()) GTEST_SKIP() << "gdb is not here";
  const json hunted = hunt("lost_update", 1);
  const ProcessResult gdb =
      run_process({"gdb", "-batch", "-ex", "run", "-ex", "bt", "--args", REWEAVE_TOOL, "replay",
                   hunted["repro"], "--break-at-step", "12"},
                  {.timeout_ms = 120'000});
  EXPECT_THAT(gdb.output, AllOf(HasSubstr("SIGTRAP"), HasSubstr("lost_update.cc")));
}

TEST_F(Programs, WhatIsRightIsClean) {
  const json hunted =
      run_json({"hunt", "--executions", "2000", "--", program("lost_update_ok")}, 0);
  EXPECT_EQ(hunted["verdict"], "clean");
}

TEST_F(Programs, ArgumentsArriveAsTheyAre) {
  const json hunted = hunt("arguments", 1, {"a b", "", "#", "100%", "ä", "--help"});
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              HasSubstr("<a b><><#><100%><ä><--help>"));
  EXPECT_THAT(run({"replay", hunted["repro"]}, 1), HasSubstr("<a b><><#><100%><ä><--help>"));
}

TEST_F(Programs, ARaceIsFoundOnDemand) {
  const json hunted = run_json(
      {"hunt", "--races", "on", "--output", path("found"), "--", program("lost_update")}, 1);
  EXPECT_EQ(hunted["finding"]["kind"], "race");
  EXPECT_THAT(*read_file(hunted["repro"]), HasSubstr("races on"));
  EXPECT_THAT(run({"check", hunted["repro"]}, 0), HasSubstr("1 passed"));
}

TEST_F(Programs, WhatCannotBeControlledIsRefused) {
  const std::string script = write("script", "#!/bin/sh\necho hello\n");
  chmod(script.c_str(), 0755);
  const std::string text = write("text", "hello");
  EXPECT_THAT(run({"hunt", "--", script}, 2), HasSubstr("this is a script"));
  EXPECT_THAT(run({"hunt", "--", text}, 2), HasSubstr("this file may not be executed"));
  chmod(text.c_str(), 0755);
  EXPECT_THAT(run({"hunt", "--", text}, 2), HasSubstr("this is no program"));
  EXPECT_THAT(run({"hunt", "--", path(".")}, 2), HasSubstr("this is a folder"));
  EXPECT_THAT(run({"hunt", "--", path("missing")}, 2), HasSubstr("there is no such program"));
  EXPECT_THAT(run({"hunt", "--", "no-such-program"}, 2), HasSubstr("nor on PATH"));
  EXPECT_THAT(run({"hunt", program("lost_update")}, 2), HasSubstr("this is a program; to hunt in"));
  EXPECT_THAT(run({"hunt", "--", program("lost_update")}, 69,
                  {"REWEAVE_PROGRAM_LIBRARY=" + path("missing.so")}),
              HasSubstr("libreweave_program.so is not"));
  EXPECT_THAT(run({"replay", write("a.weave", "weave 1\nsubject program\ncommand a%0 b\n")}, 2),
              HasSubstr("a.weave:3: \"a%0\": a '%' stands before two hexadecimal digits"));
  EXPECT_THAT(run({"replay", write("b.weave", "weave 1\nsubject program\ncommand\n")}, 2),
              HasSubstr("b.weave:3: name the program"));
}

TEST_F(Programs, ATestExploresItsOwnBodies) {
  const auto run_tests = [this](const std::string& filter, const std::string& schedule) {
    ProcessOptions options{.environment = {"REWEAVE_OUTPUT=" + path("found")}};
    if (!schedule.empty()) options.environment.push_back("REWEAVE_SCHEDULE=" + schedule);
    return run_process({program("checked_test"), "--gtest_filter=" + filter}, options);
  };
  const ProcessResult right = run_tests("*Right*:*IsFound*:*Said:*Default", "");
  EXPECT_TRUE(right.succeeded()) << right.output;
  const ProcessResult wrong = run_tests("*ASlot*", "");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.output, AllOf(HasSubstr("deadlock condition in reweave_body_Checked_ASlot"),
                                  HasSubstr("waits for a notification"), HasSubstr("at put (")));
  const std::string mark = "REWEAVE_SCHEDULE='";
  const std::size_t begin = wrong.output.find(mark) + mark.size();
  const std::string schedule = wrong.output.substr(begin, wrong.output.find('\'', begin) - begin);
  EXPECT_THAT(run_tests("*ASlot*", schedule).output, HasSubstr("after 1 executions"));
  EXPECT_THAT(run_tests("*ExpectationsCount", "").output,
              AllOf(HasSubstr("a test expectation failed"), HasSubstr("Which is: 1")));
}

TEST_F(Programs, OneTestOfATestProgramIsHuntedIn) {
  const json hunted = hunt("checked_test", 1, {"--gtest_filter=*ASlot*"});
  EXPECT_THAT(hunted["finding"]["signature"].get<std::string>(),
              StartsWith("deadlock condition in reweave_body_Checked_ASlot"));
}

TEST(DefaultStrategy, IsTheMixForProgramsAlone) {
  EXPECT_EQ(default_strategy(program_kind()), "mix");
  EXPECT_EQ(default_strategy(runtime::tasklet_kind()), kDefaultStrategy);
  class AnyKind final : public SubjectKind {
   public:
    std::string_view name() const override { return "anything else"; }
    std::string_view help() const override { return ""; }
    std::span<const std::string_view> first_words() const override { return {}; }
    Expected<std::unique_ptr<Subject>> read(LineReader& lines) const override {
      return lines.error("");
    }
  };
  EXPECT_EQ(default_strategy(AnyKind()), kDefaultStrategy);
}

TEST(ProgramWords, AreReadAsTheyWereWritten) {
  for (const std::string word :
       {"", "plain", "a b", "#x", "x#", "100%", "%", "%20", "\t\n\x7f", "ä"}) {
    const std::string escaped = escape_word(word);
    EXPECT_EQ(escaped.find_first_of(" \t\n"), std::string::npos) << escaped;
    EXPECT_EQ(unescape_word(escaped), word) << escaped;
  }
  for (const char* const word : {"%0", "%zz", "a%", "%00"})
    EXPECT_EQ(unescape_word(word), std::nullopt) << word;
}

}  // namespace
}  // namespace reweave::repro
