// Who waits for ever is a finding, with the shape of the waits as its signature; who waits on
// purpose, or could still be woken, is none.
#include "runtime/oracle/stuck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/search/explore.h"
#include "scheduler/strategy/ordinary.h"
#include "scheduler/strategy/strategies.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Settings reports_stuck() {
  Settings settings;
  settings.report_stuck = true;
  settings.check_specification = true;
  return settings;
}

/// The findings of the ordinary execution.
std::vector<Finding> findings_of(const std::string& text, const Settings& settings) {
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary);
  subject.run(execution);
  return execution.findings();
}

std::vector<std::string> signatures_of(const std::string& text,
                                       const Settings& settings = reports_stuck()) {
  std::vector<std::string> signatures;
  for (const Finding& finding : findings_of(text, settings))
    signatures.push_back(finding.signature);
  return signatures;
}

/// The first finding of a short search.
std::string hunted(const std::string& text) {
  const Settings settings = reports_stuck();
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  const auto strategy = std::move(make_strategy("depth-first")).value();
  const Exploration exploration =
      explore(subject, *strategy, {.budget = {.executions = 2'000}, .limits = settings.limits});
  return exploration.found ? exploration.found->finding.signature : "";
}

constexpr const char* kTwoChannels = R"(
channel x
channel y
function main
  spawn a -
  spawn b -
  runall
end
function a
  send x
  recv y
end
function b
  send y
  recv x
end
)";

TEST(Stuck, TaskletsThatWaitForEachOtherAreACircle) {
  EXPECT_THAT(signatures_of(kTwoChannels), ElementsAre("deadlock circle send x in a, send y in b"));
  const std::string message = findings_of(kTwoChannels, reports_stuck()).front().message;
  EXPECT_THAT(message, HasSubstr("0.1 waits at a.1 (send) for a receiver on channel x"));
  EXPECT_THAT(message, HasSubstr("only 0.2 could end that"));
}

TEST(Stuck, NothingIsSaidUnlessItIsAskedFor) {
  EXPECT_THAT(signatures_of(kTwoChannels, Settings()), IsEmpty());
}

constexpr const char* kTwoLocks = R"(
function main
  tstart 1 left
  tstart 2 right
  settle
end
function left
  lock 0
  lock 1
  unlock 1
  unlock 0
end
function right
  lock 1
  lock 0
  unlock 0
  unlock 1
end
)";

TEST(Stuck, ThreadsThatTakeTwoLocksCrosswiseAreFound) {
  EXPECT_EQ(hunted(kTwoLocks), "deadlock circle lock in left, lock in right");
}

TEST(Stuck, OneWhoWaitsForAThreadThatHasEndedIsNoCircle) {
  const std::string text =
      "function main\n lock 0\n tstart 1 late\n settle\nend\n"
      "function late\n lock 0\nend\n";
  EXPECT_THAT(signatures_of(text), ElementsAre("deadlock lock in late"));
  EXPECT_THAT(findings_of(text, reports_stuck()).front().message,
              HasSubstr("for lock 0, which 0 took at main.1 in step 1"));
}

TEST(Stuck, AWakeUpThatCameTooEarlyIsPartOfTheShape) {
  EXPECT_EQ(hunted("channel done\n"
                   "function main\n tstart 1 consumer\n tstart 2 producer\n recv done\nend\n"
                   "function consumer\n lock 0\n wait 0 0\n unlock 0\n send done\nend\n"
                   "function producer\n lock 0\n notify 0\n unlock 0\nend\n"),
            "deadlock recv done in main, wait in consumer missing producer");
}

// The commonest of all: a lock that one has, asked for by a callback of one's own.
TEST(Stuck, AnErrorThatACallbackSwallowsIsToldOfWhereItIsRaised) {
  EXPECT_THAT(signatures_of("slot s\n"
                            "function main\n cell s\n weakref s gone\n lock 0\n drop s\nend\n"
                            "function gone\n lock 0\nend\n"),
              ElementsAre("deadlock circle lock in gone"));
  EXPECT_THAT(signatures_of("channel c\nfunction main\n tryall\n recv c\n end\nend\n"),
              ElementsAre("deadlock recv c in main"));
}

TEST(Stuck, AnybodyIsToldOfOnce) {
  EXPECT_THAT(signatures_of("channel c\nchannel d\n"
                            "function main\n spawn t -\n try\n recv c\n end\nend\n"
                            "function t\n recv d\nend\n"),
              ElementsAre("deadlock recv c in main, recv d in t"));
}

constexpr const char* kServer =
    "channel request\n"
    "function main\n spawn server -\n send request\nend\n"
    "function server%\n call serve\nend\n"
    "function serve\n loop 9\n  recv request\n end\nend\n";

std::string server(const std::string& expectation) {
  std::string text = kServer;
  return text.replace(text.find('%'), 1, expectation);
}

TEST(Stuck, WhoWaitsInADaemonDoesSoOnPurpose) {
  EXPECT_THAT(signatures_of(server("")), ElementsAre("deadlock recv request in serve"));
  EXPECT_THAT(signatures_of(server(" daemon")), IsEmpty());
}

TEST(Stuck, ADaemonDoesNotExcuseWhoWaitsForIt) {
  EXPECT_THAT(signatures_of("channel request\nchannel reply\n"
                            "function main\n spawn server -\n recv reply\nend\n"
                            "function server daemon\n recv request\n send reply\nend\n"),
              ElementsAre("deadlock recv reply in main"));
}

// Main ends while somebody is left who would have come.
TEST(Stuck, WhoCouldStillBeWokenIsNotToldOf) {
  const std::string text =
      "channel c\nchannel d\n"
      "function main\n spawn t -\n spawn u -\n spawn v -\n sched\nend\n"
      "function t\n recv c\n send d\nend\n"
      "function u\n recv d\nend\n"
      "function v\n sched\n ";
  EXPECT_THAT(signatures_of(text + "send c\nend\n"), IsEmpty());
  EXPECT_THAT(signatures_of(text + "emit nothing\nend\n"),
              ElementsAre("deadlock recv c in t, recv d in u"));
  EXPECT_THAT(signatures_of(text + "call w\nend\nfunction w\n loop 2\n  iter c 1\n end\nend\n"),
              ElementsAre("deadlock recv c in t, recv d in u"));
  EXPECT_THAT(signatures_of(text + "call w\nend\nfunction w\n sendx c E1\nend\n"), IsEmpty());
}

TEST(Stuck, APoolThatHasNothingToDoWaitsOnPurpose) {
  EXPECT_THAT(signatures_of("function main\n async job\nend\nfunction job\nend\n"), IsEmpty());
  EXPECT_THAT(signatures_of("function main\n async job\nend\nfunction job\n recvtmp\nend\n"),
              ElementsAre("deadlock async in main, recvtmp in job"));
}

// A program of many: it is looked at in no time, and told of in a few lines.
TEST(Stuck, OfManyAFewAreDescribed) {
  const std::string many =
      "channel c\nfunction main\n loop 3000\n  spawn t -\n end\n runall\nend\n"
      "function t\n recv c\nend\n";
  EXPECT_THAT(signatures_of(many, Settings()), IsEmpty());
  Settings settings;
  settings.report_stuck = true;
  const std::vector<Finding> findings = findings_of(many, settings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].signature, "deadlock recv c in t");
  EXPECT_THAT(findings[0].message, HasSubstr("and 2980 more"));
}

TEST(Stuck, AThreadThatSleepsForATimeGoesOn) {
  EXPECT_THAT(signatures_of("function main\n tstart 1 late\n tstart 2 later\n sched\n sched\nend\n"
                            "function late\n lock 0\n sleep 1000\n unlock 0\nend\n"
                            "function later\n lock 0\nend\n"),
              IsEmpty());
}

}  // namespace
}  // namespace reweave::runtime
