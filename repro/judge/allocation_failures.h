// What if there is no memory? A program is run again and again, and each time another one of its
// allocations fails: first the first, then the second, and so on to the last.
//
// The operation that asked for the memory must raise MemoryError and leave everything as it was, or
// do without. All oracles listen: the ledger of values, the structure oracle at every step, the
// census at the end. What they report is a finding, and so is a program that does not end.
//
// Cost: as many executions of a program as it allocates, and one more to count them; a program that
// takes too many steps for that, or shows more findings than anybody reads, is left early.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/language/scenario.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/finding.h"
#include "scheduler/shared_tape.h"

namespace reweave::repro {

struct AllocationFailures {
  std::uint64_t programs = 0;       // A case in one mode counts as one.
  std::uint64_t unfinished = 0;     // Programs that reach a limit by themselves: not tried.
  std::uint64_t allocations = 0;    // Made to fail, each in an execution of its own.
  std::uint64_t memory_errors = 0;  // Of these executions: in which MemoryError was raised.
  std::uint64_t done_without = 0;   // In which the runtime did without the memory.
  std::uint64_t cut_off = 0;        // Programs of which not every allocation was tried.

  static constexpr std::uint64_t kStepsMax = 50'000'000;  // Of all executions of a program.
  static constexpr std::uint64_t kFoundMax = 20;          // Of one program.

  struct Found {
    std::string id;                // Of the program.
    std::uint64_t allocation = 0;  // Which one failed, from 1; 0: none.
    Finding finding;
  };
  std::vector<Found> found;

  /// Runs a program, once for each of its allocations. `settings` as they are, but that allocations
  /// may fail and that the structure is checked at every step. `scenario` is linked. `tape`: of a
  /// process that watches, or null.
  void add(const std::string& id, const runtime::Scenario& scenario, runtime::Settings settings,
           SharedTape* tape = nullptr);
  /// Adds what was seen elsewhere.
  void add(const AllocationFailures& other);
};

}  // namespace reweave::repro
