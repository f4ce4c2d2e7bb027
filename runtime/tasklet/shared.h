// What the threads of one interpreter share.
//
// All of them run under one lock, so everything here belongs to whichever thread is running. It is
// made anew for each execution, but for the memory.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/frame/frame.h"
#include "runtime/life/collector.h"
#include "runtime/life/dict_object.h"
#include "runtime/life/record.h"
#include "runtime/object/heap.h"
#include "runtime/stack/slice.h"
#include "runtime/tasklet/interpreter_lock.h"
#include "runtime/tasklet/ledger.h"
#include "runtime/tasklet/saved_stacks.h"
#include "runtime/tasklet/switch_guard.h"
#include "runtime/tasklet/touched.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/clock.h"
#include "scheduler/execution.h"

namespace reweave::runtime {

/// A tasklet waits for that long at most. Stale if it waits for something else by now.
struct TaskletTimer {
  std::uint64_t due = 0;
  Tasklet* tasklet = nullptr;
  std::uint32_t serial = 0;
};

struct Shared {
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  /// An execution begins: only memory is left of the last one.
  void begin(Execution& execution, const LedgerNames& names);
  /// An actor stands for the tasklet of that number.
  void name_actor(ActorId actor, std::int32_t tasklet);

  Settings settings;
  Execution* execution = nullptr;
  const LedgerNames* names = nullptr;
  Ledger ledger;
  InterpreterLock lock;
  Clock clock;                                // An owner of a timer is a thread's number.
  std::vector<std::int32_t> tasklet_numbers;  // Of each actor.

  // Memory.
  Heap heap;
  Object none;
  Bomb memory_error;                // Made before memory can run out; its references do not count.
  bool memory_failed = false;       // In this execution.
  std::uint32_t memory_errors = 0;  // Raised in this execution for want of memory.
  FrameCache frames;
  HeapTables tables{heap};
  std::vector<Record*> free_records;  // Dead; the last one is used first.

  // Machine stacks.
  SliceCache slice_cache;
  CStack* free_cstacks = nullptr;
  std::uint64_t slice_levels = 0;  // Of all saved C stacks.
  StackRing stacks;

  // Code of the runtime's own helper frames.
  Code spill_code;
  Code jump_code;
  Code reap_code;

  // What the program has installed.
  Callback channel_callback;
  Callback schedule_callback;
  bool error_handler = false;

  // What was made in this execution, for those who look at everything.
  std::uint32_t tasklet_count = 0;  // Without the main tasklets of threads.
  std::uint32_t tasklets_made = 0;  // With them.
  Tasklet* first_tasklet = nullptr;
  Tasklet* last_tasklet = nullptr;
  Channel* last_channel = nullptr;  // The channel made last; then `made_before`.
  DictObject* last_dict = nullptr;  // The dict made last; then `made_before`.
  std::uint32_t thing_count = 0;    // Lives of things that ever began.
  std::uint32_t given_up = 0;       // Tasklets that survived their finalizers.

  // Waits that a time or another channel ends, too: waits.cc.
  std::vector<TaskletTimer> tasklet_timers;  // In the order in which they were set.
  std::uint32_t tasklet_timers_made = 0;
  bool selects = false;  // Some tasklet of this execution waits on several channels, or did.

  // Garbage, and those who look at the structure.
  Collector collector{*this};
  GarbageWatcher* garbage_watcher = nullptr;  // Wants to know what lingers.
  Touched touched;
  bool looks_at_touched = false;
  bool structure_broken = false;  // The structure oracle has reported.
  SiteId step_site{};             // Of the step under way, for the structure oracle.
};

}  // namespace reweave::runtime
