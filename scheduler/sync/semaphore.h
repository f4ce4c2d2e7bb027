// A counting semaphore, a futex word, a barrier and a once: the primitives that are a number and a
// list of waiters.
//
// Each is a struct that may lie in the program's own object; all zero is its fresh state. Nothing
// here switches; see waiters.h. A thread that was woken tries again, except at a barrier, which it
// has passed.
#pragma once

#include "scheduler/sync/waiters.h"

namespace reweave::sync {

struct Semaphore {
  std::uint32_t value = 0;
};

/// Takes one if there is one.
inline bool try_take(Waiters& waiters, Semaphore& semaphore, ThreadId thread) {
  if (semaphore.value == 0) return false;
  waiters.forget(thread);
  if (--semaphore.value == 0) waiters.taken(&semaphore, WaitKind::kNothing);
  return true;
}
/// Puts one back; it is offered to all who wait.
inline void post(Waiters& waiters, Semaphore& semaphore) {
  ++semaphore.value;
  waiters.offer(&semaphore);
}
inline void wait_for(Waiters& waiters, const Semaphore& semaphore, ThreadId thread,
                     std::uint64_t deadline = kNever) {
  waiters.wait(thread, {.kind = WaitKind::kSemaphore, .object = &semaphore, .deadline = deadline});
}

/// A word that the program compares itself: only who waits at it is known here.
inline void wait_at_word(Waiters& waiters, const void* word, ThreadId thread, std::uint32_t bits,
                         std::uint64_t deadline = kNever) {
  waiters.wait(thread,
               {.kind = WaitKind::kFutex, .object = word, .deadline = deadline, .detail = bits});
}
/// Wakes at most `count` of those who share a bit with `bits`. Returns how many.
inline std::uint32_t wake_word(Waiters& waiters, const void* word, std::uint32_t count,
                               std::uint32_t bits) {
  std::uint32_t woken = 0;
  while (woken < count && waiters.wake_one(word, bits)) ++woken;
  return woken;
}

struct Barrier {
  std::uint32_t expected = 0;  // At least 1 once it is in use.
  std::uint32_t arrived = 0;
};

/// True: `thread` is the last one and all go on. False: it waits now.
inline bool arrive(Waiters& waiters, Barrier& barrier, ThreadId thread) {
  if (++barrier.arrived < barrier.expected) {
    waiters.wait(thread, {.kind = WaitKind::kBarrier, .object = &barrier});
    return false;
  }
  barrier.arrived = 0;
  waiters.wake_all(&barrier);
  return true;
}

struct Once {
  // What libc itself writes (1: somebody is at it, 2: done) is none of the others.
  static constexpr std::uint32_t kFresh = 0, kDone = UINT32_MAX, kFirstThread = 16;
  std::uint32_t state = kFresh;  // kFresh, kDone, or who is at it, plus kFirstThread.

  bool is_at(ThreadId thread) const {
    return state == static_cast<std::uint32_t>(thread) + kFirstThread;
  }
};

/// What a thread that comes to a once has to do.
enum class OnceTurn : std::uint8_t { kDone, kMine, kWait, kReentered };

/// kMine: `thread` must call finish(). kWait: it must wait_for() it. kReentered: it is at it
/// itself.
inline OnceTurn come_to(Waiters& waiters, Once& once, ThreadId thread) {
  if (once.state == Once::kDone) return OnceTurn::kDone;
  if (once.is_at(thread)) return OnceTurn::kReentered;
  if (once.state != Once::kFresh) return OnceTurn::kWait;
  once.state = static_cast<std::uint32_t>(thread) + Once::kFirstThread;
  waiters.taken(&once, thread);
  return OnceTurn::kMine;
}
inline void wait_for(Waiters& waiters, const Once& once, ThreadId thread) {
  waiters.wait(thread, {.kind = WaitKind::kOnce, .object = &once});
}
/// The initialization is over; when it failed (`done` false) the next one tries it.
inline void finish(Waiters& waiters, Once& once, bool done) {
  once.state = done ? Once::kDone : Once::kFresh;
  if (done) {
    waiters.wake_all(&once);
  } else {
    waiters.offer(&once);
  }
}

}  // namespace reweave::sync
