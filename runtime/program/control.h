// Who runs: the virtual threads of a program, their points, their waiting, their time.
//
// Stands between the hooks and stand-ins, which know libc's calls, and the engine, which knows
// nothing of programs. A stand-in is always of the same shape: a point before the operation; the
// operation as a state machine of scheduler/sync; where that says "wait", wait_here().
//
//   control().point(Access::kAcquire, mutex, REWEAVE_CALLER);
//   while (!try_lock(control().waiters(), m, control().self())) {
//     wait_for(control().waiters(), m, control().self());
//     control().wait_here(Access::kAcquire, mutex, REWEAVE_CALLER);
//   }
//
// Time is virtual: a step takes 100 ns, and when nobody can go on the clock jumps to the next
// deadline. A time-out may also come at once: a question `fire` where the wait begins.
//
// A thread that turns in a loop without any effect rests until another thread changes something
// that it looks at (see loops.h): spinning is waiting. It may also go on turning: a question
// `fire`. Where nobody but such threads can go on, each gets its turn, and when all of them come to
// the same place with the same registers and the same stack twice, that is a livelock: whatever was
// done, nothing of it can ever change anything.
//
// Everything here runs on the one OS thread that explores. The state lies in this library's own
// data and heap, which no snapshot touches.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/program/call_stack.h"
#include "runtime/program/donors.h"
#include "runtime/program/globals.h"
#include "runtime/program/loops.h"
#include "runtime/program/races.h"
#include "runtime/program/sharing.h"
#include "runtime/program/sites.h"
#include "scheduler/engine/engine.h"
#include "scheduler/sync/waiters.h"

/// The call that a hook or stand-in was made by.
#define REWEAVE_CALLER __builtin_return_address(0)

namespace reweave::program {

using sync::ThreadId;
using sync::WaitKind;

/// A lock that a thread holds, and where it was taken.
struct HeldLock {
  const void* lock = nullptr;
  const void* where = nullptr;
  bool shared = false;  // For reading only.
};

/// What a thread does when it ends: destructors of its thread_local objects, in reverse order.
struct ThreadExit {
  void (*call)(void*);
  void* object;
};

struct WaitingThread;

struct Thread {
  static constexpr std::uint32_t kPatience = 64, kPatienceMax = 4096;

  ThreadId id{};
  void* (*start)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  std::uintptr_t handle = 0;  // Its pthread_t.
  bool ended = false;
  bool detached = false;
  bool joined = false;
  const void* where = nullptr;  // The last call it made into this library.
  std::vector<HeldLock> held;   // In the order in which they were taken.
  std::vector<ThreadExit> exits;
  std::vector<void*> key_values;  // By pthread_key_t.
  LoopDetector loop;
  bool rest_due = false;            // It turns, and rests as soon as it holds no lock, …
  std::uint32_t rests_put_off = 0;  // … unless it did not for so many reads.
  std::uint32_t patience = 0;       // So often it need not be asked whether it gives way.
  std::uint32_t patience_next = kPatience;
  bool turning = false;  // It rests because of its turns, not only to let others go on.
  std::array<std::uint64_t, 4> fingerprints{};  // Of the last times it rested; see rest().
  bool unchanged = false;  // When it last rested, it was as it had been at one of the times before.
  CallStack stack;         // Filled in for a report only.
};

class Control final : public sync::Host {
 public:
  Control();

  // ---- From home ----

  /// One execution of `body(argument)` on the first thread, asking `execution`.
  void run(Execution& execution, void (*body)(void*), void* argument);
  Donors& donors() { return *donors_; }

  // ---- From a virtual thread; what may switch says so ----

  Thread& self() { return *threads_[engine_.current()]; }
  ThreadId self_id() { return ThreadId{engine_.current()}; }
  Thread& thread(ThreadId id) { return *threads_[static_cast<std::size_t>(id)]; }
  /// Null if it is none of ours.
  Thread* find(std::uintptr_t handle);
  std::size_t thread_count() const { return engine_.actor_count(); }
  sync::Waiters& waiters() { return waiters_; }
  /// "0.2": of a thread of the present execution.
  std::string path(ThreadId id) {
    return engine_.execution().actor_path(ActorId{static_cast<std::uint32_t>(id)});
  }

  /// Before an operation on `object` that others may see, other than a plain access. May switch.
  void point(Access access, const void* object, const void* caller);
  /// A plain access; a point only where threads meet. `value` is what a read finds. May switch.
  void plain(Access access, const void* address, std::uint32_t bytes, std::uint64_t value,
             const void* caller);
  /// An atomic access, or a fence (`address` null); `value` is what is there before it, `changes`
  /// whether it will be another one. May switch.
  void atomic(Access access, const void* address, std::uint64_t value, bool changes,
              const void* caller);
  /// The atomic access itself, after atomic() and with nobody between: what it orders, and what it
  /// must not race with.
  void order(Access access, const void* address, std::uint32_t bytes, Order order,
             const void* caller);
  void order_fence(Order order) {
    if (active_) races_.fence(engine_.current(), order);
  }
  /// What one thread did before it gives `object` up is before what another one does after it has
  /// taken it over. took() and gave_back() say it of locks.
  void give(const void* object) { races_.release(engine_.current(), object); }
  void take_over(const void* object) { races_.acquire(engine_.current(), object); }
  void saw_end_of(const Thread& thread) {
    races_.joined(engine_.current(), static_cast<std::uint32_t>(thread.id));
  }
  /// Memory was given back.
  void forget_memory(const void* address, std::size_t bytes) {
    if (active_) races_.forget(address, bytes);
  }
  /// point() before a mutex or its like is taken or given back: nothing that a loop which waits for
  /// a change could see. May switch.
  void lock_point(Access access, const void* lock, const void* caller);
  /// The calling thread did not get `lock` and goes on without. May switch.
  void tried_in_vain(const void* lock, const void* caller);
  /// It gave back `lock`. May switch.
  void released(const void* lock, const void* caller);
  /// After waiters().wait(): returns when this thread was woken and chosen. May switch.
  void wait_here(Access access, const void* object, const void* caller);
  /// This thread wants others to go on: a point at which it stands back. May switch.
  void yield(const void* caller);
  /// Which of `answers`: 0 is ordinary. Does not switch.
  std::uint32_t ask(QuestionKind kind, std::uint32_t answers, const void* caller);
  /// Does the time-out of a wait that begins here come at once?
  /// Then the clock stands at `deadline`, at least.
  bool time_is_up(std::uint64_t deadline, const void* caller);

  /// Virtual nanoseconds since the epoch.
  std::uint64_t now() {
    flush();
    return clock_ + engine_.steps() * kStepNs;
  }
  /// Reading the clock takes time, too, and more each time that nothing else happens between, so
  /// that a loop that waits for a time comes to an end.
  void look_at_clock();

  /// A new thread, ready to run; `*handle` is its pthread_t, before anybody runs. May switch.
  void spawn(void* (*start)(void*), void* argument, bool detached, const void* caller,
             pthread_t* handle);
  /// The calling thread is over. May switch.
  [[noreturn]] void end_thread(void* result);
  /// main, or the body, has returned `code`. The others go on to their end, or to where nobody can
  /// go on, but not for ever; then the process is over. In real life they would be stopped
  /// somewhere on their way: this is the latest moment. May switch.
  [[noreturn]] void main_returned(int code, const void* caller);
  /// The process is over with `code`, by exit() or by a return from main.
  [[noreturn]] void end_process(int code, bool with_handlers, const void* caller);
  /// An oracle's report about the calling thread, which ends the execution. The signature is the
  /// kind, `what` and the function of the user that `stack` leads to.
  [[noreturn]] void fail(FindingKind kind, std::string what, std::string message,
                         const CallStack& stack);

  void took(const void* lock, const void* caller, bool shared = false);
  void gave_back(const void* lock);

  /// Something outside of what the library controls was used. `name` lives for ever.
  void note_escape(const char* name, const void* caller);

  // ---- From home ----

  /// What was used, "NAME at PLACE", each once, in order; in this process and in those that were
  /// forked to explore.
  std::vector<std::string> escapes() const;
  /// In all executions so far, those of such processes included: 0 says that no schedule was ever
  /// chosen, so that nothing was explored.
  std::uint64_t questions_asked() const;
  /// Whether data races are findings; at first they are not.
  void look_for_races(bool wanted) { finds_races_ = wanted; }

  // ---- For sync::Waiters ----
  void make_ready(ThreadId thread) override;
  void unready(ThreadId thread) override;
  std::uint32_t pick_waiter(std::uint32_t waiters) override;

  bool draining() const { return draining_; }
  std::uint64_t executions() const { return executions_; }

 private:
  static constexpr std::uint64_t kStepNs = 100;
  static constexpr std::uint64_t kStepsKept = 8;
  static constexpr std::uint64_t kClockStart = 1'700'000'000'000'000'000;
  // While one thread alone can go on, its accesses are only counted, but for the last kLoneLook of
  // every kLonePeriod steps: so a loop that never ends is noticed.
  static constexpr std::uint64_t kLonePeriod = 4096, kLoneLook = 64;
  static constexpr std::uint32_t kRestsPutOffMax = 64;
  static constexpr std::uint64_t kRestStepsMax =
      5'000;  // What a loop waits for may be out of sight.
  /// Rounds in which those who rest are compared with themselves: 8 to 15, 64 to 71, 512 to 519, …
  static bool is_compared(std::uint32_t round) {
    const std::uint32_t floor = std::bit_floor(round);
    return floor >= 8 && std::countr_zero(floor) % 3 == 0 && round - floor < 8;
  }

  static bool idle(void* self) { return static_cast<Control*>(self)->help(); }
  static void enter_thread(void* thread);
  bool help();
  void flush() {
    if (globals.alone == 0) return;
    engine_.count_alone(globals.alone);
    globals.alone_max -= std::min(globals.alone, globals.alone_max);
    globals.alone = 0;
  }
  void look();  // Sets Globals::watch.
  bool is_watched_alone() const {
    return rounds_ != 0 ||
           (engine_.steps() - alone_since_) % kLonePeriod >= kLonePeriod - kLoneLook;
  }
  bool pass_alone(Pending step);
  void fire_due();
  void before(bool effect, const void* address, const void* caller);
  bool is_on_own_stack(const void* address) {
    const Context& place = donors_->place(engine_.current());
    const auto offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(place.stack);
    return offset < place.stack_bytes;
  }
  void changed(const void* address);
  void wake_resting();
  void look_for_race(Access access, const void* address, std::uint32_t bytes, bool is_atomic,
                     const void* caller);
  [[noreturn]] void fail_for_race(Access access, bool is_atomic, const RacingAccess& other,
                                  const void* caller);
  bool stands_back(const void* caller);
  bool should_rest(const void* address, std::uint64_t value, const void* caller);
  void rest(Access access, const void* object, const void* caller);
  bool everybody_turns(bool unchanged);
  Pending pending(Access access, const void* object, const void* caller) const {
    return Pending(site_of(caller), access, Sharing::number(object));
  }
  void run_exits(Thread& thread);
  void wait_for_others(const void* caller);
  void stop_at_limit() {
    if (engine_.steps() >= steps_max_) [[unlikely]]
      never_ends();
  }
  [[noreturn]] void never_ends();
  void stop_draining_in_time();
  void tell(Execution& execution, Ended ended);
  void unwind_waiting(Context& from);
  std::vector<WaitingThread> waiting_threads(const Execution& execution);

  struct Race {
    bool atomic = false;
    bool write = false;
    const void* caller = nullptr;
    RacingAccess other;
  };
  /// What a thread reported before the execution ended.
  struct Failure {
    bool happened = false;
    FindingKind kind{};
    std::string what, message;
    CallStack stack;
    ThreadId thread{};
    Race race{};
  };

  std::unique_ptr<Donors> donors_;
  Engine engine_;
  sync::Waiters waiters_;
  Sharing sharing_;
  Races races_;
  bool finds_races_ = false;
  std::vector<std::unique_ptr<Thread>> threads_;  // By actor; reused from execution to execution.
  void (*body_)(void*) = nullptr;
  void* body_argument_ = nullptr;
  std::uint64_t clock_ = 0;
  std::uint64_t deadline_ = sync::kNever;  // The next one, if it was looked up.
  std::uint64_t executions_ = 0;
  std::uint64_t steps_max_ = 0;
  std::uint64_t glance_ns_ = 0;  // How long the last look at the clock took.
  std::uint32_t resting_ = 0;
  std::uint32_t rounds_ = 0;       // In which all that can go on only turned.
  std::uint64_t alone_since_ = 0;  // The step from which on only one can go on.
  std::uint64_t drain_until_ =
      sync::kNever;                  // The step at which main waits no longer for the others.
  std::uint64_t resting_since_ = 0;  // The step from which on somebody rests.
  bool woke_resting_ = false;        // When nobody could go on the last time.
  bool filtering_ = false;
  bool active_ = false;            // Something can be decided: as Globals::watch, whoever asks.
  bool draining_ = false;          // main has returned and waits for the others.
  bool left_over_ = false;         // The others sleep for ever.
  bool ending_ = false;            // Exit handlers run.
  Context* explaining_ = nullptr;  // Threads are resumed only to unwind their stacks, for this one.
  Failure failure_;
  struct Shared;
  Shared* shared_;  // With the processes that are forked from this one.
};

/// The only one; made when the first execution begins.
Control& control();

}  // namespace reweave::program
