// What is said of programs: names, places and words in reports, traces, timelines, explanations.

#include <map>

#include "repro/file/workdir.h"
#include "tests/repro/command/hunted_programs.h"

namespace reweave::repro {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Programs, EverythingHasTheUsersNames) {
  const json hunted = hunt("bank", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "deadlock mutex in audit, mutex in deposit");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("(deposit, started in main at bank.cc:24)"),
                    HasSubstr("(auditor, started in main at bank.cc:28)"),
                    HasSubstr("waits for mutex 'accounts_lock', held by thread 0.1 (deposit) since "
                              "deposit (bank.cc:12)"),
                    HasSubstr("waits for mutex 'forks[1]', held by thread 0.2 (auditor) since "
                              "audit (bank.cc:18)")));
  // A schedule names no place in the C++ library but reads of what it is made of.
  EXPECT_THAT(hunted["schedule"].get<std::string>(),
              Not(HasSubstr("std::thread::_M_start_thread")));
  const std::string trace = run({"replay", hunted["repro"], "--trace"}, 1);
  for (const char* const line :
       {"starts thread 0.1 (deposit)", "locks mutex 'accounts_lock'", "locks mutex 'forks[1]'",
        "deposit (bank.cc:13)", "waits for mutex 'forks[1]'", "> auditor",
        "FINDING deadlock mutex in audit, mutex in deposit"}) {
    EXPECT_THAT(trace, HasSubstr(line));
  }
  EXPECT_THAT(trace, Not(HasSubstr("0x")));
  const json log = run_json({"replay", hunted["repro"], "--trace"}, 1)["log"];
  EXPECT_GE(log.size(), 8u);
}

TEST_F(Programs, AWaitInTheCxxLibraryIsNamed) {
  const std::pair<const char*, const char*> waits[] = {
      {"semaphore", "std::counting_semaphore<4l>::acquire"},
      {"latch", "std::latch::wait"},
      {"barrier", "::arrive_and_wait"},
      {"atomic", "::wait"}};
  for (const auto& [word, called] : waits) {
    const json hunted = hunt("waits_in_library", 1, {word});
    EXPECT_EQ(hunted["finding"]["signature"], "deadlock futex in wait, join in main");
    const std::string message = hunted["finding"]["message"];
    EXPECT_THAT(message, AllOf(HasSubstr("    waits for futex "), HasSubstr(", in std::"),
                               HasSubstr(std::string(called) + "\n"),
                               HasSubstr("    at wait (waits_in_library.cc:")));
    EXPECT_THAT(message, Not(HasSubstr("__platform_wait")));
  }
}

TEST_F(Programs, ATimelineIsDrawn) {
  const json hunted = hunt("bank", 1);
  const std::string file = path("timeline.json");
  run({"replay", hunted["repro"], "--timeline", file}, 1);
  const std::string first = *read_file(file);
  std::map<std::string, int> seen;
  const json whole = json::parse(first);
  for (const json& event : whole.at("traceEvents")) {
    ++seen[event.at("ph").get<std::string>()];
    if (event.at("ph") != "X") continue;
    EXPECT_GE(event.at("dur").get<int>(), 1) << event;
  }
  EXPECT_GE(seen["X"], 10);
  EXPECT_GE(seen["M"], 5);
  EXPECT_EQ(seen["i"], 1);  // The finding.
  EXPECT_EQ(seen["s"], seen["f"]);
  EXPECT_THAT(first, AllOf(HasSubstr("held by thread 0.1 (deposit)"), Not(HasSubstr("0x"))));
  run({"replay", hunted["repro"], "--timeline", file}, 1);
  EXPECT_EQ(*read_file(file), first);
}

TEST_F(Programs, WhatIsOpenAtTheEndIsDrawnToTheEnd) {
  const json hunted = hunt("lock_order_of_three", 1);
  const std::string file = path("timeline.json");
  run({"replay", hunted["repro"], "--timeline", file}, 1);
  const json whole = json::parse(*read_file(file));
  std::uint64_t end = 0;
  int waits = 0, holds = 0;
  for (const json& event : whole.at("traceEvents"))
    end = std::max(end, event["ts"].get<std::uint64_t>() + event.value("dur", std::uint64_t{0}));
  for (const json& event : whole.at("traceEvents")) {
    const std::string name = event["name"];
    const bool wait = name.ends_with(", never ended");
    if (!wait && !name.ends_with(", never given back")) continue;
    EXPECT_EQ(event["cat"], wait ? "wait" : "lock");
    EXPECT_EQ(event["ts"].get<std::uint64_t>() + event["dur"].get<std::uint64_t>(), end) << event;
    ++(wait ? waits : holds);
  }
  EXPECT_EQ(waits, 4);  // main waits for one of them.
  EXPECT_EQ(holds, 3);
}

TEST_F(Programs, WhoWantsALockHasItNotYet) {
  const json hunted = hunt("lock_order_of_three", 1);
  const json told = run_json({"explain", hunted["repro"]}, 1);
  std::map<std::string, std::string> holders;
  int waits = 0;
  for (const json& row : told["table"]) {
    const std::string words = row.value("words", "");
    const std::string object = row.value("object", "");
    if (words.starts_with("locks ")) {
      EXPECT_TRUE(holders.emplace(object, row["actor"]).second) << row;
    } else if (words.starts_with("waits for mutex")) {
      EXPECT_EQ(row["other"], holders[object]) << row;
      EXPECT_NE(row["other"], row["actor"]);
      ++waits;
    }
  }
  EXPECT_EQ(waits, 3);
  EXPECT_EQ(told["circle"].size(), 4u);
}

TEST_F(Programs, ReadersThatWantToWriteWaitForEachOther) {
  const json hunted = hunt("both_write", 1);
  const json told = run_json({"explain", hunted["repro"]}, 1);
  ASSERT_EQ(told["circle"].size(), 3u) << told["circle"];
  const std::string first = told["circle"][0], second = told["circle"][1];
  EXPECT_THAT(first, StartsWith("0.1 waits for read-write lock 'lock'"));
  EXPECT_THAT(second, StartsWith("0.2 waits for read-write lock 'lock'"));
}

TEST_F(Programs, ATraceSaysWhatCameOfEachCall) {
  const json hunted = run_json(
      {"hunt", "--strategy", "ordinary", "--output", path("found"), "--", program("lock_words")},
      1);
  const std::string trace = run({"replay", hunted["repro"], "--trace"}, 1);
  for (const char* const words :
       {"tries to lock mutex 'checked' in vain  ", "locks mutex 'often', which it has  ",
        "unlocks mutex 'often', which it still has  ", "tries to lock mutex 'plain', and gets it  ",
        "tries to lock mutex 'taken' in vain  ", "locks for reading read-write lock 'shelf'  ",
        "waits for mutex 'timed', held by thread 0 (main)  ",
        "waits for mutex 'taken', held by thread 0 (main)  ", "goes on and locks mutex 'taken'  ",
        "unlocks mutex 'plain' to wait at condition variable 'changed'  ",
        "takes one of semaphore 'tokens'  ", "goes on and locks mutex 'plain'  "}) {
    EXPECT_THAT(trace, HasSubstr(words));
  }
  EXPECT_THAT(trace, Not(HasSubstr(" locks mutex 'timed'  main::{lambda#1}")));
  // Two readers hold it side by side, each on a track of its own.
  const std::string file = path("timeline.json");
  run({"replay", hunted["repro"], "--timeline", file}, 1);
  EXPECT_THAT(*read_file(file), AllOf(HasSubstr("read-write lock 'shelf', another reader"),
                                      HasSubstr("held by thread 0 (main), never given back")));
}

TEST_F(Programs, ARaceHasBothStacks) {
  const json hunted = run_json(
      {"hunt", "--races", "on", "--output", path("found"), "--", program("lost_update")}, 1);
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              AllOf(HasSubstr("that nothing orders, '"), HasSubstr(": write of 4 bytes at add"),
                    HasSubstr("started in main at lost_update.cc:")));
}

TEST_F(Programs, APartOfAVariableHasItsName) {
  const json hunted =
      run_json({"hunt", "--races", "on", "--output", path("found"), "--", program("parts")}, 1);
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(),
              HasSubstr("that nothing orders, 'nodes[2].weight':"));
  const std::string trace = run({"replay", hunted["repro"], "--trace"}, 1);
  EXPECT_THAT(trace, AllOf(HasSubstr("writes 'nodes[2].weight'"),
                           HasSubstr("locks mutex 'nodes[1].mutex'")));
}

TEST_F(Programs, ALoopThatComesByNoPointHasItsPlace) {
  Words words = {"hunt", "--output", path("found"), "--hang-ms", "1500"};
  words.insert(words.end(), {"--", program("silent_loop")});
  const json hunted = run_json(words, 1);
  EXPECT_EQ(hunted["finding"]["signature"], "hang in spin");
  EXPECT_THAT(hunted["finding"]["message"].get<std::string>(), HasSubstr("spin (silent_loop.cc:"));
}

TEST_F(Programs, WhomANotificationWakesIsSaid) {
  const json hunted = hunt("woken", 1);
  EXPECT_EQ(hunted["finding"]["signature"], "deadlock condition in wait_for_stage, join in main");
  const std::string message = hunted["finding"]["message"];
  EXPECT_THAT(message, HasSubstr("last notified by thread 0 (main) at reach (woken.cc:"));
  EXPECT_THAT(message,
              AnyOf(HasSubstr(", which woke thread 0."), HasSubstr(", when nobody waited there")));
  const std::string trace = run({"replay", hunted["repro"], "--trace"}, 1);
  EXPECT_THAT(trace, HasSubstr("notifies all at condition variable 'unheard', wakes nobody  "));
  EXPECT_THAT(trace, HasSubstr("notifies one at condition variable 'changed', wakes thread 0."));
  const json told = run_json({"explain", hunted["repro"]}, 1);
  int woken = 0;
  for (const json& row : told["table"]) {
    if (row.value("words", "").find(", wakes thread 0.") == std::string::npos) continue;
    ++woken;
    EXPECT_EQ(row["object"], "condition variable 'changed'");
    EXPECT_THAT(row["other"].get<std::string>(), StartsWith("0."));
    EXPECT_THAT(row["site"].get<std::string>(), StartsWith("reach (woken.cc:"));
  }
  EXPECT_GT(woken, 0);
}

TEST_F(Programs, WhatTheAnswerIsAboutIsNotLeftOut) {
  const json hunted = hunt("unheard_stop", 1);
  const std::string small = path("small.weave");
  run({"shrink", hunted["repro"], "-o", small}, 0);
  const std::string trace = run({"replay", small, "--trace"}, 1);
  std::size_t touched = 0, told_of = 0;
  for (std::size_t at = 0; (at = trace.find(" atomic 'stopping' ", at)) != std::string::npos; ++at)
    ++touched;
  EXPECT_GT(touched, 2u);
  const json told = run_json({"explain", small}, 1);
  for (const json& row : told["table"])
    if (row.value("object", "") == "atomic 'stopping'") ++told_of;
  EXPECT_EQ(told_of, touched);
  const std::string words = told["turning_point"]["answers"][0]["words"];
  EXPECT_THAT(words, AllOf(HasSubstr(", with 0.1 (run) at "),
                           HasSubstr(", 0 (main) comes in before 0.1 goes on. "),
                           HasSubstr("Change this answer, so that 0.1 goes on, and it passes.")));
}

// What a call_once() does inside is not taken for what it does itself.
TEST_F(Programs, ATraceGoesThroughACallOnceThatJoins) {
  const json hunted = hunt("joins_in_once", 1);
  EXPECT_THAT(run({"replay", hunted["repro"], "--trace"}, 1),
              AllOf(HasSubstr("joins thread 0.1"), HasSubstr("comes to once flag 'once'")));
  EXPECT_THAT(run({"explain", hunted["repro"]}, 1), HasSubstr("shared"));
}

TEST_F(Programs, ThreadsAreCalledByTheirNames) {
  const json hunted = hunt("lost_update", 1);
  const std::string small = path("small.weave");
  run({"shrink", hunted["repro"], "-o", small}, 0);
  const json told = run_json({"explain", small}, 1);
  ASSERT_EQ(told["actors"].size(), 3u);
  EXPECT_EQ(told["actors"][0]["name"], "main");
  EXPECT_EQ(told["actors"][1]["name"], "add");
  // A place in the source, in sentences as in the table; the schedule has the site.
  const std::string words = told["turning_point"]["answers"][0]["words"];
  EXPECT_THAT(words, HasSubstr(" at add (lost_update.cc:"));
  for (const json& row : told["table"]) {
    if (row.value("mark", "") != "turning-point") continue;
    EXPECT_THAT(row["site"].get<std::string>(), StartsWith("add (lost_update.cc:"));
  }
  const std::string page = path("small.html");
  run({"view", small, "-o", page}, 0);
  EXPECT_THAT(*read_file(page), HasSubstr(R"(["0.1","add"])"));
}

TEST_F(Programs, ThatNobodyElseWasThereIsSaid) {
  const std::string text = run({"hunt", "--executions", "5", "--", "true"}, 0);
  EXPECT_THAT(text, HasSubstr("nothing was explored: the program started no second thread"));
  EXPECT_THAT(run({"hunt", "--keep-going", "--executions", "5", "--", "true"}, 0),
              HasSubstr("the program started no second thread"));
}

TEST_F(Programs, WhatNeedsNoInterleavingIsSaid) {
  const json hunted = hunt("words", 1, {"1"});
  const std::string small = path("small.weave");
  run({"shrink", hunted["repro"], "-o", small}, 0);
  EXPECT_THAT(run({"replay", small}, 1),
              AllOf(HasSubstr("schedule   ordinary: no interleaving is needed"),
                    Not(HasSubstr("no second thread"))));
  const json alone = run_json({"hunt", "-o", path("found"), "--", "false"}, 1);
  EXPECT_THAT(alone["notes"].dump(),
              AllOf(HasSubstr("the program started no second thread, so that it is no matter of "
                              "interleaving"),
                    HasSubstr("compile the program with -g")));
  EXPECT_THAT(run({"replay", alone["repro"]}, 1),
              HasSubstr("the program started no second thread"));
}

}  // namespace
}  // namespace reweave::repro
