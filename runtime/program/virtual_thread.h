// What is known of one virtual thread of a program, in the present execution.
//
// Plain data: the stand-ins of each topic read and write what is theirs. Which threads there are,
// who runs and who waits is control.h's business. Made anew for each execution.
#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <vector>

#include "runtime/program/call_stack.h"
#include "runtime/program/loops.h"
#include "runtime/program/program_signals.h"
#include "scheduler/sync/waiters.h"

namespace reweave::program {

using sync::ThreadId;

/// A lock that a thread holds, and where it was taken.
struct HeldLock {
  const void* lock = nullptr;
  const void* where = nullptr;
  bool shared = false;  // For reading only.
  bool robust = false;  // It becomes free when the thread ends.
};

/// What a thread does when it ends: destructors of its thread_local objects, in reverse order.
struct ThreadExit {
  void (*call)(void*);
  void* object;
};

struct Thread {
  static constexpr std::uint32_t kPatience = 64, kPatienceMax = 4096;

  ThreadId id{};
  void* (*start)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  std::uintptr_t handle = 0;  // Its pthread_t.
  std::uintptr_t alias = 0;   // The one that static initialization knows it by.
  bool ended = false;
  bool detached = false;
  bool joined = false;
  const void* where = nullptr;            // The last call it made into this library.
  const void* started_at = nullptr;       // Null: main.
  const void* begins = nullptr;           // The function that it runs, where steps are kept; …
  std::array<std::uintptr_t, 6> given{};  // … and what is begun with, where that says more.
  std::array<char, 16> name{};            // By pthread_setname_np.
  unsigned long processors = 0xf;         // Where it may run, a bit each; see machine_stand_ins.
  const char* called = nullptr;           // The last stand-in, where steps are kept.
  int sanitizer_number = -1;              // AddressSanitizer's, where steps are kept.
  std::vector<HeldLock> held;             // In the order in which they were taken.
  std::vector<ThreadExit> exits;
  std::vector<void*> key_values;  // By pthread_key_t.
  LoopDetector loop;
  bool rest_due = false;            // It turns, and rests as soon as it holds no lock, …
  std::uint32_t rests_put_off = 0;  // … unless it did not for so many reads.
  std::uint32_t patience = 0;       // So often it need not be asked whether it gives way.
  std::uint32_t patience_next = kPatience;
  std::uint32_t turn = 0;  // The last one in which it did something; see Control::take_turns().
  bool turning = false;    // It rests because of its turns, not only to let others go on.
  std::array<std::uint64_t, 4> fingerprints{};  // Of the last times it rested; see rest().
  bool unchanged = false;  // When it last rested, it was as it had been at one of the times before.
  int ignores_races = 0;
  CallStack stack;              // Filled in for a report only.
  std::vector<pollfd> awaited;  // While it waits for descriptors.
  ThreadSignals signals;
  bool interrupted = false;     // Its last wait ended for a signal, or because it shall end.
  bool restarts = true;         // All handlers that ran then want the call to go on.
  bool cancel_wanted = false;   // pthread_cancel() was called for it.
  bool cancel_off = false;      // It does not want to know.
  bool cancellable = false;     // It is in a call at which it may end.
  std::vector<void*> cleanups;  // Frames of pthread_cleanup_push() in C.
};

}  // namespace reweave::program
