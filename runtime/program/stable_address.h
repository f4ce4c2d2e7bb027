// An address as a number that is the same in every process of one build of the program.
//
// Strategies order objects by their numbers, and tables are indexed by them, so that an address
// which differs from process to process would decide what a hunt tries. Stacks of threads and the
// program's heap lie at fixed addresses. What address randomization or the history of a process
// moves is counted from something that moves with it:
//
//     variables of the program and of libraries   from where their module begins
//     thread_local variables of the main thread   from its thread pointer
//     the stack of who called check() or fuzz()   from the frame of that call
//     threads, in the explorer's own heap         by their numbers; all else there is one number
//
// Everything else is as it is: what the program maps without a hint, for example. Cost: two
// comparisons for most, a search in a short list for the others.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/program/donors.h"
#include "runtime/program/globals.h"
#include "runtime/program/program_process.h"

namespace reweave::program {

/// A module and what it is counted from: the same number in every process.
struct ModulePlace {
  std::uintptr_t begin = 0;
  std::uintptr_t bytes = 0;
  std::uintptr_t number = 0;
};
/// From now on these are the modules. Never while an execution runs.
void set_module_places(std::span<const ModulePlace> places);
/// Where the frames begin that a body may use of its caller; null: none.
void set_callers_frame(const void* frame);

/// See above; of what lies elsewhere.
std::uintptr_t stable_address_slowly(std::uintptr_t address);

inline std::uintptr_t stable_address(const void* address) {
  // Stacks, and above them the program's heap.
  constexpr std::uintptr_t kFixed = Donors::kStacksAt, kFixedEnd = kOwnHeapAt;
  static_assert(kFixed < kProgramHeapAt && kProgramHeapAt < kFixedEnd);
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (at - kFixed < kFixedEnd - kFixed) return at;
  if (at - globals.data_begin < globals.data_bytes) return at - globals.data_begin;
  return stable_address_slowly(at);
}

}  // namespace reweave::program
