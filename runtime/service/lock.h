// Locks for threads, as Python's thread.allocate_lock() makes them: anybody may give one back, and
// who takes one that he has already waits for himself.
//
// Whoever waits makes his whole thread wait, with all its tasklets, as in the real thing, where a
// tasklet that blocks on a lock blocks the OS thread. A lock that is given back goes at once to the
// thread that has waited longest.
//
// A lock is for one execution: reset() begins another one. All of it is called by the running
// thread. Only acquire() switches threads. Nothing is allocated once the list of waiters has grown.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/tasklet/thread.h"

namespace reweave::runtime {

class Lock {
 public:
  enum class Got : std::uint8_t {
    kLock,
    kTimeout,
    kDeadlock,  // Nobody is left who could give it back; a RuntimeError is pending.
  };

  /// `number` is what a timeline calls it; without one it has no name there.
  Lock() = default;
  explicit Lock(std::int32_t number) : number_(number) {}

  /// Takes it, or waits until `until` (Clock::kNever: without an end) for whoever has it. `site` is
  /// where other threads get their turn. May switch threads.
  Got acquire(Thread& self, SiteId site, std::uint64_t until = Clock::kNever);
  /// Takes it if it is free; does not wait.
  bool try_acquire();
  /// Gives it back. None, or null with a RuntimeError if nobody has it. Does not switch.
  Object* release(Thread& self);

  bool held() const { return held_; }
  /// Who took it, where, and in which step; only while somebody has it who called acquire().
  struct Holder {
    ActorId actor{};
    SiteId site = kNowhere;
    std::uint64_t step = 0;
  };
  const Holder& holder() const { return holder_; }
  std::int32_t number() const { return number_; }
  /// Who waits, the longest first.
  const std::vector<Thread*>& waiting() const { return waiting_; }
  /// Free, and nobody waits.
  void reset() {
    held_ = false;
    waiting_.clear();
    holder_ = {};
  }

 private:
  void give_to(Thread& thread);

  std::int32_t number_ = -1;
  bool held_ = false;
  Holder holder_;
  std::vector<Thread*> waiting_;  // No duplicates; empty unless held_.
};

}  // namespace reweave::runtime
