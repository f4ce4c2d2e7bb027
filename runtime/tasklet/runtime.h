// What the threads of one interpreter share, and one execution of it.
//
//   Runtime runtime;
//   const Ending ending = runtime.run(main_code, settings, execution, names);
//
// All threads run under one lock (the GIL), so everything here belongs to whichever thread is
// running. Memory is kept from one execution to the next: after warm-up an execution allocates
// nothing from the system.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/tasklet/shared.h"
#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

class Runtime {
 public:
  /// Threads 0 … kThreadsMax-1. The main tasklet of thread k > 0 has number kThreadMains + k.
  static constexpr std::uint32_t kThreadsMax = InterpreterLock::kThreadsMax;
  static constexpr std::uint32_t kThreadMains = 100;
  /// That of a makeshift one, as events show it: -1.
  static constexpr std::uint32_t kMakeshift = ~std::uint32_t{0};
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
  Ending run(Code& main_code, const Settings& settings, Execution& execution,
             const LedgerNames& names);

  /// The code objects of earlier executions are gone: their zombie frames are not looked for again.
  void forget_codes() { shared_.frames.forget_codes(); }
  /// To be called when one code object goes, also within an execution.
  void forget_code(Code& code) { shared_.frames.forget_code(code); }
  /// What both caches of dead frames hold now, or held when the last execution ended.
  FrameHoldings frame_holdings() const { return shared_.frames.held(); }

  /// The first thread: the one whose main tasklet is the program. It exists as long as the runtime.
  Thread& main_thread() { return main_thread_; }
  const Thread& main_thread() const { return main_thread_; }

  /// Thread `number` of this execution; null if it was never started.
  Thread* thread(std::uint32_t number) const { return shared_.lock.thread(number); }
  /// Starts thread `number`, 1 … kThreadsMax-1: `main_code` will be its main tasklet, when the
  /// running thread gives way. Null: it was started before in this execution. Another number, or
  /// outside of an execution: a failed CHECK. Does not switch.
  Thread* start_thread(std::uint32_t number, Code& main_code);
  /// Threads were started in this execution.
  bool threaded() const { return shared_.lock.threaded; }
  /// Something is to be done before each step: before_step(), in the running thread.
  bool attends_steps() const { return shared_.lock.attends_steps; }
  /// Gives other threads their turn, and tells the watcher what is about to happen. May switch
  /// threads.
  void before_step(SiteId site) { runtime::before_step(shared_, site); }
  /// `watcher` is told of the executions from now on; null: nobody is, which costs nothing. Must
  /// live until it is replaced. Not during an execution.
  void set_watcher(Watcher* watcher) { shared_.lock.watcher = watcher; }
  /// `watcher` is told of deadlocks from now on; null: nobody is. As set_watcher().
  void set_deadlock_watcher(DeadlockWatcher* watcher) { shared_.lock.deadlock_watcher = watcher; }
  Clock& clock() { return shared_.clock; }
  /// The number of the tasklet whom an actor stands for; -1: nobody, in a thread that dies.
  std::int32_t tasklet_number(ActorId actor) const {
    return shared_.tasklet_numbers[static_cast<std::size_t>(actor)];
  }

  /// The one that holds the lock: all others wait for it. Between executions the first.
  Thread& running() { return *shared_.lock.running; }
  const Thread& running() const { return *shared_.lock.running; }

  /// What all threads share, for those who look at everything.
  Shared& shared() { return shared_; }
  const Shared& shared() const { return shared_; }
  const Ledger& ledger() const { return shared_.ledger; }
  Ledger& ledger() { return shared_.ledger; }
  const Heap& heap() const { return shared_.heap; }
  /// It uses more than Limits::memory_mib_max. What counts is the same in every build: the bytes of
  /// objects, whose memory is not used again, kLevelBytes for each level of a saved C stack, and
  /// kReceiveBytes for what is kept of each receive that has returned.
  bool exceeds_memory() const {
    return shared_.heap.bytes_made() + shared_.slice_levels * kLevelBytes +
               shared_.ledger.receives().size() * kReceiveBytes >
           (std::uint64_t{shared_.settings.limits.memory_mib_max} << 20);
  }
  Heap& heap() { return shared_.heap; }
  /// Some allocation of this execution has failed.
  bool memory_failed() const { return shared_.memory_failed; }
  /// How often MemoryError was raised in this execution for want of memory.
  std::uint32_t memory_errors() const { return shared_.memory_errors; }
  const Collector& collector() const { return shared_.collector; }
  /// Whether the structure oracle of later executions looks at what the steps touch, and at
  /// everything now and then (touched.h); false, as it is at first: at everything in every step.
  void look_at_touched(bool wanted) { shared_.looks_at_touched = wanted; }
  /// In the last execution it did so.
  bool looked_at_touched() const { return shared_.touched.wanted(); }
  /// Tells `watcher`, which must live until the next call, what lingers in later executions; null:
  /// nobody wants to know.
  void watch_garbage(GarbageWatcher* watcher) { shared_.garbage_watcher = watcher; }
  /// Tells the watcher of garbage what lingers now that a program has ended.
  void note_lingering_at_end();
  /// All tasklets that are not destroyed, in order of creation: the first, then `next_made` (skip
  /// the dead).
  const Tasklet* first_tasklet() const { return shared_.first_tasklet; }

 private:
  // With windows: AddressSanitizer has found a bad use of `address` by the runtime that executes.
  static void sanitizer_found(const void* address);

  bool executing_ = false;  // Inside run().
  Shared shared_;           // Before the threads, which refer to it.
  Thread main_thread_{shared_, 0};
  std::vector<std::unique_ptr<Thread>> threads_;  // From number 1 on; kept for later executions.
};

}  // namespace reweave::runtime
