#include "repro/run/search_all.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "scheduler/search/determinism.h"

namespace reweave::repro {
namespace {

/// How often children saw what is known.
class Sightings {
 public:
  explicit Sightings(const std::set<std::string>& known)
      : known_(known), bytes_((known.size() + 1) * sizeof(Count)) {
    void* const memory =
        mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      throw std::system_error(errno, std::generic_category(), "the system gives no shared memory");
    counts_ = static_cast<Count*>(memory);
    for (std::size_t i = 0; i <= known.size(); ++i) ::new (counts_ + i) Count(0);
    std::size_t number = 0;
    for (const std::string& signature : known) numbers_[signature] = number++;
  }
  ~Sightings() { munmap(counts_, bytes_); }
  Sightings(const Sightings&) = delete;
  Sightings& operator=(const Sightings&) = delete;

  /// In a child. False: it is not known.
  bool note(const std::string& signature) {
    const auto number = numbers_.find(signature);
    if (number == numbers_.end()) return false;
    counts_[number->second].fetch_add(1, std::memory_order_relaxed);
    return true;
  }

  void add_to(std::map<std::string, std::uint64_t>& times) const {
    for (const auto& [signature, number] : numbers_) {
      const std::uint64_t count = counts_[number].load(std::memory_order_relaxed);
      if (count > 0) times[signature] += count;
    }
  }

 private:
  using Count = std::atomic<std::uint64_t>;
  std::set<std::string> known_;
  std::map<std::string, std::size_t> numbers_;
  std::size_t bytes_;
  Count* counts_;
};

void add(Searched part, Searched& all) {
  Statistics sum = all.exploration.statistics;
  const std::uint64_t milliseconds = sum.milliseconds + part.exploration.statistics.milliseconds;
  reweave::add(part.exploration.statistics, sum);
  sum.milliseconds = milliseconds;
  all.exploration = std::move(part.exploration);
  all.exploration.statistics = sum;
  all.disturbances.add(part.disturbances);
  all.gave_up = part.gave_up;
}

}  // namespace

AllSearched search_all(Subject& subject, std::span<Strategy* const> strategies,
                       ExploreOptions options, const IsolateOptions& isolate,
                       std::set<std::string> known,
                       const std::function<bool(const Found&)>& shows_again,
                       const TakeFound& take) {
  AllSearched all;
  const auto counts = options.counts;
  const auto progress = options.progress;
  if (progress) {
    options.progress = [&](const Statistics& part) {
      Statistics sum = all.searched.exploration.statistics;
      sum.executions += part.executions;
      sum.milliseconds += part.milliseconds;
      return progress(sum);
    };
  }
  for (;; ++all.parts) {
    Sightings sightings(known);
    options.counts = [&](const Finding& finding) {
      if (counts && !counts(finding)) return false;
      return !sightings.note(stated_signature(finding));
    };
    Searched part = search(subject, strategies, options, isolate, shows_again);
    sightings.add_to(all.times);
    const std::uint64_t done =
        part.exploration.found
            ? executions_up_to_found(part.exploration, strategies.size() > 1, options)
            : 0;
    const std::optional<Found> found = std::exchange(part.exploration.found, std::nullopt);
    bool goes_on = found.has_value();
    if (found) {
      goes_on = spend(part.exploration, done, options.budget);
      options.first_execution = next_of_shard(found->execution, options);
      part.exploration.next = options.first_execution;
      part.exploration.statistics.executions += found->died ? 1 : 0;
      part.exploration.reason =
          options.budget.executions != 0 ? StopReason::kExecutions : StopReason::kSeconds;
    }
    add(std::move(part), all.searched);
    if (!found) return all;
    const std::string signature = take(*found);
    if (!signature.empty()) {
      ++all.times[signature];
      known.insert(signature);
    } else if (is_nondeterminism(found->finding)) {
      all.unstable = AllSearched::kUnstableMax;  // Nothing that follows would mean anything.
      return all;
    } else if (++all.unstable == AllSearched::kUnstableMax) {
      return all;
    }
    if (!goes_on) return all;
    if (options.keep_going && !options.keep_going()) {
      all.searched.exploration.reason = StopReason::kCancelled;
      return all;
    }
  }
}

}  // namespace reweave::repro
