// `async` and its companions in scenarios: what the runtime does is what the specification
// predicts, however it is scheduled; and `choose`, whose turns are a question.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using testing::Contains;
using testing::IsEmpty;

constexpr const char* kCallers = R"(
channel never
slot victim
word working

function main
  asyncmax 2
  spawn one victim
  weakref victim work
  spawn two -
  try
    async fails
  end
  choose 3
    async work
  end
  kill victim
  drop victim
  try
    runall
  end
  asyncstop
  try
    async work
  end
  settle
end

function one
  async work
  atomic 1
  async spawns
  atomic 0
end

function two
  hcall inner
end

function inner
  try
    async work
    async fails
  end
  try
    async hangs
  end
end

function spawns
  spawn work -
  choose 2
    sched
  end
end

function work
  choose 2
    emit working
  end
end

function fails
  raise E1
end

function hangs
  recv never
end
)";

TEST(AsyncScenario, IsWhatTheSpecificationPredictsHoweverItIsScheduled) {
  Settings settings;
  settings.check_structure = settings.check_specification = true;
  for (const Switching switching : {Switching::kSoft, Switching::kHard}) {
    settings.switching = switching;
    ScenarioSubject subject(scenario_of(kCallers), settings);
    Execution execution(settings.limits);
    RandomWalk walk;
    int returned = 0;
    for (std::uint64_t i = 0; i < 300; ++i) {
      walk.begin(Prng(5).split(i), i);
      execution.begin(walk, /*keep_log=*/true);
      subject.run(execution);
      ASSERT_THAT(execution.findings(), IsEmpty()) << i;
      for (const Event& event : execution.log())
        returned += static_cast<EventKind>(event.kind) == EventKind::kReturned;
      (void)walk.end(execution);
    }
    EXPECT_GT(returned, 600);
  }
}

/// Answers every `pick` with the same number, everything else ordinarily.
class Picks final : public Chooser {
 public:
  explicit Picks(std::uint32_t answer) : answer_(answer) {}
  std::uint32_t choose(const Question& question) override {
    if (question.kind != QuestionKind::kPick) return 0;
    EXPECT_EQ(question.answers, 4u);
    return answer_;
  }

 private:
  std::uint32_t answer_;
};

TEST(Choose, TurnsAsOftenAsThePickSays) {
  const Scenario scenario = scenario_of(
      "word turn\nfunction main\n  choose 3\n    emit turn\n  end\n  choose 0\n    emit turn\n"
      "  end\nend\n");
  for (std::uint32_t turns = 0; turns < 4; ++turns) {
    Settings settings;
    settings.check_structure = settings.check_specification = true;
    ScenarioSubject subject(scenario, settings);
    Execution execution(settings.limits);
    Picks picks(turns);
    execution.begin(picks, /*keep_log=*/true);
    subject.run(execution);
    EXPECT_THAT(execution.findings(), IsEmpty());
    EXPECT_EQ(execution.log().size(), turns);
  }
}

TEST(AsyncScenario, LosesAJobWhereAtomicDoesNotKeepTheLock) {
  const Scenario scenario = scenario_of(R"(
function main
  spawn other -
  async job
  async job
end

function other
  async job
end

function job
end
)");
  Settings settings;
  settings.report_deadlock = true;
  const auto found = [&](bool defect) {
    settings.defects = {};
    if (defect) settings.defects.add(Defect::kAtomicYieldsGil);
    ScenarioSubject subject(scenario, settings);
    Execution execution(settings.limits);
    RandomWalk walk;
    std::vector<std::string> signatures;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      walk.begin(Prng(7).split(i), i);
      execution.begin(walk, /*keep_log=*/false);
      subject.run(execution);
      for (const Finding& finding : execution.findings()) signatures.push_back(finding.signature);
      (void)walk.end(execution);
    }
    return signatures;
  };
  EXPECT_THAT(found(false), IsEmpty());
  EXPECT_THAT(found(true), Contains("deadlock main_recv_deadlock"));
}

}  // namespace
}  // namespace reweave::runtime
