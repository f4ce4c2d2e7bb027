#include "repro/run/search.h"

#include <fmt/format.h>

#include "repro/report/terminal.h"

namespace reweave::repro {

void Disturbances::take(const Found& found, std::string_view where) {
  const bool crashed_once = !found.killed && found.finding.kind == FindingKind::kCrash;
  crashed_once_ += crashed_once ? 1 : 0;
  if (count_++ >= kShownMax) return;
  const std::string which = fmt::format("{}execution {}", where, with_commas(found.execution));
  sentences_.push_back(
      found.killed ? which + " was killed by somebody else, or had no memory"
                   : fmt::format("{} ended its process (\"{}\"), but not when it was repeated",
                                 which, found.finding.signature));
}

void Disturbances::add(const Disturbances& others) {
  count_ += others.count_;
  crashed_once_ += others.crashed_once_;
  for (const std::string& sentence : others.sentences_) {
    if (sentences_.size() < kShownMax) sentences_.push_back(sentence);
  }
}

std::vector<std::string> Disturbances::notes() const {
  std::vector<std::string> notes = sentences_;
  if (count_ > notes.size())
    notes.push_back(fmt::format("and {} more such executions", with_commas(count_ - notes.size())));
  return notes;
}

std::uint64_t numbers_of_shard(std::uint64_t first, std::uint64_t last,
                               const ExploreOptions& options) {
  const std::uint64_t blocks = (last / options.block - first / options.block) / options.stride;
  return blocks * options.block + last % options.block + 1 - first % options.block;
}

std::uint64_t next_of_shard(std::uint64_t execution, const ExploreOptions& options) {
  const std::uint64_t block = execution / options.block, next = execution + 1;
  return next / options.block == block ? next : (block + options.stride) * options.block;
}

std::uint64_t executions_up_to_found(const Exploration& part, bool several,
                                     const ExploreOptions& options) {
  if (several) return numbers_of_shard(options.first_execution, part.found->execution, options);
  return part.statistics.executions + (part.found->died ? 1 : 0);
}

bool spend(const Exploration& part, std::uint64_t executions, Budget& budget) {
  if (budget.executions != 0) {
    if (executions >= budget.executions) return false;
    budget.executions -= executions;
  }
  if (budget.all_milliseconds() != 0) {
    if (part.statistics.milliseconds >= budget.all_milliseconds()) return false;
    budget = {.executions = budget.executions,
              .milliseconds = budget.all_milliseconds() - part.statistics.milliseconds};
  }
  return true;
}

Searched search(Subject& subject, std::span<Strategy* const> strategies, ExploreOptions options,
                const IsolateOptions& isolate,
                const std::function<bool(const Found&)>& shows_again) {
  constexpr std::uint64_t kFew = 100, kPatience = 20;
  Searched searched;
  Statistics before;
  std::uint64_t in_a_row = 0;
  const std::function<bool(const Statistics&)> progress = options.progress;
  if (progress) {
    options.progress = [&](const Statistics& part) {
      Statistics sum = before;
      add(part, sum);
      sum.milliseconds = before.milliseconds + part.milliseconds;
      return progress(sum);
    };
  }
  for (;;) {
    Exploration part = explore_in_children(subject, strategies, options, isolate);
    const std::uint64_t done =
        part.found ? executions_up_to_found(part, strategies.size() > 1, options) : 0;
    const bool budget_left = spend(part, done, options.budget);
    const std::uint64_t milliseconds = before.milliseconds + part.statistics.milliseconds;
    add(part.statistics, before);
    before.milliseconds = milliseconds;
    part.statistics = before;
    searched.exploration = std::move(part);
    const std::optional<Found>& found = searched.exploration.found;
    if (!found || !found->died) return searched;
    if (!found->killed && shows_again(*found)) return searched;
    if (options.keep_going && !options.keep_going()) {
      searched.exploration.next = found->execution;
      searched.exploration.reason = StopReason::kCancelled;
      searched.exploration.found.reset();
      return searched;
    }
    searched.disturbances.take(*found);
    in_a_row = done <= kFew ? in_a_row + 1 : 0;
    options.first_execution = next_of_shard(found->execution, options);
    searched.exploration.next = options.first_execution;
    searched.exploration.found.reset();
    searched.gave_up = in_a_row >= kPatience;
    searched.exploration.reason =
        options.budget.executions != 0 ? StopReason::kExecutions : StopReason::kSeconds;
    if (searched.gave_up || !budget_left) return searched;
  }
}

}  // namespace reweave::repro
