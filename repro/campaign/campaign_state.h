// How far a shard of a campaign has come: which units are done, and what they gave. One JSON file
// for each shard, replaced as a whole after each unit, so that a kill loses at most the units that
// were running; those are done again.
//
// It holds no time of the clock: only how long the campaign has worked.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "repro/campaign/campaign_plan.h"
#include "repro/campaign/good_turing.h"
#include "repro/campaign/shard.h"
#include "scheduler/base/expected.h"

namespace reweave::repro {

struct ArmState {
  std::string target{};    // Words of a command line.
  std::string strategy{};  // "": that of the target alone.
  ArmRecord record{};
};

struct ShardState {
  static constexpr int kSchema = 1;
  static constexpr std::size_t kTroublesMax = 20;
  static constexpr std::size_t kSamplesMax = 400;
  /// What there was when a unit had ended.
  struct Sample {
    std::uint64_t milliseconds = 0;  // Of work.
    std::uint64_t executions = 0;
    std::uint64_t signatures = 0;  // Confirmed, of all shards.
  };

  std::uint64_t seed = 1;
  Shard shard{};
  std::vector<ArmState> arms{};
  std::uint64_t next = 0;            // All units of the shard before this one are done …
  std::set<std::uint64_t> beyond{};  // … and these.
  std::uint64_t units = 0;
  std::uint64_t failed = 0;  // Units whose process died twice.
  std::uint64_t executions = 0;
  std::uint64_t milliseconds = 0;                // Of work, over all runs.
  std::uint64_t last_new_milliseconds = 0;       // Then something new was found the last time.
  std::map<std::string, std::uint64_t> times{};  // Of each signature.
  std::vector<std::string> troubles{};           // The first ones, a sentence each.
  std::vector<Sample> history{};                 // At most kSamplesMax, the oldest first.

  bool is_done(std::uint64_t unit) const { return unit < next || beyond.count(unit) > 0; }
  void set_done(std::uint64_t unit);
  void add_trouble(std::string text);
  /// Not earlier than the last one. Where there are too many, the one is forgotten whose neighbours
  /// are nearest to each other: so what is left is spread over all of the time.
  void add_sample(const Sample& sample);

  /// The name of its file, without folder: of what makes its units, so that the same name means the
  /// same units.
  std::string name() const;
};

std::string write_state(const ShardState& state);
/// `name` is the file's, for errors.
Expected<ShardState> read_state(std::string_view text, std::string_view name);

/// Of two states with one name: is `a` the one that has come farther? A strict order on what is
/// written, so that merging does not depend on the order.
bool is_farther(const ShardState& a, const ShardState& b);

/// Over all shards.
std::map<std::string, std::uint64_t> times_of(const std::vector<ShardState>& states);
Leftover leftover_of(const std::vector<ShardState>& states);

}  // namespace reweave::repro
