// Every recorded case of corpora/conformance/, with soft and with hard switching: the runtime and
// the executable specification must each give the recorded trace, line by line.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "repro/judge/conformance.h"
#include "repro/judge/live_defects.h"

namespace reweave::repro {
namespace {

using Observer = Observation (*)(const ConformanceCase&, const runtime::Settings&);

const std::string kFolder = std::string(REWEAVE_CORPORA) + "/conformance";

std::vector<ConformanceCase> cases_in(const std::filesystem::path& path) {
  std::vector<ConformanceCase> cases;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    Expected<ConformanceCase> read = read_case(line);
    EXPECT_TRUE(read.has_value()) << path << ": " << read.error().message;
    if (read) cases.push_back(*std::move(read));
  }
  return cases;
}

std::vector<ConformanceCase> recorded_cases() {
  std::vector<ConformanceCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ranges::move(cases_in(entry.path()), std::back_inserter(cases));
  }
  return cases;
}

/// The first words of the lines of a list; the rest of a line says why.
std::set<std::string> listed(const std::string& path) {
  std::set<std::string> ids;
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  for (std::string line; std::getline(file, line);) {
    std::string id;
    if (std::istringstream(line) >> id && id[0] != '#') ids.insert(id);
  }
  return ids;
}

void expect_as_recorded(Observer observer, const runtime::DefectSet& defects) {
  const std::vector<ConformanceCase> cases = recorded_cases();
  ASSERT_GE(cases.size(), 1500u);
  for (const ConformanceCase& recorded : cases) {
    for (const auto mode : {runtime::Switching::kSoft, runtime::Switching::kHard}) {
      runtime::Settings settings;
      settings.switching = mode;
      settings.defects = defects;
      const bool soft = mode == runtime::Switching::kSoft;
      const auto difference =
          first_difference(soft ? recorded.soft : recorded.hard, observer(recorded, settings));
      EXPECT_FALSE(difference.has_value())
          << recorded.id << (soft ? " soft" : " hard") << ", line " << difference->line
          << "\n  recorded " << difference->expected << "\n  here     " << difference->found;
    }
  }
}

runtime::DefectSet live_defects() { return *runtime::profile_defects("stackless-3.7.5"); }

Observation observe_runtime(const ConformanceCase& recorded, const runtime::Settings& settings) {
  return observe(recorded, settings);
}

TEST(RecordedCases, AreWhatTheRuntimeDoes) { expect_as_recorded(observe_runtime, live_defects()); }

TEST(RecordedCases, AreWhatTheSpecificationPredicts) {
  expect_as_recorded(predict, live_defects());
}

// Were the specification blind to what differs, the test above would prove nothing.
TEST(RecordedCases, WithEveryDefectOffTheSpecificationDiffersSomewhere) {
  std::size_t differing = 0;
  for (const ConformanceCase& recorded : recorded_cases()) {
    if (first_difference(recorded.soft, predict(recorded, runtime::Settings{}))) ++differing;
  }
  EXPECT_GE(differing, 2u);
}

// Of the other files `reweave conform --explain-fixed` is asked: there nothing is left over.
TEST(RecordedCases, WithCallbacksAreExplainedByTwoLiveDefectsAtMostButForThoseListed) {
  Explanations explanations(live_defects());
  for (const ConformanceCase& recorded : cases_in(kFolder + "/callbacks_public.jsonl")) {
    for (const auto mode : {runtime::Switching::kSoft, runtime::Switching::kHard})
      explanations.add(explanations.explain(recorded, mode));
  }
  ASSERT_GE(explanations.cases(), 500u);
  std::set<std::string> found;
  for (const auto& one : explanations.unexplained()) {
    EXPECT_FALSE(one.together.empty()) << one.id << ": no set of live defects gives it";
    found.insert(one.id);
  }
  for (const auto& one : explanations.findings()) found.insert(one.id);
  EXPECT_EQ(found, listed(kFolder + "/unexplained.txt"));
}

}  // namespace
}  // namespace reweave::repro
