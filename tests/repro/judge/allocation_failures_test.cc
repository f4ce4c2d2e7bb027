// Every allocation of a program fails once: of recorded programs, and of generated ones.
#include "repro/judge/allocation_failures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "repro/judge/conformance.h"
#include "repro/run/generated.h"

namespace reweave::repro {
namespace {

void expect_clean(const AllocationFailures& failures) {
  EXPECT_GT(failures.allocations, failures.programs);
  EXPECT_EQ(failures.memory_errors + failures.done_without, failures.allocations);
  EXPECT_GT(failures.memory_errors, 0u);
  for (const AllocationFailures::Found& found : failures.found) {
    ADD_FAILURE() << found.id << ", allocation " << found.allocation << ": "
                  << found.finding.message;
  }
}

TEST(AllocationFailures, OfRecordedProgramsLeaveEverythingInOrder) {
  AllocationFailures failures;
  for (const char* const file : {"public", "threads_public", "peer_suite"}) {
    std::ifstream cases(std::string(REWEAVE_CORPORA) + "/conformance/" + file + ".jsonl");
    std::size_t number = 0;
    for (std::string line; std::getline(cases, line);) {
      // One in which a tasklet is woken from elsewhere, and then there is no memory to switch.
      const bool chosen = line.find("\"t7-0146\"") != std::string::npos;
      if (number++ % 20 != 0 && !chosen) continue;  // `conform --fail-allocations` runs them all.
      const Expected<ConformanceCase> read = read_case(line);
      ASSERT_TRUE(read.has_value()) << read.error().message;
      for (const auto mode : {runtime::Switching::kSoft, runtime::Switching::kHard}) {
        runtime::Settings settings;
        settings.switching = mode;
        failures.add(read->id, read->scenario, settings);
      }
    }
  }
  EXPECT_GE(failures.programs, 150u);
  expect_clean(failures);
}

TEST(AllocationFailures, OfGeneratedProgramsLeaveEverythingInOrder) {
  AllocationFailures failures;
  for (std::uint64_t number = 0; number < 100; ++number) {
    const WeaveFile file =
        generated_file(/*seed=*/3, number, GeneratedAnswers::kOrdinary, runtime::Settings{});
    failures.add(std::to_string(number), scenario_of(file), settings_of(file));
  }
  EXPECT_LT(failures.unfinished, 3u);
  EXPECT_GT(failures.done_without, 0u);  // Some spill, or are interrupted.
  expect_clean(failures);
}

// A check that finds nothing proves something only if it can find.
TEST(AllocationFailures, AreSeenWhereADefectForgetsToUndo) {
  AllocationFailures failures;
  runtime::Settings settings;
  settings.defects.add(runtime::Defect::kRefusedSwitchKeepsValue);
  bool with_failure = false;
  for (std::uint64_t number = 0; number < 10'000 && !with_failure; ++number) {
    const WeaveFile file =
        generated_file(/*seed=*/3, number, GeneratedAnswers::kOrdinary, settings);
    failures.add(std::to_string(number), scenario_of(file), settings_of(file));
    for (const AllocationFailures::Found& found : failures.found)
      with_failure = with_failure || found.allocation != 0;
  }
  EXPECT_TRUE(with_failure);
}

}  // namespace
}  // namespace reweave::repro
