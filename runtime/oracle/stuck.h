// Who can never go on: at a program's end, and when nothing can run, each tasklet and thread that
// is blocked with nobody left who could wake it.
//
// The finding is `deadlock`, at the step at which it is seen: when the runtime is about to raise
// the error that says so, also where the program swallows that; and when main has ended. The
// signature is the shape of the waits, "deadlock circle lock in left, lock in right": operation,
// channel and function of each who waits; of those who wait for each other in a circle, if there is
// one. The message says who, where, for what, who has it and since where; an actor is called by its
// path, as in schedules and traces.
//
// A waiter is not told of if he waits on purpose (Foresight), if he was told of before, or if
// somebody who can still go on could wake him: a tasklet that is runnable when main ends, a thread
// that is ready or sleeps for a time, or whom one of those could wake. What they could do is read
// off their programs, and taken to be anything where that cannot be told. So a wait that is told of
// is one for ever; the reverse does not hold.
//
// Cost: nothing until main has ended or nothing can run; then one look at every tasklet, and one
// for each that is blocked at the frames of those who could wake it, of which those count once in
// which the same is still to come. Where kPairsMax looks would not do nobody is told of; circles
// are looked for among kCircleMax, and kLinesMax are described. Asks nothing and changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/tasklet/runtime.h"
#include "runtime/tasklet/watcher.h"

namespace reweave::runtime {

/// One who is blocked.
struct Waiter {
  enum class For : std::uint8_t {
    kReceiver,  // He sends on `channel`.
    kSender,    // He receives from it.
    kLock,      // The whole thread waits for `lock`.
    kNotify,    // The same, under `condition`.
    kNothing,   // He left the run queue, and nothing else can run.
  };
  const Tasklet* tasklet = nullptr;
  For waits_for{};
  const Channel* channel = nullptr;
  const Lock* lock = nullptr;
  const Condition* condition = nullptr;
  FrameRef frame{};  // Innermost; empty: not known.
  SiteId site = kNowhere;
  bool on_purpose = false;
  bool can_go_on = false;  // Somebody could wake him.
};

/// What only the host knows: the program that the actors are in the middle of.
class Foresight {
 public:
  virtual ~Foresight() = default;
  /// Whoever waits in this frame, or in one that called it, does so on purpose.
  virtual bool waits_on_purpose(FrameRef innermost) const = 0;
  /// The frame is a worker's who has nothing to do: what it did last says nothing.
  virtual bool is_idle(FrameRef innermost) const = 0;
  /// What is still to come in this frame and its callers could end the wait of `waiter`.
  /// `by_chance`: also by a callback, by killing him, or in another way that cannot be told
  /// beforehand.
  virtual bool could_end(FrameRef innermost, const Waiter& waiter, bool by_chance) const = 0;
  /// The same for two frames in which the same is still to come.
  virtual std::uint64_t key_of(FrameRef innermost) const = 0;
  /// "data"; "" for a channel that has no name.
  virtual std::string channel_name(const Waiter& waiter) const = 0;
  /// The same in a message: "channel data", "the channel of its call's reply".
  virtual std::string channel_words(const Waiter& waiter) const = 0;
  /// "lock accounts", or "lock 0" where none has that name; "condition changed", or "lock 0", whose
  /// condition it is.
  virtual std::string lock_words(std::int32_t number) const = 0;
  virtual std::string condition_words(std::int32_t number) const = 0;
};

class StuckOracle final : public DeadlockWatcher {
 public:
  /// A new execution. Both must live until the next one.
  void begin(const Foresight& foresight, const LedgerNames& names);

  /// Nothing can run; does nothing unless Settings::report_stuck.
  void deadlocked(Thread& thread) override;
  /// Main has ended.
  void look_at_end(Runtime& runtime);

 private:
  static constexpr std::size_t kPairsMax = 1'000'000, kCircleMax = 256, kLinesMax = 20;

  void look(const Shared& shared, const Thread* raising);
  void add_waiter(Waiter waiter, FrameRef frame);
  void find_waiters(const Thread* raising);
  void find_wakers();
  void add_waker(FrameRef frame);
  bool is_told(const Waiter& waiter) const;
  bool goes_on(const Thread& thread) const;
  bool could_wake(FrameRef frame, const Waiter& waiter) const;
  bool is_for_ever(const Thread& thread, const Thread* raising) const;
  void spread();
  std::vector<std::size_t> find_circle() const;
  void holders_of(const Waiter& waiter, std::vector<std::size_t>& holders) const;
  std::size_t waiter_of(ActorId actor) const;
  FrameRef frame_of(const Tasklet& tasklet) const;
  FrameRef innermost_operation(FrameRef frame, SiteId& site) const;
  std::string function_at(SiteId site) const;
  std::string part_of(const Waiter& waiter) const;
  std::string line_of(const Waiter& waiter) const;
  std::string place(SiteId site, std::uint64_t step) const;
  std::string path(ActorId actor) const;
  void report(const std::vector<std::size_t>& circle);

  const Foresight* foresight_ = nullptr;
  const LedgerNames* names_ = nullptr;
  const Shared* shared_ = nullptr;
  Execution* execution_ = nullptr;
  std::vector<Waiter> waiters_;      // Those who cannot go on come to be the only ones.
  std::vector<FrameRef> wakers_;     // Of those who can go on; an empty one could do anything.
  std::vector<std::uint64_t> keys_;  // Of those, sorted.
  std::vector<bool> told_;           // By serial of a tasklet.
};

}  // namespace reweave::runtime
