// Every recorded case of corpora/conformance/, with soft and with hard switching: the runtime and
// the executable specification must each give the recorded trace, line by line.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
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

// Of the other files `reweave conform --explain-fixed` is asked: there, too, nothing is left over.
TEST(RecordedCases, WithCallbacksAreExplainedByLiveDefects) {
  Explanations explanations(live_defects());
  for (const ConformanceCase& recorded : cases_in(kFolder + "/callbacks_public.jsonl")) {
    for (const auto mode : {runtime::Switching::kSoft, runtime::Switching::kHard})
      explanations.add(explanations.explain(recorded, mode));
  }
  ASSERT_GE(explanations.cases(), 500u);
  EXPECT_TRUE(explanations.complete()) << explanations.text();
  // One program loops for ever but for a defect that ends it; that is not the runtime's fault.
  EXPECT_EQ(explanations.never_end(), (std::vector<std::string>{"cp-00366:soft", "cp-00366:hard"}));
}

}  // namespace
}  // namespace reweave::repro
