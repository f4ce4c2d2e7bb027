// Where a search found nothing: may that be called "clean"?
//
// Not where no execution asked a question, for none could go another way; and not where a limit
// stopped every execution, for none was seen to its end. Each command that says "clean" asks here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scheduler/search/explore.h"
#include "scheduler/subject.h"

namespace reweave::repro {

struct NothingSeen {
  std::string verdict{};  // "unexplored" or "stopped", in place of "clean"; "": it was clean.
  std::string words{};    // Then: one sentence for people.

  explicit operator bool() const { return !verdict.empty(); }
};
/// `unexplored`: unexplored_words() of the subject.
NothingSeen nothing_seen(const Statistics& statistics, const Limits& limits,
                         std::string_view unexplored);

/// What is said of a search in which no execution asked a question, and why that may be.
std::string unexplored_words(const Subject& subject);
inline constexpr std::string_view kUnexploredVerdict = "unexplored", kStoppedVerdict = "stopped";

/// How Statistics::cut_off is called, beside outcome_name() of the others.
inline constexpr std::string_view kTimeLimit = "time-limit";

/// "10 actors (actors-max)"; "" if that outcome is no limit that stops an execution.
std::string limit_words(Outcome outcome, const Limits& limits);

/// One sentence for each limit that executions reached. `stops`: Subject::places_of_stop().
std::vector<std::string> limit_notes(const Statistics& statistics, const Limits& limits,
                                     const std::vector<std::string>& stops);

}  // namespace reweave::repro
