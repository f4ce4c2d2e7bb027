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
#include <memory>
#include <vector>

#include "runtime/life/collector.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

class DeadlockWatcher;
class GarbageWatcher;
class Watcher;

class Runtime {
 public:
  /// Threads 0 … kThreadsMax-1. The main tasklet of thread k > 0 has number kThreadMains + k.
  static constexpr std::uint32_t kThreadsMax = 8;
  static constexpr std::uint32_t kThreadMains = 100;
  /// Objects of pending steps: the run queue of thread k is k+1; what is the program's own begins
  /// here.
  static constexpr std::uint32_t kObjectsOfProgram = 1 + kThreadsMax;
  /// About what an interpreter level takes of a C stack.
  static constexpr std::uint64_t kLevelBytes = 1024;
  /// About what the result of a receive takes, with its line in a verdict.
  static constexpr std::uint64_t kReceiveBytes = 128;

  Runtime();
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Runs `main_code` in a fresh main tasklet until it ends or `execution` is stopped; what is
  /// suspended then is abandoned. Of the previous execution only memory is left. The arguments must
  /// live until the next call. From within an execution of this runtime: a failed CHECK.
  Thread::Ending run(Code& main_code, const Settings& settings, Execution& execution,
                     const LedgerNames& names);

  /// The code objects of earlier executions are gone: their zombie frames are not looked for again.
  void forget_codes() { frames_.forget_codes(); }
  /// To be called when one code object goes, also within an execution.
  void forget_code(Code& code) { frames_.forget_code(code); }
  /// What both caches of dead frames hold now, or held when the last execution ended.
  FrameHoldings frame_holdings() const { return frames_.held(); }

  /// The first thread: the one whose main tasklet is the program. It exists as long as the runtime.
  Thread& main_thread() { return main_thread_; }
  const Thread& main_thread() const { return main_thread_; }

  /// Thread `number` of this execution; null if it was never started.
  Thread* thread(std::uint32_t number);
  /// Starts thread `number`, 1 … kThreadsMax-1: `main_code` will be its main tasklet, when the
  /// running thread gives way. Null: it was started before in this execution. Another number, or
  /// outside of an execution: a failed CHECK. Does not switch.
  Thread* start_thread(std::uint32_t number, Code& main_code);
  /// Threads were started in this execution.
  bool threaded() const { return threaded_; }
  /// Something is to be done before each step: before_step(), in the running thread.
  bool attends_steps() const { return attends_steps_; }
  /// Gives other threads their turn, and tells the watcher what is about to happen. May switch
  /// threads.
  void before_step(SiteId site);
  /// `watcher` is told of the executions from now on; null: nobody is, which costs nothing. Must
  /// live until it is replaced. Not during an execution.
  void set_watcher(Watcher* watcher) { watcher_ = watcher; }
  Watcher* watcher() const { return watcher_; }
  /// `watcher` is told of deadlocks from now on; null: nobody is. As set_watcher().
  void set_deadlock_watcher(DeadlockWatcher* watcher) { deadlock_watcher_ = watcher; }
  Clock& clock() { return clock_; }
  /// The number of the tasklet whom an actor stands for; -1: nobody, in a thread that dies.
  std::int32_t tasklet_number(ActorId actor) const {
    return tasklet_numbers_[static_cast<std::size_t>(actor)];
  }

  /// The one that holds the lock: all others wait for it. Between executions the first.
  Thread& running() { return *running_; }
  const Thread& running() const { return *running_; }

  const Ledger& ledger() const { return ledger_; }
  Ledger& ledger() { return ledger_; }
  const Heap& heap() const { return heap_; }
  /// It uses more than Limits::memory_mib_max. What counts is the same in every build: the bytes of
  /// objects, whose memory is not used again, kLevelBytes for each level of a saved C stack, and
  /// kReceiveBytes for what is kept of each receive that has returned.
  bool exceeds_memory() const {
    return heap_.bytes_made() + slice_levels_ * kLevelBytes +
               ledger_.receives().size() * kReceiveBytes >
           (std::uint64_t{settings_.limits.memory_mib_max} << 20);
  }
  Heap& heap() { return heap_; }
  /// Some allocation of this execution has failed.
  bool memory_failed() const { return memory_failed_; }
  /// How often MemoryError was raised in this execution for want of memory.
  std::uint32_t memory_errors() const { return memory_errors_; }
  const Collector& collector() const { return collector_; }
  /// Whether the structure oracle of later executions looks at what the steps touch, and at
  /// everything now and then (touched.h); false, as it is at first: at everything in every step.
  void look_at_touched(bool wanted) { looks_at_touched_ = wanted; }
  /// In the last execution it did so.
  bool looked_at_touched() const { return touched_.wanted(); }
  /// Tells `watcher`, which must live until the next call, what lingers in later executions; null:
  /// nobody wants to know.
  void watch_garbage(GarbageWatcher* watcher) { garbage_watcher_ = watcher; }
  /// Tells the watcher of garbage what lingers now that a program has ended.
  void note_lingering_at_end();
  /// All tasklets that are not destroyed, in order of creation: the first, then `next_made` (skip
  /// the dead).
  const Tasklet* first_tasklet() const { return first_tasklet_; }

 private:
  friend class Thread;
  friend class StructureOracle;
  friend class StuckOracle;
  friend class Census;
  friend class Collector;

  // With windows: AddressSanitizer has found a bad use of `address` by the runtime that executes.
  static void sanitizer_found(const void* address);

  // Who runs, and how threads end: tasklet/threads.cc
  Thread* choose(bool running_goes_on, SiteId site);
  PendingStep pending(const Thread& thread, FrameRef frame) const;
  void show_steps(std::span<Thread* const> ready, std::span<Option> options,
                  std::span<Option> blocked);
  void end_waiting(std::uint32_t number);
  void hand_over(Thread& next);
  bool others_awake(const Thread& than) const;
  [[noreturn]] void leave_ended_thread();
  void add_stack(StackPlace& place);
  void drop_stack(StackPlace& place);
  void name_actor(ActorId actor, std::int32_t tasklet);

  Execution* execution_ = nullptr;
  const LedgerNames* names_ = nullptr;
  Settings settings_;
  Ledger ledger_;
  Heap heap_;
  Touched touched_;
  bool looks_at_touched_ = false;
  bool structure_broken_ = false;  // The structure oracle has reported.
  Collector collector_{*this};
  Object none_;
  Bomb memory_error_;           // Made before memory can run out; its references are not counted.
  bool memory_failed_ = false;  // In this execution.
  std::uint32_t memory_errors_ = 0;  // Raised in this execution for want of memory.
  FrameCache frames_;                // Before the threads, as all that they refer to.
  SliceCache slice_cache_;
  Clock clock_;  // An owner of a timer is a thread's number.
  CStack* free_cstacks_ = nullptr;
  std::uint64_t slice_levels_ = 0;  // Of all saved C stacks.
  Code spill_code_;
  Code jump_code_;
  Code reap_code_;
  Thread::Callback channel_callback_;
  Thread::Callback schedule_callback_;
  bool error_handler_ = false;
  std::uint32_t tasklet_count_ = 0;  // Ever made in this execution.
  Tasklet* first_tasklet_ = nullptr;
  Tasklet* last_tasklet_ = nullptr;
  std::uint32_t tasklets_made_ = 0;  // The same, with the main tasklets of threads.
  HeapTables tables_{heap_};
  DictObject* last_dict_ = nullptr;            // The dict made last; then `made_before`.
  Channel* last_channel_ = nullptr;            // The channel made last; then `made_before`.
  std::uint32_t thing_count_ = 0;              // Lives of things that ever began.
  std::vector<Record*> free_records_;          // Dead; the last one is used first.
  GarbageWatcher* garbage_watcher_ = nullptr;  // Wants to know what lingers.
  std::uint32_t given_up_ = 0;                 // Tasklets that survived their finalizers.
  SiteId step_site_{};                         // Of the step under way, for the structure oracle.
  bool executing_ = false;                     // Inside run().
  StackPlace* stacks_ = nullptr;               // Head of the ring of C stacks.
  std::vector<std::int32_t> tasklet_numbers_;  // Of each actor.
  std::vector<ActorId>
      freed_;  // Of dead tasklets whose memory the real thing would give out again.
  bool threaded_ = false;
  bool attends_steps_ = false;
  Watcher* watcher_ = nullptr;
  DeadlockWatcher* deadlock_watcher_ = nullptr;
  bool abandoning_ = false;  // The execution ends in a thread other than the first.
  Thread main_thread_;
  std::vector<std::unique_ptr<Thread>> threads_;  // From number 1 on; kept for later executions.
  Thread* running_ = &main_thread_;
};

}  // namespace reweave::runtime
