// Who waits for what: the table under every primitive of this folder.
//
// A thread waits for at most one object at a time. Waiting threads stand in one list, in the order
// in which they began to wait, so that every primitive is first in, first out by default. A thread
// that may go on is told to the Host (a scheduler, or a test); nothing here blocks, switches,
// allocates after growth, or makes a system call.
//
// Two sorts of waiting, and a thread may pass from one to the other:
// * until somebody wakes it (a condition, a barrier): it leaves the table when it is woken;
// * until a thing is free (a mutex): it stays in the table while the thing is offered to it. All
//   who wait for the thing are then ready; whoever runs first takes it, and the others are put back
//   without having run. So a thread that waits for a held mutex is never enabled.
//
// Objects are known by their address, which is compared for equality and never ordered.
// Cost: to wait is O(1); to wake is O(waiting threads), O(1) where nobody waits for the object.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace reweave::sync {

/// A virtual thread, numbered from 0 in order of creation.
enum class ThreadId : std::uint32_t {};
inline constexpr ThreadId kNobody{UINT32_MAX};

enum class WaitKind : std::uint8_t {
  kNothing,
  kMutex,
  kReadLock,
  kWriteLock,
  kCondition,
  kSemaphore,
  kBarrier,
  kOnce,
  kFutex,
  kJoin,
  kTime,     // A sleep.
  kInput,    // A descriptor that is not ready.
  kRest,     // A turn of a loop that changed nothing: until somebody changes something.
  kChannel,  // Somebody at the other end of it.
  kSignal,   // That a signal comes.
};
/// "a mutex", "the end of a thread", …: completes "waits for". Never null.
const char* wait_kind_words(WaitKind kind);

/// Virtual nanoseconds; kNever: no time-out.
inline constexpr std::uint64_t kNever = UINT64_MAX;

/// What a thread waits for.
struct Wait {
  WaitKind kind = WaitKind::kNothing;
  const void* object = nullptr;     // Identity only.
  std::uint64_t deadline = kNever;  // It is given up then.
  std::uint32_t detail = 0;         // The primitive's own: the bits of a futex.
  const void* next = nullptr;       // A condition's mutex, if it is taken afterwards.
};

/// Who is told that a thread may go on; also answers which of several waiters is woken.
class Host {
 public:
  virtual void make_ready(ThreadId thread) = 0;
  /// `thread` was made ready and has not run since: it no longer may.
  virtual void unready(ThreadId thread) = 0;
  /// Which of `waiters` (2 or more, in the order in which they came) is woken: 0 is the ordinary
  /// answer. Of very many the last ones may never be. Does not switch.
  virtual std::uint32_t pick_waiter(std::uint32_t waiters) = 0;

 protected:
  ~Host() = default;
};

class Waiters {
 public:
  /// `host` must outlive this.
  explicit Waiters(Host& host) : host_(host) {}
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  /// A new execution: nobody waits.
  void begin();

  /// `thread`, which waits for nothing, waits from now on as the last one. It is not ready.
  void wait(ThreadId thread, const Wait& wait);
  /// `thread` waits no longer; it is not made ready. Nothing happens if it did not wait.
  void forget(ThreadId thread);
  /// `thread`, which waits, waits no longer and is ready.
  void wake(ThreadId thread);
  /// `thread` ran and did not take what it was offered, if it was: it goes on waiting and is not
  /// ready. Nothing happens if it does not wait.
  void stay(ThreadId thread) {
    if (static_cast<std::size_t>(thread) < entries_.size()) entry(thread).offered = false;
  }
  /// `thread`, which waits and was not offered anything, waits for something else, as the last one.
  void move(ThreadId thread, const Wait& wait);

  /// Wakes the one that pick_waiter() chooses among those who wait for `object` and, if `bits` is
  /// not 0, share a bit with it. False: there was none.
  bool wake_one(const void* object, std::uint32_t bits = 0);
  /// Wakes all of them. Returns how many.
  std::uint32_t wake_all(const void* object);
  /// The one that pick_waiter() chooses among those who wait for `object`; it goes on waiting.
  std::optional<ThreadId> choose(const void* object, std::uint32_t bits = 0);

  /// `object` is free: all who wait for it are ready, and go on waiting.
  void offer(const void* object);
  /// Only those who wait for it in this way: readers, while a reader holds the lock.
  void offer(const void* object, WaitKind kind);
  /// `object` was taken: those who were offered it and did not run are put back. `taker` waits no
  /// longer.
  void taken(const void* object, ThreadId taker);
  void taken(const void* object, WaitKind kind);

  /// The earliest deadline of those who wait; kNever if none has one.
  std::uint64_t next_deadline() const;
  /// The one with the earliest deadline, of several the one that has waited longest: its time is
  /// up. It waits no longer, timed_out() says why, and it is ready; but one that waited for a
  /// condition now waits for its mutex, which is offered to it if `mutex_is_free(mutex)`.
  /// Precondition: next_deadline() is not kNever.
  template <typename IsFree>
  ThreadId fire(const IsFree& mutex_is_free);
  /// The same for this thread, which has a deadline.
  template <typename IsFree>
  void time_out(ThreadId thread, const IsFree& mutex_is_free);

  /// What it waits for; kNothing if it does not. Valid until the next call that changes it.
  const Wait& of(ThreadId thread) const;
  bool timed_out(ThreadId thread) const { return entry(thread).timed_out; }
  /// Since its last wait() it was offered what it waits for.
  bool offered(ThreadId thread) const { return entry(thread).offered; }
  bool anybody_waits_for(const void* object) const;
  std::uint32_t waiting() const { return waiting_; }
  std::uint32_t timed() const { return timed_; }

  /// Calls `visit(thread, wait)` for everybody who waits, the longest first. It may not change the
  /// table.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (ThreadId t = first_; t != kNobody; t = entry(t).next) visit(t, entry(t).wait);
  }

 private:
  struct Entry {
    Wait wait;
    ThreadId previous = kNobody, next = kNobody;
    bool offered = false;
    bool timed_out = false;
  };
  static std::size_t bucket(const void* object) {
    return (reinterpret_cast<std::uintptr_t>(object) >> 3) % kBuckets;
  }
  Entry& entry(ThreadId thread) { return entries_[static_cast<std::size_t>(thread)]; }
  const Entry& entry(ThreadId thread) const { return entries_[static_cast<std::size_t>(thread)]; }
  static bool matches(const Entry& e, const void* object, std::uint32_t bits) {
    return e.wait.object == object && (bits == 0 || (e.wait.detail & bits) != 0);
  }
  ThreadId earliest() const;

  static constexpr std::size_t kBuckets = 256;
  Host& host_;
  std::vector<Entry> entries_;  // One for each thread that ever waited; grows only.
  ThreadId first_ = kNobody, last_ = kNobody;
  std::uint32_t waiting_ = 0;
  std::uint32_t timed_ = 0;                       // How many of them have a deadline.
  std::array<std::uint32_t, kBuckets> counts_{};  // How many wait, by a hash of their object.
};

template <typename IsFree>
void Waiters::time_out(ThreadId thread, const IsFree& mutex_is_free) {
  const Wait wait = entry(thread).wait;
  const bool was_offered = entry(thread).offered;
  forget(thread);
  if (wait.kind == WaitKind::kCondition && wait.next != nullptr) {
    this->wait(thread, {.kind = WaitKind::kMutex, .object = wait.next});
    entry(thread).timed_out = true;
    if (!mutex_is_free(wait.next)) return;
    entry(thread).offered = true;
    host_.make_ready(thread);
    return;
  }
  entry(thread).timed_out = true;
  if (!was_offered) host_.make_ready(thread);
}

template <typename IsFree>
ThreadId Waiters::fire(const IsFree& mutex_is_free) {
  const ThreadId thread = earliest();
  time_out(thread, mutex_is_free);
  return thread;
}

}  // namespace reweave::sync
