// The gauntlet, a mutation test of the oracles: is every historical defect found without a hint?
//
// Each defect is switched on alone and hunted from generated scenarios (generated.h), once for each
// seed, until an oracle speaks or the budget of executions is used up. A finding counts only if the
// same execution with the defect off is clean; else it is an error of ours. What is found is
// shrunk, so that the smallest scenario is known that shows it.
//
// Everything but the seconds is a function of defect, seeds and budgets. Every execution runs in a
// child: a defect may really crash.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "repro/file/weave_file.h"
#include "repro/run/runner.h"
#include "runtime/vocabulary/settings.h"

namespace reweave::repro {

struct GauntletOptions {
  std::uint64_t seeds = 5;               // 1 … seeds
  std::uint64_t executions = 2'000'000;  // For each defect and seed.
  std::uint64_t ordinary = 10'000;       // Executions under ordinary answers, with seed 1.
  std::uint64_t shrink = 3'000;          // Executions to shrink one finding with.
  std::string oracle;                    // Only its findings count; "": all.

  /// Called now and then, if set: the defect, the seed, and executions so far.
  std::function<void(const char*, std::uint64_t, std::uint64_t)> progress{};

  /// Asked again and again, if set; false: stop, the row that comes back says nothing.
  std::function<bool()> keep_going{};
};

/// How one defect fared.
struct GauntletRow {
  const char* defect = "";
  std::uint64_t seeds = 0;
  std::uint64_t found = 0;  // By this many of them.
  /// Of all seeds, one that found nothing counting as more than any; none if that is the one in the
  /// middle.
  std::optional<std::uint64_t> executions_median{};
  std::optional<double> seconds_median{};
  std::optional<std::size_t> size{};  // Operations of the smallest scenario.
  std::size_t answers = 0;            // Of its schedule.
  std::string kind;                   // Of the finding of the smallest one: "lost-value"; or "".
  std::string oracle;                 // Who saw it; or "".
  std::uint64_t ordinary_found = 0;   // So many of the ordinary executions have a finding.
  std::uint64_t ordinary = 0;
  std::optional<WeaveFile> smallest{};
  std::vector<std::string> errors{};  // Findings that are none of the defect's.
};

GauntletRow run_gauntlet(const runtime::DefectInfo& defect, const GauntletOptions& options,
                         Runner& runner);

}  // namespace reweave::repro
