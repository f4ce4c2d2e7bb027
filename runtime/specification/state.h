// The data of the specification: what a program of tasklets and channels consists of, as numbers
// and lists. No pointers, no stacks, no objects that could be released too early.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/object/object.h"
#include "runtime/specification/routine.h"
#include "scheduler/question.h"

namespace reweave::runtime::specification {

/// A tasklet's or a channel's number; kNobody for none.
using Id = std::int32_t;
inline constexpr Id kNobody = -1;
/// A channel that only the operation in progress knows: nobody else ever comes to it.
inline constexpr Id kTemporary = -1;

/// What an operation comes to: None, a sent value, a tasklet, or an exception that is raised.
struct Value {
  enum class Kind : std::uint8_t { kNone, kToken, kError, kTasklet };
  Kind kind = Kind::kNone;
  ExceptionType type{};
  ErrorCode code{};
  std::uint32_t number = 0;  // Of a value or an exception that the program made, or of a tasklet.

  bool is_error() const { return kind == Kind::kError; }
  static Value token(std::uint32_t number) { return {.kind = Kind::kToken, .number = number}; }
  static Value tasklet(Id id) {
    return {.kind = Kind::kTasklet, .number = static_cast<std::uint32_t>(id)};
  }
  static Value error(ExceptionType type, std::uint32_t number = 0) {
    return {.kind = Kind::kError, .type = type, .number = number};
  }
  static Value error(ErrorCode code, ExceptionType type = ExceptionType::kRuntimeError) {
    return {.kind = Kind::kError, .type = type, .code = code};
  }
};

/// An activation of a function.
struct Frame {
  std::int32_t function = -1;
  bool hard = false;       // It was entered hard, and so is left hard, as long as it runs.
  Id generator = kNobody;  // Whose it is.
  Id cell = kNobody;       // That the function shares.
};

/// A weak reference: the function that it calls, or the thing that it is.
struct Weakref {
  std::int32_t function = -1;
  Id reference = kNobody;
  std::int32_t older = -1;  // The next one of its target; -1: none.
};

/// An entry of a dict.
struct DictItem {
  std::int64_t hash = 0;  // Their order.
  Id key = kNobody;       // An object or a number.
  Id value = kNobody;
  bool counted = false;  // The key is an object, and held.
  Id next = kNobody;
};

/// An object that slots and others can hold: a tasklet or a thing. Their Ids are one sequence, in
/// order of creation.
struct Thing {
  ObjectKind kind = ObjectKind::kTasklet;
  std::int32_t number = 0;  // What events call it.
  std::int32_t references = 0;
  /// What it holds, what it took last at the end: a tasklet what its operations in progress hold.
  std::vector<Id> held;
  std::int32_t weakrefs = -1;  // The newest one.
  Routines::Handle caller{};   // A generator's: the one that awaits its next value.
  bool running = false;        // Somebody does.
  Id runner = kNobody;         // Who does, in a for loop, and can be switched away softly in it.
  bool yielded = false;        // It did, last time, and not end.
  std::int32_t word = 0;       // What it yielded.
  Id target = kNobody;         // A weak reference's; kNobody: cleared.
  std::int32_t internal = 0;   // While garbage is looked for: references from other objects.
  /// The same: whether somebody who is alive refers to it.
  enum class Met : std::uint8_t { kUnlisted, kNot, kAside, kAgain, kYes };
  Met met = Met::kUnlisted;
};

struct Tasklet : Thing {
  enum class State : std::uint8_t {
    kUnbound,    // Has nothing to run, or a function that was not set up.
    kNew,        // Has a function that did not begin.
    kRunning,    // The current one.
    kSuspended,  // In the middle of its function.
    kEnded,
    kDestroyed,
  };
  State state = State::kUnbound;
  std::int32_t serial = 0;  // How many tasklets were made before it.
  Id locals = kNobody;      // Its first one.
  ActorId actor{};
  std::int32_t thread = 0;     // Nobody: it has ended.
  bool main = false;           // Of any thread.
  std::int32_t function = -1;  // kNew: to run. kUnbound: bound to it; -1: to none.
  Value tempval;
  Routines::Handle point{};  // kSuspended: where it resumes.
  // Interpreter levels under it when it was suspended last; 0: it was left softly.
  std::int32_t nesting = 0;
  bool frames_dropped = false;  // kSuspended, in a thread that has ended: it was killed.
  std::vector<Id> calls;    // Channels on which its frames wait, or are to, for results of jobs.
  Id job_reply = kNobody;   // A worker: the channel over which the result of its job is to come.
  Id told_reply = kNobody;  // The channel over which it tells that a job will not be done.
  bool queued = false;      // In the run queue.
  std::int8_t blocked = 0;  // -1 in receive, 1 in send.
  Id channel = kNobody;     // Where it is blocked, or astray.
  bool astray = false;  // In 3.7.5: it came into that channel's queue and not into the run queue.
  bool hard = false;    // Its innermost function was entered hard.
  bool atomic = false;
  bool ignore_nesting = false;
  bool block_trap = false;
  bool pending_irq = false;  // It could not be interrupted when its time was over.
  bool finalized = false;    // Its finalizer has begun.
  bool dying = false;        // Its weak references are cleared.
  bool told_of_end = false;  // Its end is in the log already.
  // What ends its wait besides what it waits for: a timer, and channels, a bit for each.
  std::int32_t timer = 0;
  std::uint64_t selects = 0;
  bool timed_out = false;
  std::int32_t said = 0;  // What its last operation that says something said.

  bool alive() const {
    return state > State::kUnbound && state < State::kEnded && thread != kNobody;
  }
  bool floating() const { return !queued && blocked == 0; }
  bool has_c_state() const { return state == State::kSuspended && nesting > 0; }
};

struct Channel {
  std::vector<Id> waiting;  // In order of arrival.
  std::int32_t balance = 0;
  std::int32_t preference = -1;
  bool closing = false;
  bool schedule_all = false;
  bool has_job = false;  // A result is to come over it.
  // What it keeps for receivers to come, the oldest first, and how many it may.
  std::vector<Value> kept;
  std::size_t keeps = 0;
  bool has_room() const { return kept.size() < keeps; }
};

/// What a worker is to do, and over which channel it tells what came of it.
struct Job {
  std::int32_t function = -1;
  Id reply = kNobody;
  std::int32_t number = 0;
};

/// The workers of call_async and what they have to do.
struct Pool {
  std::vector<Job> jobs;  // Begun by nobody; the oldest first.
  Id wake = kNobody;      // Where workers wait that have nothing to do.
  std::int32_t workers_max = 2;
  std::int32_t workers = 0;
  std::int32_t jobs_made = 0;
  bool stopped = false;

  void clear() {
    Pool fresh;
    fresh.jobs.swap(jobs);
    fresh.jobs.clear();
    *this = std::move(fresh);
  }
};

/// A lock, and the condition that belongs to it.
struct Lock {
  bool held = false;
  std::vector<std::int32_t> waiting;   // Threads that want it, in order of arrival.
  std::vector<std::int32_t> sleeping;  // Threads that wait to be notified, likewise.
};

/// A tasklet waits for that long at most. Stale if it waits for something else by now.
struct TaskletTimer {
  std::uint64_t due = 0;
  Id tasklet = kNobody;
  std::int32_t serial = 0;
};

/// A thread's time that is to come.
struct Timer {
  std::uint64_t due = 0;
  std::int32_t thread = 0;
};

/// What limits run(). No ticks: nothing does.
struct RunLimit {
  std::uint32_t ticks = 0;
  bool soft = false;            // Interrupted only where it switches by itself.
  bool total = false;           // All tasklets together have these ticks.
  bool ignore_nesting = false;  // Interrupted at any nesting level.
};

/// What runs before each channel operation, or each switch. No function: it is only logged.
struct Callback {
  bool installed = false;
  std::int32_t function = -1;
};

/// What each thread has of its own.
struct ThreadState {
  enum class Phase : std::uint8_t {
    kUnused,
    kReady,     // Runs, or could.
    kAsleep,    // Nothing is runnable in it.
    kSettling,  // Waits until nobody else is ready.
    kParked,    // Waits for a lock, a notify or a time.
    kEnded,
  };
  std::int32_t number_ = 0;
  Phase phase_ = Phase::kUnused;
  bool idle_ = false;              // Asleep, or woken and not run since.
  bool woken_ = false;             // Since it began to wait for a lock, a notify or a time.
  bool notified_ = false;          // Since it began to wait on a condition.
  bool polling_ = false;           // There: it is not woken by a notify, but looks for it.
  std::uint32_t held_ticks_ = 0;   // Operations since it got the interpreter lock.
  bool dying_ = false;             // Its main tasklet has ended; a makeshift one takes its place.
  ActorId actor_{};                // Of its main tasklet.
  ActorId nobody_{};               // Of a makeshift one; 0: not needed yet.
  Id leaves_ring_last_ = kNobody;  // Its end does not take its C stack out of the ring.
  Routines::Handle point_;         // Where it resumes when it runs again.
  Id main_ = kNobody;
  std::vector<Id> queue_;    // The run queue; its first one runs, unless it is just leaving.
  std::int32_t astray_ = 0;  // What the length of the run queue is counted too high.
  Id current_ = kNobody;
  Id switching_to_ = kNobody;     // While the schedule callback is told of it.
  Id del_post_switch_ = kNobody;  // Its reference goes when the switch under way is complete.
  std::vector<Id> watchdogs_;     // Tasklets inside run(), outermost first.

  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  RunLimit limit_;
  Id limit_owner_ = kNobody;          // Whose run() has set it; counted.
  std::uint64_t ticks_ = 0;           // Since the beginning.
  std::uint64_t watermark_ = kNever;  // The slice is over when there are more.
  Id interrupted_ = kNobody;          // The victim of an interrupt; counted.

  std::int32_t nesting_ = 0;  // Interpreter levels under the current tasklet.
  std::int32_t switch_trap_ = 0;
  bool callback_running_ = false;
  bool in_schedule_callback_ = false;  // No switch is possible then; the real thing dies of it.

  /// As before the first step; keeps the memory of the lists.
  void clear() {
    queue_.clear();
    watchdogs_.clear();
    ThreadState fresh;
    fresh.number_ = number_;
    fresh.queue_.swap(queue_);
    fresh.watchdogs_.swap(watchdogs_);
    *this = std::move(fresh);
  }
};

}  // namespace reweave::runtime::specification
