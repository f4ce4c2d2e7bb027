// The interpreter lock: which of the virtual threads runs.
//
// Exactly one thread runs. It goes on until it has nothing runnable and sleeps, waits for a lock or
// a time or for the others to settle, or ends; and at every operation a `run` question may hand the
// lock on, as the real interpreter may at any tick of its own. Under the setting `gil_ticks` it has
// to give the lock up after so many operations.
//
// Cost: nothing at all while the program has started no thread.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/question.h"

namespace reweave::runtime {

class Condition;
class DeadlockWatcher;
class Lock;
class Thread;
class Watcher;
struct FrameRef;
struct Shared;

/// What a thread is doing, as seen by the others.
enum class ThreadPhase : std::uint8_t {
  kUnused,    // Not started in this execution.
  kReady,     // Runs, or could.
  kAsleep,    // Nothing is runnable in it.
  kSettling,  // Waits until no other thread is ready.
  kParked,    // Waits for a lock, a notify or a time.
  kEnded,
};

/// What ended a thread's waiting.
enum class Woken : std::uint8_t {
  kByOther,   // unpark().
  kByTime,    // It was `until`.
  kByNobody,  // All threads sleep and no timer is set: nobody will ever come.
};

/// Why a thread waits, where it does not wait for a time alone.
struct Parking {
  const Lock* lock = nullptr;            // Until it gets this one.
  const Condition* condition = nullptr;  // To be notified; `lock` is its own then.
};

/// One thread's part in who runs.
struct Turn {
  ThreadPhase phase = ThreadPhase::kUnused;
  bool idle = false;               // Asleep, or woken and not run since.
  bool lost_atomic = false;        // Another's turn came in the middle of an atomic section.
  Woken woken = Woken::kByNobody;  // What ended the last waiting.
  Parking parking;
  std::uint32_t held_ticks = 0;  // Operations since it got the interpreter lock.

  bool is_awake() const { return phase == ThreadPhase::kReady || phase == ThreadPhase::kSettling; }
  /// An execution begins. Who runs it says what the phase is.
  void begin() {
    idle = lost_atomic = false;
    parking = {};
    held_ticks = 0;
  }
};

/// Who has the lock, and who could get it: for all threads of a runtime.
struct InterpreterLock {
  /// Threads 0 … kThreadsMax-1.
  static constexpr std::uint32_t kThreadsMax = 8;

  // By number, up to the highest that was started; the first is that of the program.
  std::vector<Thread*> threads;
  Thread* running = nullptr;   // Has the lock. Between executions the first.
  bool threaded = false;       // Threads were started in this execution.
  bool attends_steps = false;  // before_step() is to be called.
  bool abandoning = false;     // The execution ends in a thread other than the first.
  Watcher* watcher = nullptr;  // Is told what the threads do; mostly null.
  DeadlockWatcher* deadlock_watcher = nullptr;  // Mostly null.

  /// Thread `number` of this execution; null if it was never started.
  Thread* thread(std::uint32_t number) const;
  /// Some thread but `than` runs, could, or has a timer.
  bool others_awake(const Thread& than) const;
};

/// A `run` question: may another thread go on instead, here and now? `site` is where it is asked.
/// Not while the current tasklet is atomic. May switch threads.
void take_turn(Thread& thread, SiteId site);
/// Lets the other threads run until each of them has ended, sleeps or waits as well; where several
/// wait, the one with the highest number goes on first. May switch threads.
void settle(Thread& thread, SiteId site);
/// The whole thread waits, with all its tasklets, until unpark() or until the virtual time is
/// `until`; Clock::kNever: without an end. May switch threads.
Woken park(Thread& thread, std::uint64_t until, SiteId site);
/// Called by the running thread for one that is parked: it goes on, when it is its turn. Nothing,
/// if its time was over already. Does not switch.
void unpark(Thread& parked);
/// Nothing is runnable in `thread`, which runs. Returns when something is, or when nobody is left
/// who could make it so. Switches threads.
void fall_asleep(Thread& thread);
/// Something is runnable in it again. Does not switch.
void wake(Thread& sleeper);
/// To be called where nobody is left who could end what the running thread waits for.
void tell_of_deadlock(Thread& thread);

/// The `run` question: the thread that goes on now, `running` itself or another one. Asked by the
/// thread that runs; `running_goes_on`: it could. Null: all of them sleep, and for ever.
Thread* choose(Thread& running, bool running_goes_on, SiteId site);
/// The lock goes from `leaver`, which runs, to `next`. Returns when `leaver` has it again. Switches
/// threads.
void hand_over(Thread& leaver, Thread& next);
/// What a thread would touch if it went on with `frame`.
PendingStep pending_step(const Thread& thread, FrameRef frame);
/// Before each step, where InterpreterLock::attends_steps: gives other threads their turn, and
/// tells the watcher what is about to happen. May switch threads.
void before_step(Shared& shared, SiteId site);

}  // namespace reweave::runtime
