// What five real builds of Stackless did with four programs, in our terms: a profile for each
// build, a scenario for each program, and what its receiver got.
//
// d2 and d3 lose their value inside a callback, so the place where the value or exception goes is
// part of the table, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/language/text.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::runtime {
namespace {

struct Cell {
  const char* program;
  char build;
  const char* received;  // What the one receive came to; "": the execution stopped before it.
  std::vector<const char*> findings;  // Signatures.
};

// The value arrives, or None does, and then a finding says what destroyed the value.
const std::vector<Cell>& table() {
  static const std::vector<Cell> cells = {
      {"d1", 'A', "None", {"lost-value send sched"}},
      {"d1", 'X', "v1", {}},
      {"d1", 'Y', "None", {"lost-value send sched"}},
      {"d1", 'B', "v1", {}},
      {"d1", 'C', "v1", {}},

      {"blog", 'A', "None", {"lost-value send spill"}},
      {"blog", 'X', "v1", {}},
      {"blog", 'Y', "v1", {}},
      {"blog", 'B', "v1", {}},
      {"blog", 'C', "v1", {}},

      {"d2", 'A', "None", {"lost-value send spill"}},
      {"d2", 'X', "None", {"lost-value send spill"}},
      {"d2", 'Y', "v1", {}},
      {"d2", 'B', "v1", {}},
      {"d2", 'C', "v1", {}},

      {"d3", 'A', "None", {"lost-value sendx rec"}},
      {"d3", 'X', "None", {"lost-value sendx rec"}},
      {"d3", 'Y', "", {"null-tempval spill"}},
      {"d3", 'B', "", {"null-tempval spill"}},
      {"d3", 'C', "ValueError:x1", {}},
  };
  return cells;
}

Scenario scenario_of(const std::string& program) {
  std::ifstream file(REWEAVE_SCENARIOS "/" + program + ".weave");
  std::stringstream text;
  std::string first;
  std::getline(file, first);
  EXPECT_EQ(first, "weave 1");
  text << file.rdbuf();
  auto scenario = parse_scenario(text.str(), program + ".weave");
  EXPECT_TRUE(scenario.has_value()) << (scenario.has_value() ? "" : scenario.error().message);
  return *scenario;
}

class Attribution : public testing::TestWithParam<Cell> {};

TEST_P(Attribution, IsWhatTheRealBuildDid) {
  const Cell& cell = GetParam();
  for (const Switching switching : {Switching::kSoft, Switching::kHard}) {
    Settings settings;
    settings.switching = switching;
    const std::string profile = std::string("stackless-2012-") + cell.build;
    const auto defects = profile_defects(profile);
    ASSERT_TRUE(defects.has_value());
    settings.defects = *defects;
    ScenarioSubject subject(scenario_of(cell.program), settings);
    Ordinary ordinary;
    Execution execution(settings.limits);
    execution.begin(ordinary, /*keep_log=*/true);
    subject.run(execution);
    SCOPED_TRACE(profile + (switching == Switching::kSoft ? " soft" : " hard"));

    std::vector<std::string> signatures;
    for (const Finding& finding : execution.findings()) signatures.push_back(finding.signature);
    EXPECT_THAT(signatures, testing::ElementsAreArray(cell.findings));

    // In d3 the exception comes out in the wrong place with the old spill: main catches it in the
    // callback, inside its own send.
    bool caught_by_main = false, sent = false;
    for (const Event& event : execution.log()) {
      const auto kind = static_cast<EventKind>(event.kind);
      if (kind == EventKind::kCaught && event.actor == ActorId{0}) caught_by_main = true;
      if (kind == EventKind::kSentx) sent = true;
    }
    const bool is_d3 = std::string(cell.program) == "d3";
    EXPECT_EQ(caught_by_main, is_d3 && (cell.build == 'A' || cell.build == 'X'));
    EXPECT_EQ(sent, is_d3 && *cell.received != '\0');

    const std::vector<std::string> results = subject.results();
    if (*cell.received == '\0') {
      EXPECT_THAT(results, testing::IsEmpty());
      EXPECT_TRUE(execution.stopped());
      continue;
    }
    const std::string op = std::string(cell.program) == "d1" || std::string(cell.program) == "blog"
                               ? "receive_one.1"
                           : cell.program[1] == '3' ? "receiver.2"
                                                    : "receiver.1";
    EXPECT_THAT(results,
                testing::ElementsAre("receive 0.1 " + op + " " + cell.received, "main ended"));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, Attribution, testing::ValuesIn(table()),
                         [](const testing::TestParamInfo<Cell>& cell) {
                           return std::string(cell.param.program) + "_" + cell.param.build;
                         });

TEST(Attribution, TheTableIsComplete) { EXPECT_EQ(table().size(), 20u); }

}  // namespace
}  // namespace reweave::runtime
