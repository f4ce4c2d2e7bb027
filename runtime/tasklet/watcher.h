// What the runtime tells of itself while a program runs, and to whom.
//
// The runtime must not know its watchers: telemetry and the graph of lingering objects are oracles,
// which stand above it. So it calls these interfaces. A watcher asks nothing, logs nothing and
// changes nothing: the trace hash of an execution is the same with it.
//
// Cost: without a watcher one comparison at each of the places below; with one, a virtual call.
#pragma once

#include <cstdint>
#include <span>

#include "scheduler/question.h"

namespace reweave::runtime {

class Runtime;
class Thread;
struct Object;

/// What a thread waits for.
enum class WaitKind : std::uint8_t {
  kLock,         // A lock, or a notify.
  kSleep,        // A time.
  kAsleep,       // Something to become runnable in it.
  kSettle,       // The others to settle.
  kInterpreter,  // The interpreter lock: it could run.
};
inline constexpr int kWaitKindCount = 5;

/// Is told what the threads of an execution do; overrides what it wants to know. No call switches.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// An execution of `runtime`, which lives until end(), begins and ends.
  virtual void begin(Runtime& /*runtime*/) {}
  virtual void end() {}
  /// `thread`, which is running, is about to take a step.
  virtual void step(Thread& /*thread*/, SiteId /*site*/) {}
  /// No thread can run, and the next timer is about to fire; `last` ran last.
  virtual void idles(const Thread& /*last*/) {}
  /// `next` runs now; `leaver` does not.
  virtual void handed_over(const Thread& /*leaver*/, const Thread& /*next*/) {}
  /// `thread` has had its ticks, and the interpreter lock goes round.
  virtual void gil_tick(const Thread& /*thread*/) {}
  /// `thread` waits, for lock `lock` (-1: for no lock), and waits no more.
  virtual void wait_begins(const Thread& /*thread*/, WaitKind /*kind*/, std::int32_t /*lock*/) {}
  virtual void wait_ends(const Thread& /*thread*/) {}
  /// `waker` gives `woken`, which waits, what it waits for.
  virtual void woke(const Thread& /*waker*/, const Thread& /*woken*/) {}
};

/// Is told when nobody is left who could run.
class DeadlockWatcher {
 public:
  virtual ~DeadlockWatcher() = default;
  /// Everything waits, for ever: `thread`, or the current tasklet in it, is about to get the error
  /// that says so. What they wait for is still as it was.
  virtual void deadlocked(Thread& thread) = 0;
};

/// Is told what the cycle collector finds to be garbage.
class GarbageWatcher {
 public:
  virtual ~GarbageWatcher() = default;
  /// In step `step`, or when the program had ended (`at_end`): nothing but `objects` themselves
  /// refers to any of them. They are alive, and in order of creation.
  virtual void note(std::uint64_t step, bool at_end, std::span<Object* const> objects) = 0;
};

}  // namespace reweave::runtime
