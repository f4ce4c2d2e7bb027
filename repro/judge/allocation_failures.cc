#include "repro/judge/allocation_failures.h"

#include <string>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/execution.h"
#include "scheduler/search/explore.h"

namespace reweave::repro {
namespace {

/// Fails the n-th allocation, from 1; all else is ordinary.
class FailsOne final : public Chooser {
 public:
  explicit FailsOne(std::uint64_t allocation) : allocation_(allocation) {}
  std::uint32_t choose(const Question& question) override {
    if (question.kind != QuestionKind::kFail) return 0;
    return ++asked_ == allocation_ ? 1 : 0;
  }
  std::uint64_t asked() const { return asked_; }

 private:
  std::uint64_t allocation_;
  std::uint64_t asked_ = 0;
};

}  // namespace

void AllocationFailures::add(const std::string& id, const runtime::Scenario& scenario,
                             runtime::Settings settings, SharedTape* tape) {
  settings.fail_allocations = settings.check_structure = true;
  runtime::ScenarioSubject subject(scenario, settings);
  Execution execution(settings.limits);
  ++programs;
  std::uint64_t steps = 0;
  const std::size_t found_before = found.size();
  const auto run = [&](std::uint64_t allocation) {
    FailsOne chooser(allocation);
    execution.begin(chooser, /*keep_log=*/false, tape);
    subject.run(execution);
    steps += execution.steps();
    for (const Finding& finding : execution.findings()) {
      // What never ends by itself says nothing about memory.
      if (allocation != 0 || counts_unless_livelock(finding))
        found.push_back({.id = id, .allocation = allocation, .finding = finding});
    }
    return chooser.asked();
  };
  const auto reached_limit = [&execution] {
    const Outcome outcome = execution.outcome();
    return outcome != Outcome::kCompleted && outcome != Outcome::kFinding &&
           outcome != Outcome::kUncaughtError;
  };
  const std::uint64_t count = run(0);
  if (reached_limit()) {
    ++unfinished;
    return;
  }
  for (std::uint64_t allocation = 1; allocation <= count; ++allocation) {
    if (steps > kStepsMax || found.size() - found_before > kFoundMax) {
      ++cut_off;
      return;
    }
    run(allocation);
    ++allocations;
    if (reached_limit() && execution.findings().empty()) {
      const std::string how = outcome_name(execution.outcome());
      const std::string message = "the program did not end (" + how + "), as it does with memory";
      found.push_back({.id = id,
                       .allocation = allocation,
                       .finding = {.kind = FindingKind::kLivelock,
                                   .step = execution.steps(),
                                   .signature = how,
                                   .message = message}});
    }
    ++(subject.interpreter().runtime().memory_errors() > 0 ? memory_errors : done_without);
  }
}

void AllocationFailures::add(const AllocationFailures& other) {
  programs += other.programs;
  unfinished += other.unfinished;
  allocations += other.allocations;
  memory_errors += other.memory_errors;
  done_without += other.done_without;
  cut_off += other.cut_off;
  found.insert(found.end(), other.found.begin(), other.found.end());
}

}  // namespace reweave::repro
