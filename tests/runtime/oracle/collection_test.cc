// The cycle collector in a scenario, at `gc` and wherever the question is answered so: what the
// runtime does is what the specification predicts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/oracle/collection.h"
#include "scheduler/strategy/ordinary.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Collects at the n-th point where that is asked, the first being 0.
class CollectOnce final : public Chooser {
 public:
  explicit CollectOnce(int nth) : left_(nth) {}
  std::uint32_t choose(const Question& question) override {
    if (question.kind != QuestionKind::kCollect) return 0;
    ++asked_;
    return left_-- == 0 ? 1 : 0;
  }
  int asked() const { return asked_; }

 private:
  int left_;
  int asked_ = 0;
};

/// A tasklet that is interrupted in the middle of an operation on itself holds itself.
constexpr const char* kHoldsItself = R"(
slot self
word went
word on

function main
  spawn holder self
  runto 3 hard -
  drop self
  COLLECT
  emit on
end

function holder
  weakref self gone
  tatomic self 1
  burn 10
  tatomic self 0
  emit on
end

function gone
  emit went
end
)";

Scenario program(const std::string& operation) {
  std::string text = kHoldsItself;
  const std::string mark = "COLLECT";
  return scenario_of(text.replace(text.find(mark), mark.size(), operation));
}

/// The events, and no finding: not of the specification either, nor of any other oracle.
std::vector<std::string> run(const Scenario& scenario, Chooser& chooser, bool collect) {
  Settings settings;
  settings.collect = collect;
  settings.check_structure = settings.check_specification = true;
  ScenarioSubject subject(scenario, settings);
  Execution execution(settings.limits);
  execution.begin(chooser, /*keep_log=*/true);
  subject.run(execution);
  EXPECT_THAT(execution.findings(), IsEmpty());
  std::vector<std::string> words;
  for (const Event& event : execution.log())
    words.push_back(event_info(static_cast<EventKind>(event.kind)).word);
  return words;
}

TEST(Collection, IsWhatTheProgramAsksForByGc) {
  Ordinary ordinary;
  EXPECT_THAT(run(program("gc"), ordinary, /*collect=*/false),
              ElementsAre("start", "tatomic", "ran", "wcb", "emit", "wcbend", "fin", "emit"));
  EXPECT_THAT(run(program("emit on"), ordinary, /*collect=*/false),
              ElementsAre("start", "tatomic", "ran", "emit", "emit"));
}

TEST(Collection, IsAskedForOnlyUnderItsSetting) {
  CollectOnce first(0);
  run(program("emit on"), first, /*collect=*/false);
  EXPECT_EQ(first.asked(), 0);
}

TEST(Collection, MayComeBeforeAnyOperation) {
  CollectOnce never(-1);
  run(program("emit on"), never, /*collect=*/true);
  ASSERT_GT(never.asked(), 5);
  int freed = 0;
  for (int nth = 0; nth < never.asked(); ++nth) {
    CollectOnce once(nth);
    const std::vector<std::string> words = run(program("emit on"), once, /*collect=*/true);
    if (std::count(words.begin(), words.end(), "fin") == 1) ++freed;
  }
  EXPECT_EQ(freed, 2);  // Before either of the two operations that come after the drop.
}

constexpr const char* kCycle =
    "slot a\nfunction main\n cell a\n setcell a a\n drop a\n emit one\nend\n";

/// Whether the oracle notices a collection of kCycle, where `ordinary` is what ought to happen.
bool notices(const Scenario& ordinary) {
  Settings settings;
  settings.collect = settings.check_collections = true;
  ScenarioSubject subject(scenario_of(kCycle), settings);
  Execution execution(settings.limits);
  CollectOnce collects(/*nth=*/2);
  execution.begin(collects);
  subject.run(execution);
  EXPECT_THAT(execution.findings(), IsEmpty());
  EXPECT_EQ(subject.interpreter().collections().size(), 1u);
  EndState end;
  subject.interpreter().describe_end(end);
  specification::Specification specification;
  return CollectionOracle{.scenario = ordinary,
                          .settings = settings,
                          .execution = execution,
                          .collections = subject.interpreter().collections(),
                          .end = end}
      .look(specification)
      .has_value();
}

TEST(CollectionOracle, NoticesWhatCollectionsMustNotChange) {
  EXPECT_FALSE(notices(scenario_of(kCycle)));
  std::string other = kCycle;
  EXPECT_TRUE(
      notices(scenario_of(other.replace(other.find("emit one"), 8, "emit one\n emit one"))));
  other = kCycle;
  EXPECT_TRUE(notices(scenario_of(other.replace(other.find("emit one"), 8, "raise E1"))));
}

TEST(CollectionOracle, SaysNothingOfProgramsThatObserveFinalization) {
  EXPECT_FALSE(notices(scenario_of(
      "slot a\nfunction main\n cell a\n setcell a a\n deref a -\n drop a\n emit two\nend\n")));
}

}  // namespace
}  // namespace reweave::runtime
