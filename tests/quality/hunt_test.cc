// How soon the lost value is found without a hint where it is, and that nothing is
// found where nothing is.
//
// Counted in executions, so that the figures are the same on every machine. The full length of the
// clean hunts is a script: tests/quality/long.
#include <algorithm>
#include <cstdio>

#include "scheduler/machine/sanitizer.h"
#include "tests/quality/quality.h"

namespace reweave::quality {
namespace {

constexpr std::uint64_t kSeeds = 20;

/// Executions up to the finding with the seeds 1 … 20, sorted; a seed that finds nothing counts as
/// one more than allowed.
std::vector<std::uint64_t> executions_to_finding(const std::string& scenario,
                                                 std::uint64_t executions_max) {
  const repro::WeaveFile file = with_defects(corpus_file(scenario), kBothHalves);
  std::vector<std::uint64_t> counts;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Exploration hunted = hunt(file, seed, executions_max);
    if (!hunted.found) {
      ADD_FAILURE() << scenario << ", seed " << seed << ": nothing in "
                    << hunted.statistics.executions << " executions";
      counts.push_back(executions_max + 1);
      continue;
    }
    EXPECT_EQ(hunted.found->finding.kind, FindingKind::kLostValue);
    counts.push_back(hunted.found->execution + 1);
  }
  std::sort(counts.begin(), counts.end());
  return counts;
}

/// The greater of the two in the middle.
std::uint64_t median(const std::vector<std::uint64_t>& sorted) { return sorted[sorted.size() / 2]; }

void print(const char* scenario, const std::vector<std::uint64_t>& counts) {
  std::printf(
      "%s: executions to the lost value, %zu seeds: median %llu, lowest %llu, highest %llu\n",
      scenario, counts.size(), static_cast<unsigned long long>(median(counts)),
      static_cast<unsigned long long>(counts.front()),
      static_cast<unsigned long long>(counts.back()));
}

TEST(Hunt, FindsTheLostValueInTheNeutralScenarioInTwentyExecutions) {
  const std::vector<std::uint64_t> counts =
      executions_to_finding("scenarios/neutral.weave", 10'000);
  print("neutral", counts);
  EXPECT_LE(median(counts), 20u);
}

TEST(Hunt, FindsTheLostValueInTheNoisyScenarioInTenThousandExecutions) {
  const std::vector<std::uint64_t> counts = executions_to_finding("scenarios/noisy.weave", 10'000);
  print("noisy", counts);
  EXPECT_LE(counts.back(), 10'000u);
}

TEST(Hunt, FindsTheLostChunkOfTheDownloadAndNothingWithHalfOfTheBug) {
  const std::vector<std::uint64_t> counts =
      executions_to_finding("scenarios/download.weave", 10'000);
  print("download", counts);
  EXPECT_LE(median(counts), 100u);
  for (const char* half : {"post-switch-clear", "spill-drops-tempval"}) {
    const Exploration hunted =
        hunt(with_defects(corpus_file("scenarios/download.weave"), half), 1, 10'000);
    EXPECT_FALSE(hunted.found.has_value()) << half << ": " << hunted.found->finding.message;
  }
}

TEST(Hunt, FindsTheLostJobWhereAnAtomicSectionDoesNotKeepTheLock) {
  const repro::WeaveFile file =
      with_defects(corpus_file("scenarios/lost-job.weave"), "atomic-yields-gil");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Exploration hunted = hunt(file, seed, 10'000);
    ASSERT_TRUE(hunted.found.has_value()) << seed;
    EXPECT_EQ(hunted.found->finding.kind, FindingKind::kDeadlock);
  }
}

// That a search finds the value is worth something only if ordinary answers do not lose it.
TEST(Hunt, TheScenariosAreCleanUnderOrdinaryAnswersEvenWithTheDefects) {
  for (const char* name : {"scenarios/neutral.weave", "scenarios/noisy.weave"}) {
    repro::Runner runner;
    const auto run = runner.run(with_defects(corpus_file(name), kBothHalves), ReplayMode::kStrict);
    EXPECT_THAT(signatures(run.findings), testing::IsEmpty()) << name;
    EXPECT_EQ(run.outcome, Outcome::kCompleted) << name;
  }
}

// Each half of the old bug alone loses nothing in the blog's recipe: it needs both, or a callback
// that switches.
TEST(Hunt, FindsNothingWithAllDefectsOff) {
  const std::uint64_t executions = sanitizer::kAddress ? 20'000 : 100'000;
  for (const char* name :
       {"scenarios/neutral.weave", "scenarios/noisy.weave", "scenarios/blog.weave",
        "scenarios/d1.weave", "scenarios/d2.weave", "scenarios/d3.weave",
        "scenarios/download.weave", "scenarios/lost-job.weave"}) {
    const Exploration hunted = hunt(with_defects(corpus_file(name), ""), 1, executions);
    EXPECT_FALSE(hunted.found.has_value())
        << name << ": " << hunted.found->finding.signature << ": " << hunted.found->finding.message;
    if (hunted.reason != StopReason::kExhausted) {
      EXPECT_EQ(hunted.statistics.executions, executions) << name;
    }
  }
}

}  // namespace
}  // namespace reweave::quality
