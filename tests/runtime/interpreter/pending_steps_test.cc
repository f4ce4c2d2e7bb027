// Every actor's next step says what it would touch, wherever a chooser that wants to know looks.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/random_walk.h"

namespace reweave::runtime {
namespace {

/// A random walk that looks at every step it is shown.
class Looker : public Strategy {
 public:
  void begin(Prng prng, std::uint64_t execution) override { walk_.begin(prng, execution); }
  std::uint32_t choose(const Question& question) override {
    look(question);
    return walk_.choose(question);
  }
  bool wants_steps() const override { return true; }
  void pass(const Question& question) override { look(question); }

  std::uint64_t options = 0, blocked = 0, preempts = 0, empty = 0;
  std::map<Access, std::uint64_t> by_access;
  std::vector<std::string> seen;  // "kind: option option | blocked"; kept if wanted.
  bool keeps = false;

 private:
  void look(const Question& question) {
    if (question.kind == QuestionKind::kRun || question.answers > 1) {
      const bool of_actors =
          question.kind == QuestionKind::kRun || question.kind == QuestionKind::kPreempt;
      if (of_actors && question.options.size() != question.answers) ++empty;
    }
    std::string line = question_kind_name(question.kind) + std::string(":");
    for (const Option& option : question.options) look(option, options, line);
    line += " |";
    for (const Option& option : question.blocked) look(option, blocked, line);
    preempts += question.kind == QuestionKind::kPreempt ? question.options.size() : 0;
    if (keeps && !question.options.empty()) seen.push_back(line);
  }

  void look(const Option& option, std::uint64_t& count, std::string& line) {
    ++count;
    const PendingStep& step = option.next;
    ++by_access[step.access];
    if (!step.known() || (step.access != Access::kNone && step.object == ObjectId{})) ++empty;
    line +=
        " " + std::to_string(static_cast<std::uint32_t>(step.object)) + access_name(step.access);
  }

  RandomWalk walk_;
};

void look_at(const Scenario& scenario, std::uint64_t executions, Looker& looker) {
  Settings settings;
  settings.limits.steps_max = 3000;
  ScenarioSubject subject(scenario, settings);
  Execution execution(settings.limits);
  for (std::uint64_t i = 0; i < executions; ++i) {
    looker.begin(Prng(1).split(i), i);
    execution.begin(looker);
    subject.run(execution);
  }
}

/// The scenario of a `.weave`, without what stands before and after it.
Scenario scenario_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const std::string all = text.str();
  LineReader lines(all, path.filename().string());
  const auto begins = [](std::string_view word) {
    return word == "channel" || word == "slot" || word == "word" || word == "function";
  };
  while (lines.next() && !begins(lines.words()[0])) {
  }
  lines.unread();
  Expected<Scenario> scenario = read_scenario(lines);
  EXPECT_TRUE(scenario) << path << (scenario ? "" : scenario.error().message);
  return scenario ? *scenario : Scenario{};
}

TEST(PendingSteps, AreNeverEmptyInTheScenariosOfTheCorpora) {
  const std::filesystem::path corpora = std::filesystem::path(REWEAVE_SCENARIOS).parent_path();
  Looker looker;
  int files = 0;
  for (const char* folder : {"scenarios", "repros", "benchmarks"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpora / folder)) {
      if (entry.path().extension() != ".weave") continue;
      const std::uint64_t before = looker.empty;
      look_at(scenario_of(entry.path()), 20, looker);
      EXPECT_EQ(looker.empty, before) << entry.path();
      ++files;
    }
  }
  EXPECT_GT(files, 150);
  EXPECT_GT(looker.options, 100'000u);
  EXPECT_GT(looker.blocked, 1'000u);
  EXPECT_GT(looker.preempts, 10'000u);
}

TEST(PendingSteps, AreNeverEmptyInGeneratedPrograms) {
  Looker looker;
  Scenario scenario;
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    Prng prng(seed);
    generate_scenario(prng, {}, scenario);
    look_at(scenario, 3, looker);
    ASSERT_EQ(looker.empty, 0u) << "seed " << seed << "\n" << write_scenario(scenario);
  }
  EXPECT_GT(looker.blocked, 1'000u);
  for (int access = 0; access < kAccessCount; ++access) {
    if (static_cast<Access>(access) == Access::kUnknown) continue;
    EXPECT_GT(looker.by_access[static_cast<Access>(access)], 0u)
        << access_name(static_cast<Access>(access)) << " was never seen: the test looks at little";
  }
}

TEST(PendingSteps, SayWhatTheTableSays) {
  const Expected<Scenario> scenario = parse_scenario(
      "channel a\nchannel b\nslot s\n"
      "function main\n  tstart 1 other\n  bal b\n  lock 3\n  emit x\n  settle\nend\n"
      "function other\n  lock 3\n  drop s\n  unlock 3\nend\n",
      "test");
  ASSERT_TRUE(scenario) << scenario.error().message;
  Looker looker;
  looker.keeps = true;
  look_at(*scenario, 40, looker);
  // Run queues of threads are 1 to 8, five shared things follow, then locks, channels, slots.
  const std::string lock = "17acquire", channel = "23read", slot = "86modify";
  const auto saw = [&](const std::string& line) {
    return std::find(looker.seen.begin(), looker.seen.end(), line) != looker.seen.end();
  };
  EXPECT_TRUE(saw("run: " + channel + " 2modify |")) << "a thread begins with its run queue";
  EXPECT_TRUE(saw("run: " + lock + " " + channel + " |"));
  EXPECT_TRUE(saw("run: " + lock + " " + lock + " |")) << "both are about to take it";
  EXPECT_TRUE(saw("run: " + slot + " | " + lock)) << "who waits for it is shown as well";
  EXPECT_TRUE(saw("run: 0none " + lock + " |")) << "`emit` touches nothing";
}

}  // namespace
}  // namespace reweave::runtime
