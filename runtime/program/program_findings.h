// What is said of a program that went wrong: signatures, and words for people.
//
// A signature is the kind and the functions of the places, never an address, a line or a number of
// a thread: "deadlock mutex in transfer, mutex in transfer". The message says which threads, where,
// what each waits for, who holds it and where that was taken.
#pragma once

#include <string>
#include <vector>

#include "runtime/program/control.h"
#include "runtime/program/names.h"
#include "scheduler/finding.h"

namespace reweave::program {

/// The calls, one a line, each with `indent` before it.
std::string stack_words(const CallStack& stack, std::string_view indent);
/// The function that a finding at `caller` is counted by.
std::string function_words(const CallStack& stack, const void* caller);

/// A thread that waits, as a report sees it.
struct WaitingThread {
  const Thread* thread = nullptr;
  sync::Wait wait;
};

/// What a thread itself reported: see Control::fail().
Finding failure_finding(Control& control, FindingKind kind, const std::string& what,
                        const std::string& message, const CallStack& stack, ThreadId thread);

/// A line that UndefinedBehaviorSanitizer wrote: "a.cc:5:3: runtime error: …".
Finding undefined_finding(const std::string& line);

/// One of two accesses that race.
struct AccessInRace {
  ThreadId thread{};
  const void* address = nullptr;
  std::uint32_t bytes = 0;
  bool write = false;
  bool atomic = false;
  const void* caller = nullptr;
  CallStack stack;  // What is known of it.
};
/// `later` came second in this execution.
Finding race_finding(Control& control, const AccessInRace& later, const AccessInRace& earlier);

/// Who must act before somebody who waits so can go on. A reader whose lock is only read, too,
/// waits for the writers that wait before it.
std::vector<ThreadId> who_must_act(Control& control, const sync::Wait& wait);

/// Nobody can go on. `waiting` is everybody who waits.
Finding stuck_finding(Control& control, const std::vector<WaitingThread>& waiting, bool at_end);

}  // namespace reweave::program
