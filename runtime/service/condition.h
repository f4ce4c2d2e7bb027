// A condition variable made of locks, as Python's threading.Condition is: a list of waiters, each
// with a lock of its own that he has taken already and tries to take again; to notify is to give
// that lock back.
//
// How a waiter with a time limit tries is the difference between the two kinds. Python 2 had no
// lock that waits for a limited time, so it polls: it looks, sleeps 1 ms, looks, sleeps 2 ms, 4, …
// up to 50 ms, and finds a notify up to 50 ms too late. On a timed lock it wakes when it is
// notified.
//
// The lists are the same for both kinds, and so is what can go wrong: a waiter enters the list
// before he gives the condition's lock back, or a notify in between is lost; and who gives up and
// finds that he has left the list already was notified just now, and has to say so.
//
// For one execution, as a lock. Allocates nothing once the list has grown.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "runtime/service/lock.h"
#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

class Condition {
 public:
  enum class Kind : std::uint8_t {
    kPolling,  // Python 2.7: looks and sleeps.
    kTimed,    // A native lock that waits for a limited time.
  };
  static constexpr std::uint64_t kFirstSleep = 1'000;     // Microseconds; doubled every time,
  static constexpr std::uint64_t kLongestSleep = 50'000;  // up to this.

  /// What a wait came to.
  struct Wait {
    bool notified = false;    // Else its time was over.
    std::uint32_t looks = 0;  // How often the waiter looked in vain; the first time at once.
  };

  /// `lock` is the condition's, and must live as long.
  explicit Condition(Lock& lock) : lock_(lock) {}

  /// Gives the lock back, waits to be notified, but not longer than `timeout` microseconds
  /// (Clock::kNever: without an end, on a plain lock, whatever the kind), and takes the lock again.
  /// None, or null with a RuntimeError: nobody has the lock, or nobody is left who could notify or
  /// give it back. May switch threads.
  Object* wait(Thread& self, SiteId site, std::uint64_t timeout, Kind kind, Wait& result);
  /// Wakes the `count` waiters who wait longest. None, or null with a RuntimeError if nobody has
  /// the lock. Does not switch.
  Object* notify(Thread& self, std::uint32_t count);
  Object* notify_all(Thread& self) { return notify(self, Runtime::kThreadsMax); }

  /// The lock's.
  std::int32_t number() const { return lock_.number(); }
  /// The last notify that found nobody: who, where, and in which step; step 0: there was none.
  const Lock::Holder& missed() const { return missed_; }

  /// How many wait, and were not notified.
  std::size_t waiting() const { return waiting_.size(); }

  /// Nobody waits.
  void reset();

 private:
  Lock::Got wait_for(Thread& self, Lock& waiter, SiteId site, std::uint64_t until, Kind kind,
                     Wait& result);
  Lock::Got poll(Thread& self, Lock& waiter, SiteId site, std::uint64_t until, Wait& result);
  bool leave(std::uint32_t thread);

  Lock& lock_;
  Lock::Holder missed_;
  std::vector<std::uint32_t> waiting_;                // Numbers of threads, in order of arrival.
  std::array<Lock, Runtime::kThreadsMax> waiters_{};  // Each thread's waiter lock.
};

}  // namespace reweave::runtime
