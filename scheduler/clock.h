// Virtual time: a number of microseconds that stands still while any thread can run, and jumps to
// the next timer when none can.
//
// There is no other time in an execution, so a program that sleeps for an hour runs as fast as one
// that does not, and the same way every time. Where several timers are due, a `fire` question says
// which one is delivered first; the ordinary answer is the earliest, then the one set first.
//
// Cost: setting and delivering one is linear in the number of timers, which is at most one for each
// owner. Allocates nothing once the list has grown. Does not switch tasks: the owner of a timer has
// to ask for what is due.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/question.h"

namespace reweave {

class Execution;

class Clock {
 public:
  /// A time that never comes.
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  /// Time 0, no timers.
  void reset();

  /// Microseconds since the execution began.
  std::uint64_t now() const { return now_; }
  /// `microseconds` from now; never, if that is too far to count or `microseconds` is kNever.
  std::uint64_t after(std::uint64_t microseconds) const {
    return microseconds > kNever - 1 - now_ ? kNever : now_ + microseconds;
  }

  /// A timer for `owner`, who must have none. `due` is not kNever; in the past: due at once.
  void set(std::uint32_t owner, std::uint64_t due);
  /// Takes it away; nothing if there is none.
  void cancel(std::uint32_t owner);
  bool has(std::uint32_t owner) const;
  bool empty() const { return timers_.empty(); }

  /// Some timer is due now.
  bool is_due() const { return !timers_.empty() && timers_.front().due <= now_; }
  /// Delivers the earliest timer, which is due, without a question: its owner. It is gone then.
  std::uint32_t take_due();
  /// Delivers one although none may be due yet: time jumps to the earliest. Asks which of those
  /// that are due then. There must be a timer. Returns its owner.
  std::uint32_t fire(Execution& execution, ActorId actor, SiteId site);

 private:
  struct Timer {
    std::uint64_t due = 0;
    std::uint32_t owner = 0;
  };
  std::uint64_t now_ = 0;
  std::vector<Timer> timers_;  // The earliest first; of equal ones the one set first.
};

}  // namespace reweave
