#include "repro/judge/allocation_failures.h"

#include <string>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/execution.h"

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
                             runtime::Settings settings) {
  settings.fail_allocations = settings.check_structure = true;
  runtime::ScenarioSubject subject(scenario, settings);
  Execution execution(settings.limits);
  ++programs;
  const auto run = [&](std::uint64_t allocation) {
    FailsOne chooser(allocation);
    execution.begin(chooser);
    subject.run(execution);
    for (const Finding& finding : execution.findings())
      found.push_back({.id = id, .allocation = allocation, .finding = finding});
    return chooser.asked();
  };
  const auto reached_limit = [&execution] {
    const bool ended = execution.outcome() == Outcome::kCompleted ||
                       execution.outcome() == Outcome::kUncaughtError;
    return execution.findings().empty() && !ended;
  };
  const std::uint64_t count = run(0);
  if (reached_limit()) {
    ++unfinished;
    return;
  }
  for (std::uint64_t allocation = 1; allocation <= count; ++allocation) {
    run(allocation);
    ++allocations;
    if (reached_limit()) {
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

}  // namespace reweave::repro
