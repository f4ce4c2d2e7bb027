// The folder of a campaign, the one place that knows what is where in it:
//
//   repros/       what was found and confirmed: the best repro of each signature
//   reports/      of each of them, what `replay` says
//   new/SHARD/N/  what the hunt of unit N has found, before it is confirmed
//   unconfirmed/  what did not show again in a fresh process, to be looked at by a person
//   status.html   all of it as a page, for a browser
//   shards/       SHARD.json, how far each has come, and SHARD.lock, held by whoever works on it
//
// A repro has the name of its content, comes whole, and goes only when a better one is there. So
// several shards and campaigns may work in one folder, also over a network, and a kill at any
// moment loses nothing that was found: what lies in new/ is confirmed by the next run of its shard.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "repro/campaign/campaign_state.h"
#include "repro/campaign/known.h"
#include "scheduler/base/expected.h"

namespace reweave::repro {

class CampaignFolder {
 public:
  explicit CampaignFolder(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string repros() const { return path("repros"); }
  std::string news() const { return path("new"); }
  std::string news_of(const std::string& shard) const { return path("new") + "/" + shard; }
  std::string unconfirmed() const { return path("unconfirmed"); }
  std::string page() const { return path("status.html"); }
  /// Of the repro with that path.
  std::string report_of(const std::string& repro) const;

  /// Makes what is missing, and says what keeps us from writing there.
  Status prepare() const;
  /// Is this the folder of a campaign? The error says that it is not.
  Status look() const;

  Status write_state(const ShardState& state) const;
  /// A state that was never written is empty: a default ShardState of that name.
  Expected<ShardState> read_state(const ShardState& fresh) const;
  struct States {
    std::vector<ShardState> states{};     // In order of their names.
    std::vector<std::string> troubles{};  // Those that cannot be read, a sentence each.
  };
  States read_states() const;

  FoundRepros find_repros() const { return repro::find_repros(repros()); }
  /// Takes the repro at `path` in: moves it to repros/. What is no longer the best goes away.
  Status take(const std::string& path) const;
  Status set_aside(const std::string& path) const;
  /// Removes repros, with their reports, that no signature needs.
  Status prune() const;

  /// What merge() did not take over; the rest is merged all the same.
  struct PassedOver {
    std::vector<std::string> troubles{};  // What could not be read, a sentence each.
    std::size_t without_finding = 0;      // Files that are no repros: they state no finding.
  };
  /// Adds what `from` holds, the folder of another campaign or just repros: what is confirmed, what
  /// still waits for it or has failed it, and how far each shard has come. What comes out of
  /// merging several folders is the same in whatever order, and twice is as good as once. The error
  /// says what could not be written here.
  Expected<PassedOver> merge(const std::string& from) const;

 private:
  std::string path(const char* name) const { return root_ + "/" + name; }
  Status merge_confirmed(const ReproFacts& repro, const CampaignFolder& from) const;
  Status merge_waiting(const CampaignFolder& from, PassedOver& passed_over) const;
  Status merge_states(const CampaignFolder& from, PassedOver& passed_over) const;

  std::string root_;
};

/// "KIND-CONTENTNAME.weave" stays; any other name becomes "repro-CONTENTNAME.weave", so that two
/// files of one name are one file.
std::string canonical_name(const std::string& path, std::string_view content);

/// Held as long as it lives, and no longer than its process.
class ShardLock {
 public:
  ShardLock() = default;
  ~ShardLock();
  ShardLock(const ShardLock&) = delete;
  ShardLock& operator=(const ShardLock&) = delete;

  /// The error says that another campaign works on this shard in that folder.
  Status take(const CampaignFolder& folder, const std::string& shard);

 private:
  int fd_ = -1;
};

}  // namespace reweave::repro
