// Exact replay: one trace hash for a thousand replays of one schedule, and the same hashes in every
// build.
//
// hashes.golden holds what clang, gcc, release, the sanitizers and AArch64 must all give: for every
// scenario the ordinary execution, the combined hash of a few hundred random ones and the execution
// in which a hunt finds something; and the same for programs drawn by the generator. After a change
// that is meant to alter executions, renew it and read the difference:
//
//   REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R Replay
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/generator.h"
#include "runtime/oracle/dangling_stack.h"
#include "scheduler/strategy/ordinary.h"
#include "tests/quality/quality.h"

namespace reweave::quality {
namespace {

constexpr std::uint64_t kReplays = 1000;

/// The `.weave` files of a folder of corpora/ and of those in it, in order of their names.
std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::filesystem::path root = corpus_path("");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus_path(folder))) {
    if (entry.path().extension() == ".weave")
      names.push_back(std::filesystem::relative(entry.path(), root).generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

class ReplayOfRepro : public testing::TestWithParam<std::string> {};

TEST_P(ReplayOfRepro, GivesOneTraceHashAThousandTimes) {
  const repro::WeaveFile file = corpus_file(GetParam());
  repro::Runner runner;
  const repro::RunResult run = runner.run(file, ReplayMode::kStrict);
  ASSERT_NE(run.outcome, Outcome::kDiverged) << run.divergence.expected << run.divergence.found;
  // One that ends the process takes a process for each time.
  const std::uint64_t replays = run.died ? 3 : kReplays;
  EXPECT_EQ(1 + runner.count_same(file, ReplayMode::kStrict, run, replays - 1).same, replays);
  ASSERT_TRUE(file.verdict.has_value());
  if (!runtime::shows_in_this_build(settings_of(file).defects)) return;
  EXPECT_EQ(repro::difference(*file.verdict, run.verdict), "");
}

INSTANTIATE_TEST_SUITE_P(Corpus, ReplayOfRepro, testing::ValuesIn(files_in("repros")),
                         [](const testing::TestParamInfo<std::string>& repro) {
                           std::string name = repro.param.substr(0, repro.param.rfind('.'));
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) {
                                 return std::isalnum(static_cast<unsigned char>(c)) == 0;
                               },
                               '_');
                           return name;
                         });

/// The hashes of `executions` random executions in one number; findings do not end the series.
std::uint64_t random_hash(Subject& subject, const Limits& limits, std::uint64_t executions) {
  const std::unique_ptr<Strategy> strategy = std::move(make_strategy("random-walk")).value();
  const Prng root(7);
  Execution execution(limits);
  std::uint64_t combined = 0;
  for (std::uint64_t i = 0; i < executions; ++i) {
    strategy->begin(root.split(i), i);
    execution.begin(*strategy);
    subject.run(execution);
    (void)strategy->end(execution);
    combined = mix_hash(combined, execution.trace_hash());
  }
  return combined;
}

std::uint64_t ordinary_hash(Subject& subject, const Limits& limits) {
  Ordinary ordinary;
  Execution execution(limits);
  execution.begin(ordinary);
  subject.run(execution);
  return execution.trace_hash();
}

/// One line: scenario, defects, switching, then the hashes, then where a hunt found something.
std::string scenario_line(const std::string& name, const char* defects,
                          runtime::Switching switching) {
  repro::WeaveFile file = with_defects(corpus_file(name), defects);
  runtime::Settings settings = settings_of(file);
  settings.switching = switching;
  set_settings(file, settings);
  const std::unique_ptr<Subject> subject = file.make_subject();
  std::ostringstream line;
  line << name << (*defects == '\0' ? " none" : " both")
       << (switching == runtime::Switching::kSoft ? " soft" : " hard") << " ordinary "
       << hex(ordinary_hash(*subject, file.limits())) << " random "
       << hex(random_hash(*subject, file.limits(), 200));
  const Exploration hunted = hunt(file, 1, 200);
  if (hunted.found) {
    line << " found " << hunted.found->execution << " " << hex(hunted.found->trace_hash);
  } else {
    line << " nothing";
  }
  line << "\n";
  return line.str();
}

/// Programs that the generator draws, a block of them in one number.
std::string generated_line(std::uint64_t block, const char* defects) {
  runtime::Settings settings;
  settings.defects = *runtime::parse_defects(defects);
  settings.spill_levels = 10;
  settings.limits = {.steps_max = 300, .questions_max = 2'000, .actors_max = 100};
  std::uint64_t combined = 0;
  for (std::uint64_t index = 0; index < 25; ++index) {
    Prng prng = Prng(block).split(index);
    runtime::Scenario scenario;
    runtime::generate_scenario(prng, {}, scenario);
    settings.switching = index % 2 == 0 ? runtime::Switching::kSoft : runtime::Switching::kHard;
    runtime::ScenarioSubject subject(scenario, settings);
    combined = mix_hash(combined, random_hash(subject, settings.limits, 8));
  }
  return "generated block " + std::to_string(block) + (*defects == '\0' ? " none " : " all ") +
         hex(combined) + "\n";
}

std::string all_lines() {
  std::string text =
      "# Trace hashes that every build must give; see replay_test.cc. Renew it with\n"
      "#   REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R Replay\n";
  for (const std::string& name : files_in("scenarios")) {
    for (const char* defects : {"", kBothHalves}) {
      for (const auto switching : {runtime::Switching::kSoft, runtime::Switching::kHard})
        text += scenario_line(name, defects, switching);
    }
  }
  std::string all_defects;
  for (const runtime::DefectInfo& info : runtime::all_defects()) {
    if (runtime::ends_the_process(info.defect)) continue;  // Else it leaves no trace.
    all_defects += (all_defects.empty() ? "" : ",") + std::string(info.name);
  }
  for (std::uint64_t block = 1; block <= 8; ++block) {
    text += generated_line(block, "");
    text += generated_line(block, all_defects.c_str());
  }
  return text;
}

TEST(Replay, TraceHashesAreThoseOfEveryOtherBuild) {
  const std::string found = all_lines();
  if (std::getenv("REWEAVE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(REWEAVE_HASHES, std::ios::binary) << found;
  }
  std::stringstream golden;
  golden << std::ifstream(REWEAVE_HASHES, std::ios::binary).rdbuf();
  std::string expected_line, found_line;
  std::istringstream found_lines(found);
  for (int number = 1; std::getline(golden, expected_line); ++number) {
    ASSERT_TRUE(std::getline(found_lines, found_line)) << "line " << number << " is missing";
    EXPECT_EQ(found_line, expected_line) << "line " << number;
  }
  EXPECT_FALSE(std::getline(found_lines, found_line)) << "too much: " << found_line;
}

}  // namespace
}  // namespace reweave::quality
