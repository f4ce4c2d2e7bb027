// A schedule with one answer less: two of its answers are left out, and one other is put in.
//
// Deleting single answers ends where each is needed by the others: a first thread that is held back
// and a second one that is not, where one preemption in another place would do. So where a schedule
// is short, each two of its answers are left out, the subject is asked which questions come then,
// and each other answer to each of them is tried; the questions come in their order, so that the
// earliest place wins. For a schedule of two answers this tries every schedule of one: what is left
// then has as few answers as there can be.
//
// Deterministic: no clock, no random number. Cost, for each pair (at most 28): one execution to
// ask, and one for each other answer, in a child that goes on until one of them ends it
// (trials_ahead.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "scheduler/schedule.h"
#include "scheduler/search/isolate.h"
#include "scheduler/subject.h"

namespace reweave {

/// Schedules with more answers have too many pairs.
inline constexpr std::size_t kReplacedAnswersMax = 8;

struct ReplaceOptions {
  std::uint64_t executions_max = 5'000;
  /// Asked before each execution, if set. False: stop.
  std::function<bool()> keep_going{};
};

struct Replaced {
  std::optional<Schedule> schedule{};  // With fewer answers, as it was followed; none: not found.
  Finding finding{};                   // As that shows it.
  std::uint64_t executions = 0;        // Used.
  bool all_tried = false;              // Nothing was found, and nothing left untried.
};

/// `schedule` shows a finding with `signature` on `subject`. One with fewer than two answers, or
/// with more than kReplacedAnswersMax, is not tried.
Replaced replace_two_answers(Subject& subject, const Schedule& schedule, std::string_view signature,
                             Isolator& isolator, const Limits& limits,
                             const ReplaceOptions& options = {});

}  // namespace reweave
