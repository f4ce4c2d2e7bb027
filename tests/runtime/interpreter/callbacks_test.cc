// What callbacks may do, and what they see: small programs of the recordings, with the live defects
// of the real interpreter and without. corpora/conformance/callbacks_minimal.jsonl has what the
// real one did with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

struct Ran {
  std::vector<std::string> results;  // See ScenarioSubject::results().
  std::vector<std::string> events;
};

/// Without a defect the specification agrees, and no oracle speaks.
Ran run(const std::string& text, std::string_view defects = "",
        Switching switching = Switching::kSoft) {
  Settings settings;
  settings.switching = switching;
  settings.defects = parse_defects(defects).value();
  settings.check_specification = settings.check_structure = settings.defects.empty();
  ScenarioSubject subject(parse_scenario(text, "test").value(), settings);
  Ordinary ordinary;
  Execution execution(settings.limits);
  execution.begin(ordinary, /*keep_log=*/true);
  subject.run(execution);
  if (defects.empty()) {
    EXPECT_THAT(execution.findings(), IsEmpty());
  }
  Ran ran{.results = subject.results(), .events = {}};
  for (const Event& event : execution.log()) ran.events.push_back(subject.describe(event));
  return ran;
}

constexpr const char* kSwitches =
    "channel c\nslot s\n"
    "function main\n spawn receiver -\n runall\n chancbf callback\n send c\n chancb 0\n "
    "runall\nend\n"
    "function receiver\n recv c\nend\n"
    "function callback\n tryall\n  OPERATION\n end\nend\n";

std::string switching_by(const std::string& operation) {
  std::string text = kSwitches;
  text.replace(text.find("OPERATION"), 9, operation);
  return text;
}

TEST(ChannelCallback, MaySwitchAndTheValueStaysWhereItIs) {
  for (const char* const operation : {"sched", "schedrm", "runall"}) {
    SCOPED_TRACE(operation);
    const std::string text = switching_by(operation);
    EXPECT_THAT(run(text).results, Contains("receive 0.1 receiver.1 v1"));
    EXPECT_THAT(run(text, "value-taken-by-callbacks-switch").results,
                Contains("receive 0.1 receiver.1 None"));
  }
}

TEST(ChannelCallback, LetsOthersComeWhoAreServed) {
  const std::string text =
      "channel c\n"
      "function main\n chancbf callback\n spawn receiver -\n send c\n emit served\nend\n"
      "function receiver\n chancb 0\n recv c\nend\n"
      "function callback\n sched\nend\n";
  EXPECT_THAT(run(text).results, ElementsAre("receive 0.1 receiver.2 v1", "main ended"));
  EXPECT_THAT(run(text, "peer-looked-up-before-callback").results,
              Contains("main died RuntimeError:deadlock"));
}

TEST(ChannelCallback, HoldsTheTaskletThatItIsCalledIn) {
  const std::string text =
      "channel c\n"
      "function main\n spawn sender -\n chancbf callback\n runall\n emit end\nend\n"
      "function sender\n send c\nend\n"
      "function callback\n schedrm\nend\n";
  EXPECT_THAT(run(text).events, Not(Contains(testing::StartsWith("fin"))));
}

TEST(ScheduleCallback, MayRaiseWhatNobodyIsToldOf) {
  const std::string text =
      "function main\n spawn other -\n schedcbf callback\n sched\n schedcb 0\nend\n"
      "function other\nend\n"
      "function callback\n raise E1\nend\n";
  EXPECT_THAT(run(text).events, Not(Contains(testing::StartsWith("exc"))));
}

TEST(ScheduleCallback, SeesAnEndingTaskletAlive) {
  const std::string text =
      "slot s\n"
      "function main\n spawn other s\n schedcbf callback\n sched\n schedcb 0\nend\n"
      "function other\nend\n"
      "function callback\n state s\n runq\nend\n";
  EXPECT_THAT(run(text).events, Contains("state 0.1 25"));  // apc
}

TEST(ScheduleCallback, QueuesBehindAllOthers) {
  const std::string text =
      "channel c\nslot s\n"
      "function main\n spawn sender -\n bind other s\n schedcbf callback\n recv c\nend\n"
      "function sender\n schedcb 0\n send c\nend\n"
      "function other\nend\n"
      "function callback\n tryall\n  insert s\n end\nend\n";
  EXPECT_THAT(run(text).results, ElementsAre("receive 0 main.4 v1", "main ended"));
  EXPECT_THAT(run(text, "insert-beside-the-leaving-one").results,
              Contains(testing::StartsWith("main died")));
}

TEST(Survivor, GoesOnWithItsValue) {
  const std::string text =
      "channel c\nslot s\n"
      "function main\n spawn stubborn s\n sched\n drop s\n recv c\nend\n"
      "function stubborn\n hcall inside\nend\n"
      "function inside\n tryall\n  schedrm\n end\n loop 12\n  tryall\n   send c\n  end\n "
      "end\nend\n";
  EXPECT_THAT(run(text).results, Contains("receive 0 main.4 v10"));
  EXPECT_THAT(run(text, "survivor-loses-value").results, Contains("receive 0 main.4 None"));
}

TEST(Throw, AtWhoRunsOnAnotherThreadIsRefused) {
  const std::string text =
      "slot s\n"
      "function main\n self s\n tstart 1 other\n settle\n sched\nend\n"
      "function other\n tryall\n  throw s E1\n end\nend\n";
  EXPECT_THAT(run(text).events, Contains("exc RuntimeError:throw_running"));
  EXPECT_THAT(run(text, "throw-at-running-elsewhere").events,
              Not(Contains(testing::StartsWith("exc"))));
}

TEST(Softness, IsDecidedWhenAFunctionIsEntered) {
  const std::string text =
      "function main\n spawn other -\n sched\nend\n"
      "function other\n softsw 1\n schedrm\nend\n";
  EXPECT_THAT(run(text, "", Switching::kHard).events, Contains("died TaskletExit"));
  EXPECT_THAT(run(text, "", Switching::kSoft).events, Not(Contains("died TaskletExit")));
}

}  // namespace
}  // namespace reweave::runtime
