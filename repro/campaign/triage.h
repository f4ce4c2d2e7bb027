// Repros of any folder, sorted: which signature, how many, the best one, and whether a baseline
// knows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repro/campaign/known.h"

namespace reweave::repro {

struct TriageGroup {
  std::string signature{};
  ReproFacts best{};
  std::vector<std::string> others{};  // Paths of the other repros that show it, the best first.
  bool known = false;                 // The baseline has it.
};

struct Triage {
  std::vector<TriageGroup> groups{};      // New ones first, then by signature.
  std::vector<std::string> not_needed{};  // Repros that are the best of no signature.
  std::vector<std::string> not_seen{};    // Signatures of the baseline that no repro shows.
  std::vector<std::string> troubles{};    // Files that are no repros, a sentence each.
  std::uint64_t without_verdict = 0;      // Files that state no finding.
  bool has_baseline = false;

  std::uint64_t new_count() const;
};

/// Each file is opened once. `baseline` may be empty: then nothing is known.
Triage triage(const std::vector<std::string>& files_and_folders,
              const std::vector<std::string>& baseline);
std::string triage_text(const Triage& triage);
/// One object on one line.
std::string triage_json(const Triage& triage);
/// An annotation for each signature that is not known, with what a campaign's report says of it.
std::string triage_github(const Triage& triage);
/// What is appended to the file that GITHUB_STEP_SUMMARY names: Markdown.
std::string triage_github_summary(const Triage& triage);

}  // namespace reweave::repro
