// A campaign: hunts over strategies, targets and seeds, each in a process of its own, as many at
// once as are wanted, until a budget is used up or little is left to be found.
//
// What a hunt finds it has replayed, shrunk and confirmed; the campaign confirms it twice more, in
// fresh processes, keeps the best repro of each signature with its report, and masks what is known
// in later hunts. A hunt whose process dies is started once more, and then left out with a note.
// All that is known lies in the folder (folder.h); a run after a death goes on there.
//
// With one job and a budget of executions it is deterministic. With several, which hunt masks what
// depends on which of them ends first; what is in repros/ stands by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "repro/campaign/campaign_state.h"
#include "repro/campaign/folder.h"
#include "repro/report/terminal.h"

namespace reweave::repro {

struct CampaignOptions {
  struct Target {
    std::string name{};                     // For people; with the settings it tells targets apart.
    std::vector<std::string> words{};       // Of `hunt`, behind all flags: a file, or `-- PROGRAM`.
    std::vector<std::string> strategies{};  // "": hunt's only one.
  };

  std::string tool{};  // To be started: argv[0].
  std::vector<Target> targets{};
  std::vector<std::string> flags{};  // Of all hunts: settings, --hang-ms.
  std::vector<std::string> known{};  // Folders of repros that are masked, besides its own.
  std::uint64_t seed = 1;
  Shard shard{};
  std::uint64_t jobs = 1;
  std::uint64_t executions = 0;    // Of all shards together, since the beginning; 0: no limit.
  std::uint64_t milliseconds = 0;  // Of this run; 0: no limit.
  std::uint64_t left_one_in = 0;   // Stop where the estimate (good_turing.h) says so; 0: never.
  std::uint64_t unit_milliseconds = 30'000;  // Longer than this no hunt takes, but to shrink.
  std::uint64_t progress_milliseconds = 10'000;

  std::function<bool()> keep_going{};              // False: end in order.
  std::function<void(const std::string&)> tell{};  // A line for people.
};

enum class CampaignEnd {
  kExecutions,
  kSeconds,
  kExhausted,   // Every execution of every target was tried.
  kLittleLeft,  // By the estimate.
  kInterrupted,
  kNotWritten,   // The folder cannot be written: `trouble`.
  kUsage,        // A hunt refuses its flags or its target: `trouble`.
  kUnavailable,  // Hunts die one after the other, or another campaign is here: `trouble`.
};
const char* campaign_end_word(CampaignEnd end);

struct CampaignResult {
  CampaignEnd end{};
  std::string trouble{};
};

CampaignResult run_campaign(const CampaignFolder& folder, const CampaignOptions& options);

/// What there is in a folder, for `status` and the end of `run`.
struct CampaignStatus {
  std::vector<ShardState> states{};
  std::vector<ReproFacts> repros{};
  std::uint64_t waiting = 0;      // Repros in new/, not yet confirmed.
  std::uint64_t unconfirmed = 0;  // Set aside.
  std::vector<std::string> troubles{};

  /// Something was found, by whichever shard, even where nobody has confirmed it yet.
  bool has_findings() const { return !repros.empty() || waiting > 0; }
  /// All that was found is something else in a fresh process.
  bool is_nondeterministic() const { return !has_findings() && unconfirmed > 0; }
};
CampaignStatus status_of(const CampaignFolder& folder);
std::string status_text(const CampaignFolder& folder, const CampaignStatus& status,
                        const Terminal& terminal);
/// One object on one line; `end`: of a run, or null.
std::string status_json(const CampaignFolder& folder, const CampaignStatus& status,
                        const CampaignResult* end);

}  // namespace reweave::repro
