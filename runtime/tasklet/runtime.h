// What the threads of one interpreter share, and one execution of it.
//
//   Runtime runtime;
//   const Thread::Ending ending = runtime.run(main_code, settings, execution, names);
//
// All threads run under one lock (the GIL), so everything here belongs to whichever thread is
// running. Memory is kept from one execution to the next: after warm-up an execution allocates
// nothing from the system.
#pragma once

#include <cstdint>

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

class Runtime {
 public:
  Runtime();
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Runs `main_code` in a fresh main tasklet of the first thread until it ends or `execution` is
  /// stopped. What is suspended then is abandoned. Everything of the previous execution is gone,
  /// memory is kept. The arguments must live until the next call. Not re-entrant.
  Thread::Ending run(Code& main_code, const Settings& settings, Execution& execution,
                     const LedgerNames& names);

  /// The code objects of earlier executions are gone: their zombie frames are not looked for again.
  void forget_codes() { frames_.forget_codes(); }

  /// The first thread: the one whose main tasklet is the program. It exists as long as the runtime.
  Thread& main_thread() { return main_thread_; }
  const Thread& main_thread() const { return main_thread_; }

  /// The one that holds the lock: all others wait for it. Between executions the first.
  Thread& running() { return *running_; }
  const Thread& running() const { return *running_; }

  const Ledger& ledger() const { return ledger_; }
  Ledger& ledger() { return ledger_; }
  const Heap& heap() const { return heap_; }
  /// All tasklets that are not destroyed, in order of creation: the first, then `next_made` (skip
  /// the dead).
  const Tasklet* first_tasklet() const { return first_tasklet_; }

 private:
  friend class Thread;
  friend class StructureOracle;
  friend class Census;

  Settings settings_;
  Ledger ledger_;
  Heap heap_;
  Object none_;
  FrameCache frames_;  // Before the threads, as all that they refer to.
  SliceCache slice_cache_;
  CStack* free_cstacks_ = nullptr;
  Code spill_code_;
  Code jump_code_;
  Thread::Callback channel_callback_;
  Thread::Callback schedule_callback_;
  bool error_handler_ = false;
  std::uint32_t tasklet_count_ = 0;  // Ever made in this execution.
  Tasklet* first_tasklet_ = nullptr;
  Tasklet* last_tasklet_ = nullptr;
  Channel* last_channel_ = nullptr;  // The channel made last; then `made_before`.
  std::uint32_t given_up_ = 0;       // Tasklets that survived their finalizers.
  SiteId step_site_{};               // Of the step under way, for the structure oracle.
  bool executing_ = false;           // Inside run().
  Thread main_thread_;
  Thread* running_ = &main_thread_;
};

}  // namespace reweave::runtime
