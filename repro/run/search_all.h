// A search that goes on after it has found something, for what else there is.
//
// The signatures that are known are masked: an execution counts only for a finding with another
// one, so that the first bug does not hide the rest. Children note in shared memory how often each
// known signature was seen. What ended its process cannot be looked at there and is told by whoever
// replays it.
//
// After a new signature the search goes on with the next execution, in new children: a strategy
// with a memory has forgotten what it saw. Cost: a fork for each new signature and for each
// execution that dies.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>

#include "repro/run/again.h"
#include "repro/run/search.h"

namespace reweave::repro {

struct AllSearched {
  static constexpr std::uint64_t kUnstableMax = 20;

  Searched searched;  // With the statistics of all of it; its `found` is empty.
  /// How often each signature was seen, also the known ones that were. With several jobs executions
  /// that one of them ran ahead count twice.
  std::map<std::string, std::uint64_t> times{};
  std::uint64_t parts = 1;     // So many searches it was: one more for each finding.
  std::uint64_t unstable = 0;  // Findings that did not show again; with kUnstableMax it gave up.
};

/// `known`: stated_signature()s. `shows_again` as for search(); `take` is asked about each finding,
/// in this process, and its answer is known from then on.
AllSearched search_all(Subject& subject, std::span<Strategy* const> strategies,
                       ExploreOptions options, const IsolateOptions& isolate,
                       std::set<std::string> known,
                       const std::function<bool(const Found&)>& shows_again, const TakeFound& take);

}  // namespace reweave::repro
