// Timers of the program in virtual time: alarm and its like, and descriptors that become readable.
//
// A timer comes when the virtual clock reaches it, that is, when nobody can go on, or earlier: one
// that is set to less than kEarlyBelowNs may come after any number of the next few steps, a
// question `fire` and a question `pick` when it is set, since a machine may be as slow as it likes.
// Longer ones are watchdogs, which would only ever say that.
//
// A timer's descriptor is an event counter of the kernel, into which the timer writes.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/sync/waiters.h"

namespace reweave::program {

class Timers {
 public:
  static constexpr std::uint64_t kEarlyBelowNs = 1'000'000'000;

  struct Setting {
    std::uint64_t deadline = sync::kNever;  // kNever: it is not set.
    std::uint64_t interval = 0;             // 0: once.
  };

  void begin() { timers_.clear(); }
  bool any() const { return !timers_.empty(); }

  /// What `key` is set to from now on, and what it was set to. `signal`: sent to the process when
  /// it comes; 0: `key` is a descriptor, which is written to.
  Setting set(std::uint64_t key, int signal, Setting setting, const void* caller);
  Setting get(std::uint64_t key) const;
  void forget(std::uint64_t key);

  std::uint64_t next_deadline() const;
  /// One of them has come at this step or time.
  bool is_due(std::uint64_t step, std::uint64_t now) const;
  /// Lets the one come that is due, or else the next one; returns its deadline.
  std::uint64_t fire(std::uint64_t step);

 private:
  struct Timer {
    std::uint64_t key;
    int signal;
    Setting setting;
    std::uint64_t early_step;  // It comes at this step at the latest.
  };
  std::vector<Timer> timers_;  // Those that are set.
};

/// The only one.
Timers& timers();

}  // namespace reweave::program
