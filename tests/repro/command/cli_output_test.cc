// What commands write, and what they say where they cannot.

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using CliOutput = Cli;

TEST_F(CliOutput, WhatCannotBeWrittenIsSaidBeforeTheWork) {
  const std::string repro = hunted(kLostValue);
  const std::string nowhere = path("no/such/x");
  for (const Words& words :
       {Words{"shrink", repro, "--output"}, Words{"view", repro, "--output"},
        Words{"rehunt", repro, "--output"}, Words{"export", repro, "--to", "mermaid", "--output"},
        Words{"replay", repro, "--timeline"}, Words{"explain", repro, "--passing"}}) {
    Words whole = words;
    whole.push_back(nowhere);
    EXPECT_THAT(run(whole, 74), HasSubstr("no/such/x: cannot be written: No such file"))
        << words[0];
  }
  const std::string blocked = write("blocked", "a file");
  EXPECT_THAT(run({"hunt", repro, "--output", blocked}, 74), HasSubstr("--output"));
  EXPECT_THAT(run({"hunt", "--generated", "--output", blocked}, 74), HasSubstr("--output"));
  EXPECT_THAT(run({"gauntlet", "--output", blocked}, 74), HasSubstr("--output"));
  EXPECT_THAT(run({"campaign", "run", blocked, repro}, 74), HasSubstr("a campaign needs a folder"));
}

TEST_F(CliOutput, ALinkToTheOutputStaysALink) {
  const std::string repro = hunted(kLostValue);
  std::filesystem::create_symlink("target.weave", path("link.weave"));
  run({"shrink", repro, "--output", path("link.weave")}, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.weave")));
  run({"check", path("target.weave")}, 0);
}

// A limit on files stands for a disk that fills up while a hunt runs.
TEST_F(CliOutput, WhatIsFoundIsShownWhereItCannotBeWritten) {
  if (*REWEAVE_EMULATOR != '\0') GTEST_SKIP() << "the emulator writes files of its own";
  std::string large = kLostValue;
  large += "function large\n";
  for (int i = 0; i < 900; ++i) large += "  emit word\n";
  large += "end\n";
  const std::string file = shell_word(write("large.weave", large));
  const std::string tool = "ulimit -f 8; exec " + shell_word(REWEAVE_TOOL);
  const ProcessResult text =
      run_process({"sh", "-c", tool + " hunt " + file + " --output " + path("f")});
  EXPECT_EQ(text.code, 74) << text.output;
  EXPECT_THAT(text.output, AllOf(HasSubstr("lost-value"), HasSubstr("File too large"),
                                 HasSubstr("weave 1\n"), HasSubstr("verdict\n")));
  const ProcessResult object =
      run_process({"sh", "-c", tool + " hunt " + file + " --format=json --output " + path("f")});
  EXPECT_EQ(object.code, 74);
  const json report = json::parse(object.output, nullptr, false);
  ASSERT_TRUE(report.is_object()) << object.output;
  EXPECT_EQ(report["verdict"], "finding");
  run({"check", write("kept.weave", report["repro_text"])}, 0);
  EXPECT_TRUE(std::filesystem::is_empty(path("f")));
}

TEST_F(CliOutput, AFullStandardOutputIsNoBug) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  const ProcessResult result =
      run_process({"sh", "-c", shell_word(REWEAVE_TOOL) + " help operations > /dev/full"});
  EXPECT_EQ(result.code, 74);
  EXPECT_THAT(result.output, HasSubstr("standard output cannot be written: No space left"));
}

TEST_F(CliOutput, ATimelineForStandardOutputGoesThere) {
  const std::string scenario = write("s.weave", kLostValue);
  const std::string out = path("out");
  const ProcessResult result =
      run_process({"sh", "-c",
                   shell_word(REWEAVE_TOOL) + " replay " + shell_word(scenario) +
                       " --timeline /dev/stdout > " + shell_word(out)});
  EXPECT_EQ(result.code, 1) << result.output;
  EXPECT_THAT(*read_file(out), AllOf(HasSubstr("traceEvents"), HasSubstr("lost-value")));
  EXPECT_TRUE(std::filesystem::is_symlink("/dev/stdout"));
}

TEST_F(CliOutput, AnErrorIsOneObjectToo) {
  const auto object = [&](const Words& words, int code) {
    const ProcessResult result = spawn(words);
    EXPECT_EQ(result.code, code) << result.output;
    const std::size_t begin = result.output.find('{');
    const json parsed =
        json::parse(result.output.substr(std::min(begin, result.output.size())), nullptr, false);
    EXPECT_TRUE(parsed.is_object()) << result.output;
    return parsed;
  };
  const json missing = object({"hunt", path("none.weave"), "--format=json"}, 2);
  EXPECT_EQ(missing["verdict"], "error");
  EXPECT_EQ(missing["exit_code"], 2);
  EXPECT_THAT(missing["error"].get<std::string>(), HasSubstr("No such file"));
  EXPECT_EQ(object({"replay", "x", "--format", "json", "--sed"}, 2)["command"], "replay");
}

TEST_F(CliOutput, ASubjectThatIsAskedNothingIsNotClean) {
  const std::string file = write("one.weave", "weave 1\nfunction main\n  emit a\nend\n");
  const json report = run_json({"hunt", file, "--executions", "5"}, 0);
  EXPECT_EQ(report["verdict"], "unexplored") << report;
  EXPECT_THAT(run({"hunt", file, "--executions", "5"}, 0),
              AllOf(HasSubstr("nothing was explored"), Not(HasSubstr("clean"))));
}

TEST_F(CliOutput, ASubjectThatIsAskedNothingIsNotCleanInAListNorInAComparison) {
  const std::string file = write("one.weave", "weave 1\nfunction main\n  emit a\nend\n");
  const json all = run_json({"hunt", file, "--keep-going", "--output", path("f")}, 0);
  EXPECT_EQ(all["verdict"], "unexplored") << all;
  const Words compare = {"compare", file, "--strategy", "pct,random-walk", "--seeds", "2"};
  EXPECT_THAT(run(compare, 0), HasSubstr("note: nothing was explored"));
  EXPECT_THAT(run_json(compare, 0)["notes"][0].get<std::string>(),
              HasSubstr("nothing was explored"));
}

TEST_F(CliOutput, WhereALimitStoppedEveryExecutionNothingIsClean) {
  const std::string many =
      write("many.weave",
            "weave 1\nfunction main\n  loop 50\n    spawn f -\n  end\nend\nfunction f\nend\n");
  const std::string deep = write("deep.weave",
                                 "weave 1\nsettings\n  steps-max 1000000\n  memory-max 1\nend\n"
                                 "function main\n  spawn f -\n  sched\n  call main\nend\n"
                                 "function f\nend\n");
  const auto expect_stopped = [&](const Words& words, const std::string& limit) {
    EXPECT_EQ(run_json(words, 0)["verdict"], "stopped") << words.front();
    for (const char* const format : {"text", "github", "markdown", "sarif"}) {
      Words with = words;
      with.push_back(std::string("--format=") + format);
      EXPECT_THAT(run(with, 0), AllOf(HasSubstr("nothing was found up to the limit of " + limit),
                                      Not(HasSubstr("clean"))))
          << words.front() << " " << format;
    }
  };
  const Words bounds = {"--executions", "3", "--output", path("f")};
  const auto hunt = [&](Words words) {
    words.insert(words.end(), bounds.begin(), bounds.end());
    return words;
  };
  expect_stopped(hunt({"hunt", many, "--actors-max", "10"}), "10 actors (actors-max)");
  expect_stopped(hunt({"hunt", deep}), "1 MiB (memory-max)");
  expect_stopped({"replay", many, "--actors-max", "10"}, "10 actors (actors-max)");
  expect_stopped({"replay", deep}, "1 MiB (memory-max)");
  const Words all = hunt({"hunt", many, "--actors-max", "10", "--keep-going"});
  EXPECT_EQ(run_json(all, 0)["verdict"], "stopped");
  EXPECT_THAT(run(all, 0), AllOf(HasSubstr("10 actors (actors-max), where every execution"),
                                 HasSubstr("3 of 3 executions reached the limit actor-limit")));
}

TEST_F(CliOutput, AnExecutionThatOutlivesTheTimeIsEndedAndCounted) {
  std::string text = "weave 1\nsettings\n  steps-max 10000000\nend\nfunction main\n";
  for (int i = 0; i < 16; ++i) text += "  loop 9999\n";
  for (int i = 0; i < 16; ++i) text += "  end\n";
  const std::string file = write("long.weave", text + "end\n");
  const Words hunt = {"hunt", file, "--seconds", "0.2", "--output", path("f")};
  const json report = run_json(hunt, 0);
  EXPECT_EQ(report["verdict"], "stopped") << report;
  EXPECT_EQ(report["stopped_by"], "seconds") << report;
  EXPECT_EQ(report["time-limit"], "1") << report;
  EXPECT_THAT(run(hunt, 0), AllOf(HasSubstr("up to the limit of the time (--seconds)"),
                                  HasSubstr("1 execution went on for 2 s after the end")));
}

TEST_F(CliOutput, AFileToWriteHasOneLetterEverywhere) {
  const std::string text = std::string(kLostValue);
  const json hunted = run_json({"hunt", write("a.weave", text), "-o", path("f")}, 1);
  const std::string repro = hunted["repro"];
  EXPECT_THAT(repro, HasSubstr(path("f")));
  EXPECT_THAT(
      run({"hunt", path("a.weave"), "-o", path("f")}, 1),
      HasSubstr("to make it smaller\n  " + tool() + " shrink " + repro + " -o small.weave"));
  run({"shrink", repro, "-o", path("small.weave")}, 0);
  run({"rehunt", repro, "-o", path("again.weave")}, 1);
  for (const char* const command : {"hunt", "shrink", "rehunt", "gauntlet", "export", "view"})
    EXPECT_THAT(run({command, "--help"}, 0), HasSubstr("-o,--output")) << command;
}

TEST_F(CliOutput, ASearchThatTriedEverythingSaysUnderWhichBounds) {
  const json report =
      run_json({"hunt", write("c.weave", kClean), "--steps-max", "1234", "--output", path("f")}, 0);
  ASSERT_EQ(report["stopped_by"], "exhausted");
  EXPECT_EQ(report["steps_max"], "1234");
  EXPECT_THAT(run({"hunt", path("c.weave"), "--steps-max", "1234", "--output", path("f")}, 0),
              HasSubstr("under these bounds (1,234 steps, 100,000 questions, 10,000 actors)"));
}

TEST_F(CliOutput, TheLimitOfActorsIsSaid) {
  const std::string file =
      write("many.weave",
            "weave 1\nfunction main\n  loop 50\n    spawn f -\n  end\nend\nfunction f\nend\n");
  const json hunted = run_json(
      {"hunt", file, "--actors-max", "10", "--executions", "20", "--output", path("f")}, 0);
  EXPECT_THAT(hunted["notes"][0].get<std::string>(),
              AllOf(HasSubstr("actor-limit"), HasSubstr("actors-max")));
  EXPECT_THAT(run({"replay", file, "--actors-max", "10"}, 0),
              HasSubstr("up to the limit of 10 actors"));
}

TEST_F(CliOutput, NumbersAreReadAsPeopleWriteThem) {
  const std::string file = write("c.weave", kClean);
  const Words hunt = {"hunt", file, "--output", path("f")};
  const auto with = [&](Words more, int code) {
    more.insert(more.begin(), hunt.begin(), hunt.end());
    return run(more, code);
  };
  with({"--executions", "1e2"}, 0);
  with({"--executions", "1_000"}, 0);
  with({"--seconds", "0.2", "--strategy", "pct"}, 0);
  with({"--seconds", "200ms", "--strategy", "pct"}, 0);
  EXPECT_THAT(with({"--executions", "0"}, 2), HasSubstr("\"0\" is no number from 1"));
  EXPECT_THAT(with({"--executions", "1.5"}, 2), HasSubstr("\"1.5\" is no number"));
  EXPECT_THAT(with({"--seconds", "0"}, 2), HasSubstr("is no time"));
  EXPECT_THAT(with({"--seconds", "2 weeks"}, 2), HasSubstr("write seconds, or 500ms"));
  run({"shrink", file, "--output", path("x"), "--executions", "0"}, 2);
}

TEST_F(CliOutput, FlagsAreRefusedInOurOwnWords) {
  EXPECT_THAT(run({"hunt", "x", "--format", "xml"}, 2),
              HasSubstr("no format \"xml\" here; there are text, json, github, markdown, sarif"));
  EXPECT_THAT(run({"hunt", write("s.weave", kClean), "--strategy", "foo"}, 2),
              AllOf(HasSubstr("hunt: there is no strategy \"foo\"; there are portfolio"),
                    Not(HasSubstr("did you mean"))));
  EXPECT_THAT(run({"hunt", "--generated=foo"}, 2),
              HasSubstr("--generated takes no value, but here is \"foo\"; see `"));
  EXPECT_THAT(run({"hunt", "--seed"}, 2), HasSubstr("--seed needs a value; see `"));
  EXPECT_THAT(run({"hunt", "x", "--seed=1", "--seed=2"}, 2),
              HasSubstr("--seed is there more than once; see `"));
  EXPECT_THAT(run({"hunt", "x", "-q=1"}, 2), HasSubstr("-q takes no value, but here is \"1\""));
  EXPECT_THAT(run({"replay"}, 2), HasSubstr("file is required; see `"));
  const std::string dashed = write("-x.weave", kClean);
  EXPECT_EQ(run_process({"sh", "-c",
                         "cd " + shell_word(folder_.root()) + " && " +
                             shell_word(std::filesystem::absolute(REWEAVE_TOOL).string()) +
                             " replay -- -x.weave"})
                .code,
            0);
  EXPECT_THAT(run({"replay", "--help"}, 0), HasSubstr("-: standard input"));
}

TEST_F(CliOutput, ShrinkKeepsTheCommentsOfWhatStays) {
  const std::string file = write("c.weave",
                                 "# from the field\nweave 1\nchannel data # of the pump\n"
                                 "function main\n  # nobody sends\n  recv data\nend\n"
                                 "# unused\nfunction other\nend\n");
  const std::string small = path("small.weave");
  run({"shrink", file, "--output", small}, 0);
  std::ifstream in(small);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(text, HasSubstr("# from the field\nweave 1\n"));
  EXPECT_THAT(text, HasSubstr("channel data # of the pump\n"));
  EXPECT_THAT(text, HasSubstr("  # nobody sends\n  recv data\n"));
  EXPECT_THAT(text, Not(HasSubstr("# unused")));
}

TEST_F(CliOutput, WhatCannotGoOnIsADocumentOfTheFormatThatWasAskedFor) {
  const auto output = [&](const Words& words) {
    const ProcessResult result = spawn(words);
    EXPECT_EQ(result.code, 2) << result.output;
    return result.output;
  };
  const std::string no_file = path("none.weave"), empty = folder_.path("empty");
  std::filesystem::create_directory(empty);
  EXPECT_THAT(output({"check", empty, "--format=junit"}),
              AllOf(HasSubstr(" errors=\"1\""), HasSubstr("holds no .weave file\">")));
  for (const char* const command : {"check", "hunt", "replay"}) {
    EXPECT_THAT(output({command, no_file, "--format=sarif"}),
                AllOf(HasSubstr("\"executionSuccessful\": false"), HasSubstr("none.weave: ")));
    EXPECT_THAT(output({command, no_file, "--format", "github"}),
                AllOf(HasSubstr("::error "), HasSubstr("title=reweave%3A "),
                      HasSubstr("none.weave: cannot be read")));
    EXPECT_THAT(output({command, no_file, "--no-such-flag", "--format=github"}),
                HasSubstr(std::string("::error title=reweave%3A ") + command + "::"));
  }
}

TEST_F(CliOutput, ACrashInTheFirstStepIsExplainedAndDrawn) {
  const std::string file = write("c.weave", "weave 1\nfunction main\n  canary crash\nend\n");
  EXPECT_THAT(run({"explain", file}, 1), HasSubstr("ended by SIGABRT during step 1"));
  EXPECT_THAT(run({"view", file, "-o", path("c.html")}, 0), HasSubstr("0 steps"));
  EXPECT_THAT(run({"view", file, "--beside", file, "-o", path("d.html")}, 0), HasSubstr("0 steps"));
  EXPECT_THAT(run({"export", file, "--to", "dot"}, 0), HasSubstr("digraph"));
}

TEST_F(CliOutput, AHuntsReproKeepsTheCommentsOfItsScenario) {
  const std::string file = write("c.weave",
                                 "# from the field\nweave 1\nchannel data # of the pump\n"
                                 "function main\n  # nobody sends\n  recv data\nend\n");
  for (const char* const all : {"--jobs=1", "--keep-going"}) {
    const std::string folder = path(std::string("found") + all);
    run({"hunt", file, "--executions", "10", "--output", folder, all}, 1);
    const std::string repro = std::filesystem::directory_iterator(folder)->path();
    std::ifstream in(repro);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_THAT(text, HasSubstr("# from the field\nweave 1\n"));
    EXPECT_THAT(text, HasSubstr("channel data # of the pump\n"));
    EXPECT_THAT(text, HasSubstr("  # nobody sends\n  recv data\n"));
    run({"check", repro}, 0);
  }
}

TEST_F(CliOutput, RehuntKeepsTheCommentsOfTheReproThatItReplaces) {
  const std::string file = write("c.weave",
                                 "# from the field\nweave 1\nchannel data # of the pump\n"
                                 "function main\n  # nobody sends\n  recv data\nend\n");
  const auto text_of = [](const std::string& name) {
    std::ifstream in(name);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  const std::string repro = path("repro.weave");
  run({"shrink", file, "--output", repro}, 0);
  std::string text = text_of(repro);
  const std::size_t finding = text.find('\n', text.find("  finding "));
  ASSERT_NE(finding, std::string::npos);
  text.insert(finding, " # JIRA-3");
  // An edit after which it ends one step later.
  text.replace(text.find("  recv data"), 0, "  emit w\n");
  text.replace(text.find("function main"), 0, "word w\n");
  write("repro.weave", text);
  run({"rehunt", repro, "--output", repro, "--overwrite"}, 1);
  text = text_of(repro);
  EXPECT_THAT(text, HasSubstr("# from the field\nweave 1\n"));
  EXPECT_THAT(text, HasSubstr("channel data # of the pump\n"));
  EXPECT_THAT(text, HasSubstr("  # nobody sends\n"));
  EXPECT_THAT(text, HasSubstr(" # JIRA-3\n"));
}

TEST_F(CliOutput, AFileWhoseNameBeginsWithADashGetsCommandsThatRun) {
  write("--dash.weave", kLostValue);
  const std::string tool = "cd " + shell_word(path("")) + " && " + shell_word(REWEAVE_TOOL);
  const ProcessResult result = run_process({"sh", "-c", tool + " hunt ./--dash.weave -o . -q"});
  EXPECT_EQ(result.code, 1) << result.output;
  const ProcessResult replayed =
      run_process({"sh", "-c",
                   "cd " + shell_word(path("")) + " && mv lost-value-*.weave ./--x.weave && " +
                       shell_word(REWEAVE_TOOL) + " replay -- --x.weave"});
  EXPECT_EQ(replayed.code, 1) << replayed.output;
  EXPECT_THAT(replayed.output, HasSubstr(" replay ./--x.weave\n"));
  EXPECT_THAT(replayed.output, HasSubstr("reweave check \"./--x.weave\")"));
}

TEST_F(CliOutput, JsonHoldsNothingThatATerminalObeys) {
  const std::string name = "a\u009b2J\u202e\u2066\u200b.weave";
  const ProcessResult result =
      run_process({REWEAVE_TOOL, "replay", write(name, kClean), "--format=json"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("a\\u009b2J\\u202e\\u2066\\u200b.weave"));
}

TEST_F(CliOutput, StandardInputIsAFileToo) {
  const std::string file = shell_word(write("c.weave", kClean));
  for (const char* name : {"-", "/dev/stdin"}) {
    const ProcessResult result = run_process(
        {"sh", "-c", "cat " + file + " | " + shell_word(REWEAVE_TOOL) + " replay " + name});
    EXPECT_EQ(result.code, 0) << result.output;
  }
}

}  // namespace
}  // namespace reweave::repro
