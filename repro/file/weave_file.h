// The text format of all files, `*.weave`: a scenario; in a repro settings, schedule and verdict.
//
//   weave 1                       # always the first line: the format's version
//   settings                      # optional; what is not said has its default
//     switching soft
//     defects post-switch-clear,spill-drops-tempval
//   end
//   channel c                     # the scenario: see runtime/language/text.h
//   function main
//     send c
//   end
//   schedule                      # optional; the answers that were not ordinary: see schedule.h
//     0.1  spill  callback.2  0  1
//   end
//   verdict                       # optional; what this execution must give, whole
//     finding lost-value step 12 lost-value spill receiver.1
//     result receive 0.1 receiver.1 None
//     trace 0123456789abcdef
//   end
//
// A file is data: it can neither run code nor exhaust the machine. The reader rejects whatever it
// does not know, with file, line, what was found and what to do; there is a limit on every count.
// Reading what was written gives the same; what was read and is written again has all settings, in
// one order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/language/scenario.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/base/expected.h"
#include "scheduler/execution.h"
#include "scheduler/schedule.h"

namespace reweave::repro {

/// A finding as a verdict states it; its message is for people and may be reworded without breaking
/// repros.
struct StatedFinding {
  FindingKind kind{};
  std::uint64_t step = 0;
  std::string signature{};  // Words with single blanks between them.
  bool operator==(const StatedFinding&) const = default;
};

/// What an execution gave: findings in order, then what each receive returned, then the trace hash.
struct Verdict {
  static constexpr std::size_t kFindingsMax = 100, kResultsMax = 20'000;
  std::vector<StatedFinding> findings{};
  std::vector<std::string> results{};         // Words with single blanks between them.
  std::optional<std::uint64_t> trace_hash{};  // None if the process died before it was known.
  bool operator==(const Verdict&) const = default;
  bool clean() const { return findings.empty(); }
};

/// The verdict of an execution with these findings and results; texts are brought into the form of
/// the file.
Verdict verdict_of(const std::vector<Finding>& findings, const std::vector<std::string>& results,
                   std::optional<std::uint64_t> trace_hash);

/// One line: what the first difference between two verdicts is; "" for equal ones.
std::string difference(const Verdict& expected, const Verdict& found);

struct WeaveFile {
  static constexpr int kVersion = 1;  // Readers refuse every other one.
  static constexpr std::string_view kExtension = ".weave";

  runtime::Settings settings;
  runtime::Scenario scenario;
  std::optional<Schedule> schedule{};
  std::optional<Verdict> verdict{};
};

/// `name` is the file's, for errors.
Expected<WeaveFile> read_weave(std::string_view text, std::string_view name);

/// The canonical text.
std::string write_weave(const WeaveFile& file);

/// The settings section alone, without its first line and `end`; for `--trace` and reports.
std::string settings_text(const runtime::Settings& settings, std::string_view indent);

}  // namespace reweave::repro
