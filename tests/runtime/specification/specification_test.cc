// The executable specification: what it predicts by itself, and what it says of executions.
#include "runtime/specification/specification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/strategy/ordinary.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using specification::Specification;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words(const Specification& specification) {
  std::vector<std::string> words;
  for (const Event& event : specification.events()) {
    words.push_back(std::to_string(specification.tasklet_number(event.actor)) + " " +
                    event_info(static_cast<EventKind>(event.kind)).word);
  }
  return words;
}

constexpr const char* kHandOver = R"(
channel c

function main
  spawn receiver -
  sched
  send c
end

function receiver
  recv c
end
)";

TEST(Specification, PredictsWhoRunsAfterAHandOver) {
  const Scenario scenario = scenario_of(kHandOver);
  Specification specification;
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 100});
  EXPECT_THAT(words(specification),
              ElementsAre("1 start", "0 send", "1 got", "1 end", "0 fin", "0 sent"));
  EXPECT_TRUE(specification.end_state().ended);
  EXPECT_FALSE(specification.end_state().failed);
  EXPECT_EQ(specification.end_state().run_count, 1u);
}

// The answers are all that it is told: here, that main is switched away before it sends.
TEST(Specification, FollowsTheAnswersThatItIsGiven) {
  const Scenario scenario = scenario_of(R"(
channel c

function main
  spawn other -
  emit w
end

function other
end
)");
  const GivenAnswer preempt{.step = 2,
                            .kind = QuestionKind::kPreempt,
                            .actor = ActorId{0},
                            .site = site_of(0, 2),
                            .answer = 1};
  Specification specification;
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 100}, {&preempt, 1});
  EXPECT_THAT(words(specification),
              ElementsAre("0 preempted", "1 start", "1 end", "0 fin", "0 emit"));
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 100});
  EXPECT_THAT(words(specification), ElementsAre("0 emit"));
}

TEST(Specification, StopsWhereTheLimitOfStepsIs) {
  const Scenario scenario = scenario_of(kHandOver);
  Specification specification;
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 3});
  EXPECT_FALSE(specification.end_state().ended);
}

// A soft switch leaves no operation behind that could hold its channel.
TEST(Specification, ATemporaryChannelDiesWithASoftSwitchAway) {
  const Scenario scenario = scenario_of(R"(
slot other

function main
  spawn receiver other
  sched
  tchan other
  state other
  run other
end

function receiver
  recvtmp
end
)");
  Specification specification;
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 100});
  EXPECT_THAT(words(specification), ElementsAre("1 start", "0 tchan", "0 state", "1 got", "1 end"));
  specification.predict(scenario, {.soft = false, .defects = {}, .steps_max = 100});
  EXPECT_THAT(words(specification), ElementsAre("1 start", "0 tchan", "0 state"));
  EXPECT_EQ(specification.end_state().code, ErrorCode::kRunBlocked);
}

constexpr const char* kTwoThreads = R"(
channel c

function main
  tstart 1 sender
  recv c
end

function sender
  emit w
  send c
end
)";

TEST(Specification, AThreadRunsWhenTheOtherOneSleeps) {
  const Scenario scenario = scenario_of(kTwoThreads);
  Specification specification;
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 100});
  EXPECT_THAT(words(specification),
              ElementsAre("101 tstart", "101 emit", "101 send", "101 sent", "101 tend", "0 got"));
}

// Who runs is all that it is told: here, that the new thread does before main receives, and main
// again before the other sends.
TEST(Specification, FollowsTheAnswersAboutThreads) {
  const Scenario scenario = scenario_of(kTwoThreads);
  const auto answer = [](std::uint32_t thread) {
    return GivenAnswer{.kind = QuestionKind::kRun, .answer = thread};
  };
  const std::array answers = {answer(1), answer(0), answer(1)};
  Specification specification;
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 100}, answers);
  EXPECT_THAT(words(specification),
              ElementsAre("101 tstart", "101 emit", "101 send", "101 sent", "101 tend", "0 got"));
  EXPECT_EQ(specification.events()[1].step, 2u);
  specification.predict(scenario, {.soft = true, .defects = {}, .steps_max = 100});
  EXPECT_EQ(specification.events()[1].step, 3u);
}

// ---- As an oracle ----

/// The value is lost between a hard switch and the receive, under the defect.
constexpr const char* kLosesValue = R"(
channel c
slot sender

function main
  pref c 0
  spawn sender sender
  weakref sender callback
  drop sender
  hcall receiver
end

function sender
  send c
end

function receiver
  recv c
end

function callback
  spawn idle -
  sched
end

function idle
end
)";

std::vector<Finding> findings(const char* text, const Settings& settings) {
  ScenarioSubject subject(scenario_of(text), settings);
  Execution execution(settings.limits);
  Ordinary ordinary;
  execution.begin(ordinary);
  subject.run(execution);
  return execution.findings();
}

Settings losing() {
  Settings settings;
  settings.defects.add(Defect::kPostSwitchClear);
  return settings;
}

TEST(SpecificationOracle, SeesALostValueWhenItAloneLooks) {
  Settings settings = losing();
  settings.only_specification = true;
  const std::vector<Finding> seen = findings(kLosesValue, settings);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].kind, FindingKind::kDiverged);
  EXPECT_EQ(seen[0].signature, "diverged got got");
  EXPECT_THAT(seen[0].message, HasSubstr("expects 0: got c v1 in step"));
  EXPECT_THAT(seen[0].message, HasSubstr("was 0: got c None in step"));
}

TEST(SpecificationOracle, SpeaksOnlyWhereNobodyElseDid) {
  Settings settings = losing();
  settings.check_specification = true;
  const std::vector<Finding> seen = findings(kLosesValue, settings);
  ASSERT_FALSE(seen.empty());
  for (const Finding& finding : seen) EXPECT_NE(finding.kind, FindingKind::kDiverged);
}

TEST(SpecificationOracle, IsSilentWithoutTheDefect) {
  Settings settings;
  settings.check_specification = true;
  EXPECT_THAT(findings(kLosesValue, settings), IsEmpty());
}

// What was in flight on the channel that died is nobody's, and no finding of any oracle.
TEST(SpecificationOracle, IsSilentWhenAChannelDiesWithItsValue) {
  Settings settings;
  settings.check_specification = true;
  EXPECT_THAT(findings(R"(
channel c

function main
  spawn blocks -
  sendtmp
  spawn blocks -
  recvtmp
end

function blocks
  recv c
end
)",
                       settings),
              IsEmpty());
}

TEST(SpecificationOracle, IsNotAskedUnlessTheSettingsSaySo) {
  Settings settings = losing();
  for (const Finding& finding : findings(kLosesValue, settings))
    EXPECT_NE(finding.kind, FindingKind::kDiverged);
}

}  // namespace
}  // namespace reweave::runtime
