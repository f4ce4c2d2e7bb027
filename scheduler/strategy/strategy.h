// A strategy: a chooser for many executions, one after another. Search is choosing what to answer.
//
// For each execution: begin(), then the questions, then end(). What it answers depends on the Prng
// it is given, on the number of the execution and, only where its header says so, on what it saw in
// earlier executions.
#pragma once

#include <cstdint>

#include "scheduler/base/prng.h"
#include "scheduler/execution.h"
#include "scheduler/question.h"

namespace reweave {

class Strategy : public Chooser {
 public:
  /// Called before each execution. `prng` is this execution's own stream; `execution` counts from 0
  /// in a hunt.
  virtual void begin(Prng prng, std::uint64_t execution) = 0;

  /// Called after each execution. False: there is nothing left to try.
  virtual bool end(const Execution& /*execution*/) { return true; }

  /// Called after end(): the number of the execution to go on with, at least `execution` + 1. One
  /// that is higher leaves out those between.
  virtual std::uint64_t next(std::uint64_t execution) const { return execution + 1; }

  /// For one that tries everything bound by bound: so many bounds are done, 0 … n-1; else 0.
  virtual std::uint32_t bounds_done() const { return 0; }
};

}  // namespace reweave
