// Executions of a scenario exactly as the worker of a hunt runs them: oracles on, answers recorded
// on the tape that its parent watches.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/interpreter/scenario_subject.h"
#include "scheduler/search/explore.h"
#include "scheduler/shared_tape.h"

namespace reweave::bench {

class ExecutionLoad {
 public:
  /// `scenario`: a file of corpora/scenarios, without ".weave". `strategy`: as for `hunt`, or
  /// "ordinary", which here gives the ordinary execution over and over. Ends the process with a
  /// sentence and code 2 if there is no such thing.
  ExecutionLoad(std::string_view scenario, std::string_view strategy);

  /// So many executions more. Aborts if something is found: no defect is on.
  void run(std::uint64_t executions);

  /// How often memory was asked for during `executions` of them, after `warm_up` others.
  std::uint64_t allocations(std::uint64_t warm_up, std::uint64_t executions);

 private:
  void explore_with(Subject& subject, std::uint64_t executions);

  std::unique_ptr<Strategy> strategy_;
  std::unique_ptr<runtime::ScenarioSubject> subject_;
  std::unique_ptr<SharedTape> tape_ = std::make_unique<SharedTape>();
  Statistics live_;
  std::uint64_t done_ = 0;
};

/// So many executions of generated scenarios, by all strategies and with every oracle, as
/// `hunt --generated` runs them. Aborts if something is found.
void run_generated(std::uint64_t executions);

/// The scenario as an input of the fuzz target "tempval", with an empty plan.
std::vector<std::uint8_t> fuzz_input_of(std::string_view scenario);

}  // namespace reweave::bench
