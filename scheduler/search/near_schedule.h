// A finding once more, near the schedule that showed it before the subject was edited.
//
// An edit moves places, renames functions, puts questions in and takes others out. So the old
// answers are followed in their order as far as they are asked for; the first one that is not is
// the divergence. Then it is placed at other questions, the likely ones first: another line of the
// same function, a function that was not there before, another n-th time, another actor. What is
// learnt from one answer (renaming.h) is tried at all others behind it. An answer may also be left
// out, and another one put in, near the divergence first.
//
// Each such change has a cost, and what costs least in sum is tried next (best first): a few lines
// and one renamed function cost a few executions, and the further from the old schedule the more.
// No clock and no random number: the same subject and schedule give the same result. Cost: one
// execution in a child for each try. It is no hunt: what is not near is not found.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "scheduler/schedule.h"
#include "scheduler/search/isolate.h"
#include "scheduler/subject.h"

namespace reweave {

struct NearOptions {
  std::uint64_t executions_max = 1'000;
  /// Which findings end the search, if set; else all do.
  std::function<bool(const Finding&)> counts{};
  /// Called after each execution with their number, if set.
  std::function<void(std::uint64_t)> progress{};
  /// Asked, if set, of each execution that ended its process: false if that was no finding, for it
  /// was killed, or does not do so again. Then it is run once more, and what it does then counts.
  std::function<bool(const Found&)> shows_again{};
  /// Asked before each execution and while it runs, if set. False: stop.
  std::function<bool()> keep_going{};
};

struct Near {
  std::optional<Found> found{};  // What counts.
  std::optional<Found> other{};  // The first finding that does not.
  std::uint64_t executions = 0;  // Run.
  std::size_t followed = 0;      // So many of the old answers fit as they stand.
  std::size_t changes = 0;       // Of what was found: answers placed elsewhere, left out, put in.
  bool cancelled = false;
  bool exhausted = false;  // There was nothing left to try.
};

/// `old` is the schedule of another version of `subject`. The execution numbers of what is found
/// count from 0.
Near find_near(Subject& subject, const Schedule& old, Isolator& isolator, const Limits& limits,
               const NearOptions& options = {});

}  // namespace reweave
