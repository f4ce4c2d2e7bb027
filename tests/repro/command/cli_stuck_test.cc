// Textbook programs that hang or die, as somebody writes them: found with no flag, told with who
// waits for whom, and shrunk to themselves.
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Textbook {
  const char* name;
  const char* text;
  const char* signature;
  const char* keeps;  // What is in the shrunk file.
};

constexpr Textbook kTextbook[] = {
    {"TwoChannels",
     "weave 1\nchannel x\nchannel y\n"
     "function main\n  spawn a -\n  spawn b -\n  runall\nend\n"
     "function a\n  send x\n  recv y\nend\n"
     "function b\n  send y\n  recv x\nend\n",
     "deadlock circle send x in a, send y in b", "  recv x\n"},
    {"TwoLocks",
     "weave 1\n"
     "function main\n  tstart 1 left\n  tstart 2 right\n  settle\nend\n"
     "function left\n  lock 0\n  emit left\n  lock 1\n  unlock 1\n  unlock 0\nend\n"
     "function right\n  lock 1\n  emit right\n  lock 0\n  unlock 0\n  unlock 1\nend\n",
     "deadlock circle lock in left, lock in right", "  3: lock 0\n"},
    {"TwoLocksAndMain",
     "weave 1\nsettings\n  report-deadlock on\nend\nchannel done\n"
     "function main\n  tstart 1 left\n  tstart 2 right\n  recv done\n  recv done\nend\n"
     "function left\n  lock 0\n  lock 1\n  unlock 1\n  unlock 0\n  send done\nend\n"
     "function right\n  lock 1\n  lock 0\n  unlock 0\n  unlock 1\n  send done\nend\n",
     "deadlock circle lock in left, lock in right", "  lock 0\n"},
    {"LostWakeUp",
     "weave 1\nchannel done\n"
     "function main\n  tstart 1 consumer\n  tstart 2 producer\n  recv done\nend\n"
     "function consumer\n  lock 0\n  wait 0 0\n  unlock 0\n  send done\nend\n"
     "function producer\n  lock 0\n  notify 0\n  unlock 0\nend\n",
     "deadlock recv done in main, wait in consumer missing producer", "  notify 0\n"},
    {"SwallowedByACallback",
     "weave 1\nslot s\n"
     "function main\n  cell s\n  weakref s gone\n  lock 0\n  drop s\n  unlock 0\nend\n"
     "function gone\n  lock 0\n  unlock 0\nend\n",
     "deadlock circle lock in gone", "  weakref s gone\n"},
    {"UncaughtInMain", "weave 1\nfunction main\n  emit word\n  raise E1\nend\n",
     "uncaught E1 in main", "raise E1\n"},
    {"UncaughtInATasklet",
     "weave 1\nfunction main\n  spawn worker -\n  try\n    runall\n  end\nend\n"
     "function worker\n  raise E1\nend\n",
     "uncaught E1 in worker", "  raise E1\n"}};

class CliStuck : public Cli, public testing::WithParamInterface<Textbook> {};

TEST_P(CliStuck, IsFoundWithNoFlagAndShrinksToItself) {
  const Textbook& textbook = GetParam();
  const std::string scenario = write("s.weave", textbook.text);
  const nlohmann::json found =
      run_json({"hunt", scenario, "--executions", "2000", "--output", path("found")}, 1);
  EXPECT_EQ(found["finding"]["signature"], textbook.signature);
  const std::string repro = found["repro"];
  const nlohmann::json shrunk =
      run_json({"shrink", repro, "--output", path("small.weave"), "--quiet"}, 0);
  EXPECT_EQ(shrunk["finding"]["signature"], textbook.signature);
  EXPECT_THAT(*read_file(path("small.weave")), HasSubstr(textbook.keeps));
  run({"check", path("small.weave")}, 0);
  const nlohmann::json again = run_json({"replay", path("small.weave"), "--times", "100"}, 1);
  EXPECT_EQ(again["same"], "100");
}

INSTANTIATE_TEST_SUITE_P(Textbook, CliStuck, testing::ValuesIn(kTextbook),
                         [](const testing::TestParamInfo<Textbook>& textbook) {
                           return textbook.param.name;
                         });

TEST_F(Cli, WhatIsWrittenByHandSaysWhoIsStuckUnlessItIsToldNotTo) {
  const std::string text = "function main\n  raise E1\nend\n";
  const std::string by_hand = write("s.weave", "weave 1\n" + text);
  EXPECT_THAT(run({"replay", by_hand, "--trace"}, 1),
              AllOf(HasSubstr("main-died E1"), HasSubstr("uncaught E1 in main")));
  EXPECT_THAT(run({"replay", by_hand, "--report-uncaught", "off"}, 0),
              HasSubstr("outcome uncaught-error"));
  run({"replay", write("t.weave", "weave 1\nsettings\n  report-uncaught off\nend\n" + text)}, 0);
  run({"replay", write("u.weave", "weave 1\nfunction main raises\n  raise E1\nend\n")}, 0);
  // A repro states its settings whole.
  run({"replay", write("v.weave", "weave 1\n" + text + "schedule\nend\n")}, 0);
}

TEST_F(Cli, ATraceShowsLocksWithSitesAndPaths) {
  const std::string file = write("s.weave",
                                 "weave 1\nfunction main\n  tstart 1 other\n  lock 0\n  sched\n"
                                 "  settle\nend\nfunction other\n  lock 0\nend\n");
  const std::string shown = run({"replay", file, "--trace"}, 1);
  EXPECT_THAT(shown, AllOf(HasSubstr("0        lock 0                    main.2\n"),
                           HasSubstr("0.1      lock-waits 0 0            other.1\n"),
                           HasSubstr("0        main-end\n"),
                           HasSubstr("0.1 waits at other.1 (lock) for lock 0, which 0 took at "
                                     "main.2"),
                           Not(HasSubstr("tasklet"))));
}

TEST_F(Cli, ATraceShowsWhoWasMadeAndWhoWaitsInAChannel) {
  const std::string file = write("s.weave",
                                 "weave 1\nchannel x\nchannel y\nfunction main\n"
                                 "  spawn a -\n  spawn b -\n  nap 5\n  send x\nend\n"
                                 "function a\n  recv y\nend\nfunction b\n  select x y\nend\n");
  EXPECT_THAT(run({"replay", file, "--trace"}, 1),
              AllOf(HasSubstr("0        spawn 0.1                 main.1\n"),
                    HasSubstr("0        sleep 5                   main.3\n"),
                    HasSubstr("0.1      recv-waits y              a.1\n"),
                    HasSubstr("0.2      select-waits x y          b.1\n"),
                    Not(HasSubstr("-waits 4294967295")), Not(HasSubstr("-waits -1"))));
  EXPECT_THAT(run({"explain", file}, 1), HasSubstr("waits for a sender on y"));
}

TEST_F(Cli, LocksAndConditionsAreCalledByTheirDeclaredNames) {
  const std::string file = write("s.weave",
                                 "weave 1\nlock door\ncondition opened door\nfunction main\n"
                                 "  tstart 1 other\n  lock door\n  wait opened 0\nend\n"
                                 "function other\n  lock 1\n  lock door\n  lock 1\nend\n");
  const std::string shown = run({"replay", file, "--trace"}, 1);
  EXPECT_THAT(shown, AllOf(HasSubstr("lock door "), HasSubstr("wait opened "), HasSubstr("lock 1 "),
                           HasSubstr("for a notify of condition opened"),
                           HasSubstr("for lock 1, which 0.1 took"), Not(HasSubstr("lock 0"))));
  EXPECT_THAT(run({"explain", file}, 1),
              AllOf(HasSubstr("takes lock door"),
                    HasSubstr("waits for a notify of condition opened"), Not(HasSubstr("lock 0"))));
}

TEST_F(Cli, TheMemoryLimitIsAnOutcomeThatAHuntCounts) {
  const std::string file = write("s.weave",
                                 "weave 1\nsettings\n  steps-max 1000000\n  memory-max 1\nend\n"
                                 "function main\n  call main\nend\n");
  EXPECT_THAT(run({"replay", file}, 0), HasSubstr("outcome memory-limit"));
  EXPECT_THAT(run({"hunt", file, "--executions", "2", "--output", path("f")}, 0),
              HasSubstr("memory-limit 2"));
  EXPECT_THAT(run({"replay", file, "--memory-max", "0"}, 2), HasSubstr("from 1 to 65536"));
}

}  // namespace
}  // namespace reweave::repro
