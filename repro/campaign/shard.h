// One of n processes that share a piece of work: which one, by a flag or by what started it.
//
//   3/8     the third of eight
//   auto    what Slurm says of an array (SLURM_ARRAY_TASK_ID, _MIN, _STEP, _COUNT)
//   auto/8  the same number by Slurm, a Kubernetes Indexed Job (JOB_COMPLETION_INDEX) or GNU
//           parallel (PARALLEL_SEQ), which do not say of how many
//
// The environment counts only where the flag asks for it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/base/expected.h"
#include "scheduler/search/explore.h"

namespace reweave::repro {

struct Shard {
  static constexpr std::uint64_t kCountMax = 100'000;

  std::uint64_t index = 0;  // From 0; less than `count`.
  std::uint64_t count = 1;

  bool is_whole() const { return count == 1; }
  bool has(std::uint64_t number) const { return number % count == index; }
  /// As the flag has it: "3/8".
  std::string text() const;
  /// Its part of `total`, so that the parts of all add up to it.
  std::uint64_t part_of(std::uint64_t total) const;
  bool operator==(const Shard&) const = default;
};

/// A variable of the environment; none if it is not set.
using Variables = std::function<std::optional<std::string>(const char*)>;
std::optional<std::string> variable_of_environment(const char* name);

Expected<Shard> parse_shard(std::string_view word, const Variables& variables);

/// Of the executions that `options` has, by blocks: those that the shard has. Its budget becomes
/// the shard's part; the blocks of a shard are the same wherever the search begins, so that one
/// that was interrupted goes on.
void take_shard(const Shard& shard, ExploreOptions& options);

}  // namespace reweave::repro
