// What the shrinker leaves: at most one answer, and a scenario from which nothing can be deleted.
//
// The second is checked without the shrinker and without the subject's reductions: the text of the
// scenario is taken apart line by line, and each piece that can be left out is left out once. A
// piece is an operation; a block, with its body or without; a function, a channel or a slot,
// together with every line that names it; a single answer of the schedule.
#include <sstream>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/search/shrink.h"
#include "tests/quality/quality.h"

namespace reweave::quality {
namespace {

using Lines = std::vector<std::string>;

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// The scenario as lines, each operation with its label written out: so an operation keeps its name
/// when the one before it is deleted.
Lines labelled_lines(const runtime::Scenario& scenario) {
  Lines lines;
  std::istringstream text(runtime::write_scenario(scenario));
  bool in_function = false;
  int label = 0;
  for (std::string line; std::getline(text, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.empty()) continue;
    if (!in_function) {
      in_function = words[0] == "function";
      label = 0;
    } else if (line[0] != ' ') {
      in_function = false;  // Its `end` stands at the margin.
    } else if (words[0].back() == ':') {
      label = std::stoi(words[0]);
    } else if (words[0] != "end" && words[0] != "then") {
      line = "  " + std::to_string(++label) + ": " + line;
    }
    lines.push_back(line);
  }
  return lines;
}

Lines without(const Lines& lines, const std::vector<bool>& deleted) {
  Lines rest;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (!deleted[index]) rest.push_back(lines[index]);
  }
  return rest;
}

bool opens_block(const std::string& line) {
  for (const std::string& word : words_of(line)) {
    if (word == "try" || word == "tryall" || word == "finally" || word == "loop" ||
        word == "trapped")
      return true;
    if (word.back() != ':') return false;
  }
  return false;
}

/// The line that closes the block opened at `head`; the function's own for a line `function …`.
std::size_t closing_line(const Lines& lines, std::size_t head) {
  int depth = 0;
  for (std::size_t index = head; index < lines.size(); ++index) {
    const std::string first = words_of(lines[index])[0];
    if (first == "function" || opens_block(lines[index])) ++depth;
    if (first == "end" && --depth == 0) return index;
  }
  ADD_FAILURE() << "no end of " << lines[head];
  return head;
}

/// Every smaller text that deleting one piece gives; not all of them are scenarios.
std::vector<Lines> deletions(const Lines& lines) {
  std::vector<Lines> smaller;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const std::vector<std::string> words = words_of(lines[index]);
    if (words[0] == "end") continue;
    std::vector<bool> deleted(lines.size(), false);
    deleted[index] = true;
    if (words[0] == "function" || opens_block(lines[index])) {
      const std::size_t last = closing_line(lines, index);
      deleted[last] = true;
      for (std::size_t i = index; i <= last; ++i) {
        if (words_of(lines[i])[0] == "then") deleted[i] = true;
      }
      if (words[0] != "function") smaller.push_back(without(lines, deleted));  // Keeps the body.
      for (std::size_t i = index; i <= last; ++i) deleted[i] = true;
    }
    smaller.push_back(without(lines, deleted));
    if (words[0] != "function" && words[0] != "channel" && words[0] != "slot") continue;
    // With all that names it, blocks excepted: none of them names anything.
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::vector<std::string> other = words_of(lines[i]);
      if (lines[i][0] == ' ' && std::find(other.begin() + 1, other.end(), words[1]) != other.end())
        deleted[i] = true;
    }
    smaller.push_back(without(lines, deleted));
  }
  return smaller;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// The first signature that the scenario shows under the schedule, as far as the schedule fits.
std::string shows(const runtime::Scenario& scenario, const runtime::Settings& settings,
                  const Schedule& schedule) {
  runtime::ScenarioSubject subject(scenario, settings);
  Execution execution(settings.limits);
  replay(subject, execution, schedule, ReplayMode::kLenient);
  return execution.findings().empty() ? "" : execution.findings().front().signature;
}

/// Schedules to try with a smaller scenario: the same, with actors renamed as if an elder sibling
/// were gone, and none.
std::vector<Schedule> schedules_to_try(const Schedule& schedule) {
  std::vector<Schedule> all = {schedule};
  for (std::size_t index = 0; index < schedule.answers.size(); ++index) {
    const std::string& actor = schedule.answers[index].actor;
    for (std::size_t at = 0; at < actor.size(); ++at) {
      if (actor[at] <= '1' || actor[at] > '9') continue;
      Schedule renamed = schedule;
      --renamed.answers[index].actor[at];
      all.push_back(renamed);
    }
  }
  if (!schedule.empty()) all.push_back({});
  return all;
}

/// Nothing can be deleted from what `file` holds without losing its finding.
void expect_minimal(const repro::WeaveFile& file, const std::string& signature) {
  const Schedule& schedule = *file.schedule;
  EXPECT_EQ(shows(scenario_of(file), settings_of(file), schedule), signature);
  for (std::size_t index = 0; index < schedule.answers.size(); ++index) {
    Schedule fewer = schedule;
    fewer.answers.erase(fewer.answers.begin() + static_cast<std::ptrdiff_t>(index));
    EXPECT_NE(shows(scenario_of(file), settings_of(file), fewer), signature)
        << "the answer " << answer_text(schedule.answers[index]) << " can be deleted";
  }
  const Lines lines = labelled_lines(scenario_of(file));
  int tried = 0;
  for (const Lines& smaller : deletions(lines)) {
    const auto scenario = runtime::parse_scenario(joined(smaller), "smaller");
    if (!scenario) continue;
    ++tried;
    for (const Schedule& candidate : schedules_to_try(schedule)) {
      EXPECT_NE(shows(*scenario, settings_of(file), candidate), signature)
          << "of\n"
          << joined(lines) << "it is enough to keep\n"
          << joined(smaller) << "with " << candidate.one_line();
    }
  }
  EXPECT_GE(tried, 8) << "next to nothing could be deleted from\n" << joined(lines);
}

/// As `reweave shrink` does it, in this process.
repro::WeaveFile shrunk(const repro::WeaveFile& file, const std::string& signature) {
  const std::unique_ptr<Subject> subject = file.make_subject();
  Expected<Shrunk> result =
      shrink(*subject, *file.schedule, signature, trial_runner(file.limits()));
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  repro::WeaveFile small = file;
  if (!result) return small;
  EXPECT_TRUE(result->minimal);
  if (result->subject) small.set_subject(std::move(result->subject));
  small.schedule = result->schedule;
  return small;
}

void print(const std::string& name, const repro::WeaveFile& small) {
  std::printf("%s: shrunk to %zu answers and %zu operations\n", name.c_str(),
              small.schedule->answers.size(), small.subject().item_count());
}

// The harness of these tests must see what can be deleted, or they prove nothing.
TEST(Deletions, AreSeenWhereTheyArePossible) {
  const repro::WeaveFile file = with_defects(corpus_file("scenarios/blog.weave"), kBothHalves);
  const std::string whole = shows(scenario_of(file), settings_of(file), {});
  EXPECT_EQ(whole, "lost-value send spill");
  runtime::Scenario longer = scenario_of(file);
  longer.words = {"more"};
  longer.functions[0].ops.push_back({.code = runtime::OpCode::kEmit, .label = 99});
  ASSERT_TRUE(runtime::link(longer));
  int possible = 0;
  for (const Lines& smaller : deletions(labelled_lines(longer))) {
    const auto scenario = runtime::parse_scenario(joined(smaller), "smaller");
    if (scenario && shows(*scenario, settings_of(file), {}) == whole) ++possible;
  }
  EXPECT_GE(possible, 1);
}

// The post's bug needs depth and nothing else: no answer is left.
TEST(Shrink, LeavesOfTheBlogsReproNoAnswerAndNothingToDelete) {
  repro::WeaveFile file = with_defects(corpus_file("scenarios/blog.weave"), kBothHalves);
  file.schedule = Schedule{};
  const std::string signature = shows(scenario_of(file), settings_of(file), {});
  ASSERT_EQ(signature, "lost-value send spill");
  const repro::WeaveFile small = shrunk(file, signature);
  print("blog", small);
  EXPECT_THAT(small.schedule->answers, testing::IsEmpty());
  expect_minimal(small, signature);
}

// Whatever else the hunt decided on its way goes away, too.
TEST(Shrink, LeavesOfAHuntForTheBlogsBugAtMostOneAnswer) {
  const repro::WeaveFile file = with_defects(corpus_file("scenarios/blog.weave"), kBothHalves);
  for (const char* strategy : {"random-walk", "pct"}) {
    const std::unique_ptr<Subject> subject = file.make_subject();
    auto made = make_strategy(strategy);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    const Exploration hunted =
        explore(*subject, **made, {.budget = {.executions = 1000, .seconds = 0}, .seed = 3});
    ASSERT_TRUE(hunted.found.has_value());
    const std::string signature = hunted.found->finding.signature;
    const repro::WeaveFile small = shrunk(with_found(file, *hunted.found), signature);
    print(std::string("blog, ") + strategy, small);
    EXPECT_LE(small.schedule->answers.size(), 1u);
    expect_minimal(small, signature);
  }
}

class ShrinkOfAHunt : public testing::TestWithParam<const char*> {};

TEST_P(ShrinkOfAHunt, LeavesNothingToDelete) {
  const std::string name = GetParam();
  const repro::WeaveFile file =
      with_defects(corpus_file("scenarios/" + name + ".weave"), kBothHalves);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    const Exploration hunted = hunt(file, seed, 10'000);
    ASSERT_TRUE(hunted.found.has_value());
    const std::string signature = hunted.found->finding.signature;
    const repro::WeaveFile small = shrunk(with_found(file, *hunted.found), signature);
    print(name + ", seed " + std::to_string(seed), small);
    EXPECT_LE(small.schedule->answers.size(), 2u);
    expect_minimal(small, signature);
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ShrinkOfAHunt, testing::Values("neutral", "noisy"));

}  // namespace
}  // namespace reweave::quality
