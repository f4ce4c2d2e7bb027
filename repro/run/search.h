// A search that outlives what happens to its children.
//
// A child may be killed (by the system for want of memory, by a person) or stopped for a while:
// that is no finding, and no reason to lose an hour's work. So an execution that ended its process
// has to do so again in a replay; where it does not, it is noted, and the search goes on with the
// next execution. Where hardly an execution ends between one kill and the next it gives up.
//
// What is found without such a disturbance, and the statistics, are those of explore_in_children().
// After one, a strategy with a memory has forgotten what it saw; it tries that again, and misses
// nothing.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/search/explore.h"
#include "scheduler/search/isolate.h"

namespace reweave::repro {

/// Executions that ended their process, and are no findings.
class Disturbances {
 public:
  /// Which is one of them. `where`: of which search, a word or two with a comma behind; or "".
  void take(const Found& found, std::string_view where = "");
  void add(const Disturbances& others);

  /// Of them: it crashed, and not when it was repeated.
  std::uint64_t crashed_once() const { return crashed_once_; }
  /// What a person has to know of them: the first ones, and how many more there were.
  std::vector<std::string> notes() const;

 private:
  static constexpr std::size_t kShownMax = 20;
  std::vector<std::string> sentences_{};  // Of the first ones.
  std::uint64_t count_ = 0;
  std::uint64_t crashed_once_ = 0;
};

struct Searched {
  Exploration exploration;
  Disturbances disturbances{};
  bool gave_up = false;  // They came so fast that nothing else went on.
};

/// Instead of "clean", where `crashed_once()` or `gave_up` says so.
inline constexpr std::string_view kCrashedOnce =
    "what crashed did not crash when it was repeated: the subject is not deterministic, or "
    "something disturbed it";
inline constexpr std::string_view kGaveUp =
    "given up: processes of this hunt were killed again and again; is there too little memory?";

/// How many numbers of executions a shard (ExploreOptions::stride, block) has from `first` to
/// `last`, both of which are its own.
std::uint64_t numbers_of_shard(std::uint64_t first, std::uint64_t last,
                               const ExploreOptions& options);
/// The first number of the same shard behind `execution`.
std::uint64_t next_of_shard(std::uint64_t execution, const ExploreOptions& options);

/// How many executions it took up to what was found, which there is. `several`: in several
/// processes, each of which ran as many as it had time for.
std::uint64_t executions_up_to_found(const Exploration& part, bool several,
                                     const ExploreOptions& options);
/// Takes them, and the time, from the budget; false: nothing is left.
bool spend(const Exploration& part, std::uint64_t executions, Budget& budget);

/// `shows_again` replays an execution that ended its process. One for which it was told to stop
/// (ExploreOptions::keep_going) says nothing: a search that goes on begins with it.
Searched search(Subject& subject, std::span<Strategy* const> strategies, ExploreOptions options,
                const IsolateOptions& isolate,
                const std::function<bool(const Found&)>& shows_again);

}  // namespace reweave::repro
