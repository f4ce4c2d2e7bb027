// Conformance cases: programs that the real interpreter ran, with the traces that it gave.
//
// A case is one JSON object on a line: functions as nested lists of operations, and for each
// switching mode what was observed. A case is translated into a scenario, run under ordinary
// answers, and its events are rendered in the words of the recording; both sides are then compared
// line by line.
//
// Spilling and preemption are no part of a recording: a real program cannot observe them, so their
// events are left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/language/scenario.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/base/expected.h"
#include "scheduler/finding.h"
#include "scheduler/shared_tape.h"

namespace reweave::repro {

/// What was observed in one mode, each line as JSON text without blanks: `["out","ok"]`, then the
/// events, then balances, what is left, and the length of the run queue.
struct Observation {
  std::vector<std::string> lines;
  bool operator==(const Observation&) const = default;
};

struct ConformanceCase {
  std::string id;
  runtime::Scenario scenario;      // Linked.
  std::vector<std::string> words;  // What `emit` logs, as recorded; the scenario's own are names.
  Observation soft;
  Observation hard;  // Equal to `soft` where the recording has no own one.
};

/// One line of a file of cases. An error says what is not understood. Every number is read as it
/// is written or refused, and limits are looked at before anything is made: a line may be hostile.
Expected<ConformanceCase> read_case(std::string_view line);

/// Runs a case under ordinary answers and observes it. What the oracles say is no part of it: where
/// the real interpreter lost a value they report the very loss that the recording shows.
/// Whoever wants to know them names `findings`, which they are appended to. `tape`: of a process
/// that watches, or null.
Observation observe(const ConformanceCase& conformance_case, const runtime::Settings& settings,
                    std::vector<Finding>* findings = nullptr, SharedTape* tape = nullptr);

/// The same from the executable specification alone: nothing of the runtime runs.
Observation predict(const ConformanceCase& conformance_case, const runtime::Settings& settings);

struct Difference {
  std::size_t line = 0;  // From 0.
  std::string expected;  // "" beyond the end.
  std::string found;
  std::vector<std::string> before;  // The last lines on which both agree.
};
std::optional<Difference> first_difference(const Observation& expected, const Observation& found);

}  // namespace reweave::repro
