#include "repro/campaign/shard.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace reweave::repro {
namespace {

using Environment = std::map<std::string, std::string>;

Variables variables(const Environment& environment) {
  return [environment](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
}

Shard shard(std::string_view word, const Environment& environment = {}) {
  const Expected<Shard> parsed = parse_shard(word, variables(environment));
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : Shard{};
}

std::string trouble(std::string_view word, const Environment& environment = {}) {
  const Expected<Shard> parsed = parse_shard(word, variables(environment));
  EXPECT_FALSE(parsed.has_value()) << word;
  return parsed ? "" : parsed.error().message;
}

TEST(Shard, IsNamedByAFlagAndCountsFromOne) {
  EXPECT_EQ(shard("3/8"), (Shard{.index = 2, .count = 8}));
  EXPECT_EQ(shard("3/8").text(), "3/8");
  EXPECT_TRUE(shard("1/1").is_whole());
}

TEST(Shard, IsNamedByWhateverStartsNCopies) {
  EXPECT_EQ(shard("auto", {{"SLURM_ARRAY_TASK_ID", "7"},
                           {"SLURM_ARRAY_TASK_MIN", "3"},
                           {"SLURM_ARRAY_TASK_STEP", "2"},
                           {"SLURM_ARRAY_TASK_COUNT", "4"}}),
            (Shard{.index = 2, .count = 4}));
  EXPECT_EQ(shard("auto/8", {{"JOB_COMPLETION_INDEX", "0"}}), (Shard{.index = 0, .count = 8}));
  EXPECT_EQ(shard("auto/8", {{"PARALLEL_SEQ", "8"}}), (Shard{.index = 7, .count = 8}));
}

TEST(Shard, OfTheEnvironmentIsNotTakenUnlessAskedFor) {
  EXPECT_EQ(shard("1/2", {{"JOB_COMPLETION_INDEX", "1"}}), (Shard{.index = 0, .count = 2}));
}

TEST(Shard, ThatCannotBeIsRefusedInASentence) {
  for (const char* const word : {"", "0/8", "9/8", "-1/8", "1/0", "1", "1/", "/8", "a/b", "1/8/9",
                                 "1/100001", "99999999999999999999/2"}) {
    EXPECT_NE(trouble(word).find(' '), std::string::npos) << word;
  }
  EXPECT_NE(trouble("auto/8").find("JOB_COMPLETION_INDEX"), std::string::npos);
  EXPECT_NE(trouble("auto", {{"JOB_COMPLETION_INDEX", "1"}}).find("auto/8"), std::string::npos);
  EXPECT_NE(trouble("auto/2", {{"JOB_COMPLETION_INDEX", "2"}}).find("no such one"),
            std::string::npos);
  EXPECT_NE(trouble("auto/2", {{"PARALLEL_SEQ", "x"}}).find("PARALLEL_SEQ=x"), std::string::npos);
}

/// Numbers that a search without findings runs, as explore() goes through them.
std::set<std::uint64_t> numbers(const ExploreOptions& options) {
  std::set<std::uint64_t> run;
  std::uint64_t at = options.first_execution;
  while (run.size() < options.budget.executions) {
    run.insert(at);
    const std::uint64_t block = at / options.block;
    at = (at + 1) / options.block == block ? at + 1 : (block + options.stride) * options.block;
  }
  return run;
}

TEST(Shard, SharesTheExecutionsWithTheOthersSoThatEachIsRunOnce) {
  for (const std::uint64_t block : {std::uint64_t{1}, std::uint64_t{8}}) {
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{16}, std::uint64_t{48}}) {
      ExploreOptions whole{.budget = {.executions = 240}, .first_execution = first, .block = block};
      std::set<std::uint64_t> all;
      std::size_t count = 0;
      for (std::uint64_t index = 0; index < 5; ++index) {
        ExploreOptions options = whole;
        take_shard({.index = index, .count = 5}, options);
        const std::set<std::uint64_t> part = numbers(options);
        count += part.size();
        all.insert(part.begin(), part.end());
      }
      EXPECT_EQ(count, 240u);
      EXPECT_EQ(all, numbers(whole)) << "block " << block << ", first " << first;
    }
  }
}

TEST(Shard, GoesOnInItsOwnNumbers) {
  ExploreOptions options{.budget = {.executions = 10}, .first_execution = 23};
  take_shard({.index = 3, .count = 5}, options);
  EXPECT_EQ(options.first_execution, 23u);  // 23 % 5 is 3: it is its own already.
}

}  // namespace
}  // namespace reweave::repro
