// Programs that know nothing of Reweave are hunted in, shrunk, replayed and checked.

#include <sys/stat.h>

#include "repro/file/workdir.h"
#include "repro/program/program_kind.h"
#include "tests/repro/command/hunted_programs.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Programs, ALostUpdateIsFoundShrunkAndReplayed) {
  const json hunted = hunt("lost_update", 1);
  EXPECT_EQ(hunted["subject"], "program");
  EXPECT_EQ(hunted["finding"]["signature"], "assertion exit 1 in main");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("exit code 1"), HasSubstr("the counter is 1")));

  const std::string small = path("small.weave");
  const json shrunk = run_json({"shrink", hunted["repro"], "--output", small}, 0);
  EXPECT_EQ(shrunk["minimal"], "yes");
  EXPECT_EQ(shrunk["answers"], "1") << "between the read and the write of one of them";
  EXPECT_THAT(*read_file(small),
              AllOf(HasSubstr("subject program\n"),
                    HasSubstr("command " + program("lost_update") + "\n"), HasSubstr("run add")));
  EXPECT_THAT(run({"check", small, hunted["repro"]}, 0), HasSubstr("2 passed, 0 failed"));
  EXPECT_THAT(run({"replay", small, "--times", "1000"}, 1),
              StartsWith("1,000 of 1,000 executions did the same"));
}

TEST_F(Programs, RunsAsEverWithoutTheTool) {
  EXPECT_TRUE(run_process({program("key_destructors")}, {}).succeeded());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(run_process({program("pushes")}, {}).succeeded());
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

TEST_F(Programs, UndefinedBehaviourIsAFinding) {
  const json hunted = hunt("undefined", 1);
  EXPECT_EQ(hunted["finding"]["signature"],
            "crash undefined behaviour, signed integer overflow in undefined.cc");
  EXPECT_THAT(run({"check", hunted["repro"]}, 0), HasSubstr("1 passed"));
}

TEST_F(Programs, AnEarlyBlockThatIsGivenBackTakesANewProcess) {
  const json clean =
      run_json({"hunt", "--executions", "150", "--", program("early_block"), "keep"}, 0);
  EXPECT_EQ(clean["verdict"], "clean");
  EXPECT_EQ(clean["executions"], 150);
  EXPECT_GT(clean["distinct"], 10);

  const json hunted = hunt("early_block", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "crash heap-use-after-free in main");
  const std::string small = path("small.weave");
  run_json({"shrink", hunted["repro"], "--output", small}, 0);
  EXPECT_THAT(run({"replay", small, "--times", "20"}, 1),
              StartsWith("20 of 20 executions did the same"));
}

TEST_F(Programs, AddressSanitizerSeesAUseAfterFree) {
  for (const char* const name : {"asan_use_after_free", "plain_asan_use_after_free"}) {
    if (std::string(name).starts_with("plain")) {
      // Points are calls of the thread library only: the threads run one after the other.
      EXPECT_EQ(run_json({"hunt", "--executions", "300", "--", program(name)}, 0)["verdict"],
                "clean");
      continue;
    }
    const json hunted = hunt(name, 1);
    EXPECT_EQ(hunted["finding"]["signature"], "crash heap-use-after-free in use");
    EXPECT_THAT(
        hunted["finding"]["message"].get<std::string>(),
        AllOf(HasSubstr("AddressSanitizer: heap-use-after-free: a read of 4 bytes"),
              HasSubstr("use (asan_use_after_free.cc:13)"), HasSubstr("\nfreed by thread 0.2"),
              HasSubstr("freed by thread 0.2 (drop)"), Not(HasSubstr("0x"))));
    const std::string small = path("small.weave");
    run_json({"shrink", hunted["repro"], "--output", small}, 0);
    EXPECT_THAT(run({"replay", small, "--times", "10"}, 1),
                StartsWith("10 of 10 executions did the same"));
  }
}

TEST_F(Programs, AddressSanitizerSeesALockInFreedMemory) {
  const json hunted = hunt("asan_freed_lock", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "crash heap-use-after-free in use");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("use (asan_freed_lock.cc:11)"), HasSubstr("freed by thread 0 (main)"),
                    Not(HasSubstr("0x"))));
}

TEST_F(Programs, AddressSanitizerSaysNothingOfWhatIsRight) {
  const json hunted = run_json({"hunt", "--executions", "1000", "--", program("asan_clean")}, 0);
  EXPECT_EQ(hunted["verdict"], "clean");
}

// The seeds are those of executions in which a question is asked where a thread ends.
TEST_F(Programs, WhatAddressSanitizerLetsThroughShowsAgain) {
  for (int seed = 1; seed <= 6; ++seed) {
    const json hunted = run_json({"hunt", "--executions", "300", "--seed", std::to_string(seed),
                                  "--output", path("found"), "--", program("asan_threads")},
                                 1);
    EXPECT_EQ(hunted["finding"]["signature"], "assertion assert in main") << seed;
  }
}

TEST_F(Programs, AThreadBeforeMainIsRefusedUnderAddressSanitizer) {
  EXPECT_THAT(run({"hunt", "--", program("asan_early_thread")}, 69),
              HasSubstr("starts a thread: under AddressSanitizer only main and what it starts"));
}

TEST_F(Programs, WhatIsRefusedIsAnObjectToo) {
  const std::string output = run({"hunt", "--format=json", "--", path("missing")}, 2);
  const json refused =
      json::parse(output.substr(output.find('{')));  // Behind the words for people.
  EXPECT_EQ(refused["verdict"], "error");
  EXPECT_THAT(refused["error"].get<std::string>(), HasSubstr("there is no such program"));
}

TEST_F(Programs, WhereAProgramNeverEndsIsSaid) {
  const json hunted = run_json(
      {"hunt", "--steps-max", "300000", "--output", path("found"), "--", program("endless")}, 1);
  EXPECT_EQ(hunted["finding"]["signature"], "livelock never ends in count");
  EXPECT_THAT(run({"check", hunted["repro"]}, 0), HasSubstr("1 passed"));
}

TEST_F(Programs, WhatNeverEndsIsRepeatedInFewSteps) {
  const json hunted = run_json({"hunt", "--strategy", "random-walk", "--output", path("found"),
                                "--", program("endless_alone")},
                               1);
  EXPECT_EQ(hunted["finding"]["signature"], "livelock never ends in spin");
  // Alone the main thread may take 640,000,000 steps, which a replay would need minutes for.
  EXPECT_THAT(*read_file(hunted["repro"]), HasSubstr("steps-max 50000\n"));
  EXPECT_LT(hunted["steps"].get<std::uint64_t>(), 4'000'000u);
  EXPECT_THAT(run({"check", hunted["repro"]}, 0), HasSubstr("1 passed"));
  // Who wants it short says so, and that stays.
  const json shorter = run_json({"hunt", "--strategy", "random-walk", "--steps-max", "30000",
                                 "--output", path("found"), "--", program("endless_alone")},
                                1);
  EXPECT_THAT(*read_file(shorter["repro"]), HasSubstr("steps-max 30000\n"));
}

TEST_F(Programs, AHandlerLeavesWhatItInterruptsAsItWas) {
  const json hunted = run_json(
      {"hunt", "--strategy", "ordinary", "--executions", "1", "--", program("interrupted_read")},
      0);
  EXPECT_NE(hunted["verdict"], "finding");
}

TEST_F(Programs, ThreadsThatKeepStepForEverAreALivelock) {
  const json hunted = run_json({"hunt", "--strategy", "ordinary", "--executions", "1", "--output",
                                path("found"), "--", program("keeps_step")},
                               1);
  EXPECT_EQ(hunted["finding"]["signature"], "livelock never ends in transaction");
}

TEST_F(Programs, TheLimitOfStepsIsInTheHelp) {
  EXPECT_THAT(run({"hunt", "--help"}, 0), HasSubstr("--steps-max"));
}

TEST_F(Programs, WhereALimitStoppedItIsSaid) {
  const Words subject = {"--", program("long_work")};
  Words words = {"hunt", "--executions", "3", "--steps-max", "30000"};
  words.insert(words.end(), subject.begin(), subject.end());
  const std::string text = run(words, 0);
  EXPECT_THAT(text, AllOf(HasSubstr("nothing was found up to the limit of 30,000 steps"),
                          HasSubstr("--steps-max N raises it"),
                          HasSubstr("where the first was: compute (long_work.cc:"),
                          Not(HasSubstr("clean"))));
  const std::string file =
      write("long.weave", "weave 1\nsubject program\nsettings\n  steps-max 30000\nend\ncommand " +
                              program("long_work") + "\n");
  EXPECT_THAT(run({"replay", file}, 0), HasSubstr("where it was stopped: compute (long_work.cc:"));
}

TEST_F(Programs, AStepThatIsNeverReachedIsSaid) {
  const json hunted = hunt("lost_update", 1);
  EXPECT_THAT(run({"replay", hunted["repro"], "--break-at-step", "99999"}, 1),
              HasSubstr("--break-at-step 99999: it does not come to that step"));
}

TEST_F(Programs, WhatCanBeNamedToHuntInIsSaid) {
  EXPECT_THAT(run({"hunt"}, 2), AllOf(HasSubstr("name a file to hunt in, a program: `"),
                                      HasSubstr("hunt -- PROGRAM ARGUMENTS`, or say --generated")));
}

TEST_F(Programs, WhatIsLongIsNoLivelock) {
  const json hunted = run_json(
      {"hunt", "--executions", "3", "--steps-max", "30000", "--", program("long_work")}, 0);
  EXPECT_EQ(hunted["verdict"], "stopped");
  EXPECT_THAT(hunted["notes"].dump(), HasSubstr("3 of 3 executions reached the limit step-limit"));
}

/// Each member of the default strategy lets one thread go on for long, now and then.
TEST_F(Programs, WhoPollsGivesWay) {
  for (const char* name : {"polls_under_lock", "plain_polls_under_lock"}) {
    for (const char* strategy : {"mix", "site-order", "few-deviations", "pct:2"}) {
      const json hunted =
          run_json({"hunt", "--executions", "300", "--strategy", strategy, "--", program(name)}, 0);
      EXPECT_EQ(hunted["verdict"], "clean");
      EXPECT_EQ(hunted["executions"], 300);
      EXPECT_THAT(hunted.dump(), Not(HasSubstr("question-limit"))) << name << strategy;
    }
  }
}

TEST_F(Programs, BeyondTheLastQuestionThreadsTakeTurns) {
  const json hunted = run_json({"hunt", "--executions", "20", "--questions-max", "50", "--strategy",
                                "random-walk", "--", program("takes_turns")},
                               0);
  EXPECT_EQ(hunted["verdict"], "clean");
  EXPECT_THAT(hunted["notes"].dump(), HasSubstr("20 of 20 executions reached the limit"));
}

TEST_F(Programs, AUseAfterFreeIsNoticed) {
  const json hunted = hunt("use_after_free", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "crash use after free in main::{lambda#1}");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("read 4 bytes of memory that had been freed by thread 0.2 "),
                    ContainsRegex("\n  freed at .* \\(use_after_free.cc:18\\)")));
  const std::string trace = run({"replay", hunted["repro"], "--trace"}, 1);
  const std::size_t freed = trace.find("frees memory that is used afterwards");
  const std::size_t used = trace.find("reads 4 bytes of freed memory ");
  EXPECT_LT(freed, used);
  EXPECT_LT(used, trace.find("FINDING"));
  const json told = run_json({"explain", hunted["repro"]}, 1);
  EXPECT_THAT(told["table"].dump(), AllOf(HasSubstr("frees memory that is used afterwards"),
                                          HasSubstr("reads 4 bytes of freed memory")));
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

TEST_F(Programs, StandardInputIsReadInEachExecution) {
  const std::string file = write("words", "one two three\n");
  for (const std::string& how : {"cat '" + file + "' | ", "< '" + file + "' "}) {
    for (const char* jobs : {"1", "2"}) {
      const std::string command = how + REWEAVE_TOOL + " hunt --executions 500 --jobs " + jobs +
                                  " -- " + program("words") + " 3";
      const ProcessResult result = run_process({"sh", "-c", command}, {.timeout_ms = 120'000});
      EXPECT_TRUE(result.succeeded()) << command << "\n" << result.output;
    }
  }
}

// CI keeps one of these and throws the rest away.
TEST_F(Programs, WhyAProgramCannotBeCheckedIsInEveryForm) {
  const std::string file =
      write("gone.weave", "weave 1\nsubject program\ncommand ./gone\nverdict\nend\n");
  for (const std::string format : {"text", "json", "junit", "github", "markdown", "sarif"}) {
    const std::string command = REWEAVE_TOOL + std::string(" check --format=") + format + " " +
                                shell_word(file) + " 2> /dev/null";
    const ProcessResult result = run_process({"sh", "-c", command});
    EXPECT_EQ(result.code, 2) << format;
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("./gone: there is no such program here; a command in a repro"),
                      Not(HasSubstr("see above"))))
        << format;
  }
  const std::string script = write("script", "#!/bin/sh\n");
  chmod(script.c_str(), 0755);
  write("gone.weave", "weave 1\nsubject program\ncommand " + script + "\nverdict\nend\n");
  EXPECT_THAT(run_json({"check", file}, 2)["cases"][0]["message"].get<std::string>(),
              HasSubstr("this is a script"));
  // What the kernel does not start, though it looks like a program.
  std::string text = *read_file(program("nap"), 64u << 20);
  text[0x10] = 0x7f;  // Of no type that there is.
  const std::string broken = write("broken", text);
  chmod(broken.c_str(), 0755);
  write("gone.weave", "weave 1\nsubject program\ncommand " + broken + "\nverdict\nend\n");
  EXPECT_THAT(run_json({"check", file}, 2)["cases"][0]["message"].get<std::string>(),
              HasSubstr("cannot be started: "));
}

TEST_F(Programs, AReproOnStandardInputIsAFileToo) {
  const json hunted = hunt("words", 1, {"9"});
  const std::string repro = hunted["repro"];
  const std::string from_pipe = "cat " + shell_word(repro) + " | " + REWEAVE_TOOL;
  const auto piped = [&](const std::string& words) {
    return run_process({"sh", "-c", from_pipe + " " + words}, {.timeout_ms = 120'000});
  };
  for (const std::string name : {"-", "/dev/stdin"}) {
    for (const std::string& words :
         {"replay " + name, "explain " + name, "rehunt " + name + " -o " + path("again.weave"),
          "hunt " + name + " -o " + path("f")}) {
      const ProcessResult result = piped(words);
      EXPECT_EQ(result.code, 1) << words << "\n" << result.output;
      EXPECT_THAT(result.output, Not(HasSubstr("is empty"))) << words;
      std::filesystem::remove(path("again.weave"));
    }
    for (const std::string& words :
         {"shrink " + name + " -o " + path("small.weave"), "check " + name,
          "view " + name + " -o " + path("a.html"), "export --to mermaid " + name}) {
      EXPECT_EQ(piped(words).code, 0) << words << "\n" << piped(words).output;
    }
  }
  // The program has no input then, and nothing that is no file is named as one.
  EXPECT_THAT(piped("replay -").output,
              AllOf(HasSubstr("0 words"), Not(HasSubstr("to reproduce it"))));
  // Of a file the same.
  const std::string from_file = REWEAVE_TOOL + std::string(" replay - < ") + shell_word(repro);
  EXPECT_THAT(run_process({"sh", "-c", from_file}).output, HasSubstr("0 words"));
  EXPECT_THAT(piped("replay - --gdb").output, HasSubstr("write it into a file"));
  EXPECT_THAT(piped("campaign run " + path("campaign") + " -").output,
              HasSubstr("write it into one"));
}

TEST_F(Programs, ThoseOfTheSystemAreExplored) {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += std::to_string(i * 7919 % 100'003) + "\n";
  const std::string file = write("numbers", text);
  const std::vector<Words> commands = {
      {"xz", "-T2", "-1", "-k", "-c", "--block-size=8KiB", file},
      {"zstd", "-T2", "-1", "-B4096", "-c", file},
      {"pigz", "-p2", "-b128", "-k", "-c", file},
      {"pbzip2", "-p2", "-b1", "-k", "-c", file},
      {"lbzip2", "-n2", "-k", "-c", file},
      {"plzip", "-n2", "-k", "-c", file},
  };
  int tried = 0;
  for (const Words& command : commands) {
    if (find_program(command[0]).empty()) continue;
    Words words = {"hunt", "--executions", "20", "--"};
    words.insert(words.end(), command.begin(), command.end());
    const json hunted = run_json(words, 0);
    EXPECT_EQ(hunted["verdict"], "clean") << command[0];
    EXPECT_THAT(hunted["notes"].dump(), Not(HasSubstr("reached the limit"))) << command[0];
    ++tried;
  }
  if (tried == 0) GTEST_SKIP() << "none of them is here";
}

TEST_F(Programs, AThreadThatWaitsInsideOfLibcIsSeen) {
  const json hunted = hunt("waits_for_input", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "deadlock input in answer");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("thread 0 (main)\n    waits for input from descriptor "),
                    HasSubstr("thread 0.1 (main::{lambda#1}, started in main at "),
                    HasSubstr(", a pipe\n    at answer (waits_for_input.cc:10)")));
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
  EXPECT_THAT(run({"hunt", "--", "."}, 2), HasSubstr("reweave: .: this is a folder"));
  EXPECT_THAT(run({"hunt", "--", "./missing"}, 2),
              AllOf(HasSubstr("there is no such program"), Not(HasSubstr("in a repro"))));
  const std::string source = write("pool.cc", "#include <thread>\n");
  for (const Words& words : {Words{"hunt", source}, Words{"hunt", "--", source}}) {
    EXPECT_THAT(run(words, 2), AllOf(HasSubstr("this is a source; compile it by `reweave-c++ "),
                                     HasSubstr("reweave hunt -- ./pool`")));
  }
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
    ProcessOptions options{.environment = {"REWEAVE_OUTPUT=" + path("found")},
                           .timeout_ms = 120'000};
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
  EXPECT_THAT(run_tests("*ASlot*", schedule).output, HasSubstr("after 1 execution;"));
  EXPECT_THAT(run_tests("*ExpectationsCount", "").output,
              AllOf(HasSubstr("a test expectation failed"), HasSubstr("Which is: 1")));
}

TEST_F(Programs, ASmallMachineGetsOneClearLine) {
  const auto limited = [&](const std::string& limit) {
    const ProcessResult result = run_process(
        {"sh", "-c",
         "exec 3>&- 4>&- 5>&- 6>&- 7>&-; ulimit " + limit + "; exec " + shell_word(tool()) +
             " hunt --quiet --executions 10 --output " + shell_word(path("f")) + " -- " +
             shell_word(program("lost_update_ok"))});  // The test may have left files open.
    EXPECT_EQ(result.code, 69) << limit << "\n" << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
    EXPECT_THAT(result.output, AllOf(StartsWith("reweave: "), Not(HasSubstr("CHECK")))) << limit;
    return result.output;
  };
  EXPECT_THAT(limited("-n 64"), HasSubstr("no descriptor for the explorer"));
  EXPECT_THAT(limited("-v 1000000"), HasSubstr("no address space for a heap"));
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
