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
// done, nothing of it can ever change anything. Loops whose turns differ, or that look at what no
// hook tells of, are not known for such; but a thread that comes by 512 calls and atomic accesses
// while others could go on and none was chosen is asked whether it gives way, too: a strategy that
// prefers one thread does not lose executions in its loops.
//
// Everything here runs on the one OS thread that explores. The state lies in this library's own
// data and heap, which no snapshot touches.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/program/call_stack.h"
#include "runtime/program/donors.h"
#include "runtime/program/globals.h"
#include "runtime/program/history.h"
#include "runtime/program/program_process.h"
#include "runtime/program/program_signals.h"
#include "runtime/program/races.h"
#include "runtime/program/sanitizer_reports.h"
#include "runtime/program/shared_notes.h"
#include "runtime/program/sharing.h"
#include "runtime/program/sites.h"
#include "runtime/program/step_budget.h"
#include "runtime/program/timers.h"
#include "runtime/program/user_frames.h"
#include "runtime/program/virtual_thread.h"
#include "scheduler/engine/engine.h"
#include "scheduler/sync/waiters.h"

namespace reweave::program {

using sync::WaitKind;

struct WaitingThread;

/// What notes of an execution say: a step of the history, by its index; what was reported; nothing.
inline constexpr std::uint16_t kStepNote = 0, kToldNote = 1, kBeginNote = 2;

class Control final : public sync::Host {
 public:
  Control();

  // ---- From home ----

  /// One execution of `body(argument)` on the first thread, asking `execution`.
  void run(Execution& execution, void (*body)(void*), void* argument);
  /// Of a rehearsal, from the thread that runs: see modules.h.
  [[noreturn]] void end_rehearsal();
  Donors& donors() { return *donors_; }

  // ---- From a virtual thread; what may switch says so ----

  Thread& self() { return *threads_[engine_.current()]; }
  ThreadId self_id() { return ThreadId{engine_.current()}; }
  /// A process that was forked begins to learn which memory is shared, as the first one did.
  void forget_sharing() { sharing_.forget(); }
  /// Whose state `object` is a part of, if anybody's.
  std::optional<std::uint32_t> thread_that_holds(const void* object) const;
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
  /// The same where `object` is a mere address and may be gone: who waited there was let go by an
  /// access before, and need not stay for the wake-up.
  void wake_point(Access access, const void* object, const void* caller);
  /// A plain access; a point only where threads meet. `value` is what a read finds. May switch.
  void plain(Access access, const void* address, std::uint32_t bytes, std::uint64_t value,
             Call call);
  /// A plain access to any number of bytes, in one step: a point where threads meet in a part of
  /// them. May switch.
  void range(Access access, const void* address, std::size_t bytes, Call call);
  /// Fails if memory of the heap is used that the program must not touch, by who tells of no
  /// accesses. No step; does not switch.
  void check_memory(Access access, const void* address, std::size_t bytes, Call call);
  /// An atomic access, or a fence (`address` null); `value` is what is there before it, `changes`
  /// whether it will be another one. May switch.
  void atomic(Access access, const void* address, std::uint32_t bytes, std::uint64_t value,
              bool changes, Call call);
  /// The atomic access itself, after atomic() and with nobody between: what it orders, and what it
  /// must not race with.
  void order(Access access, const void* address, std::uint32_t bytes, Order order, Call call);
  void order_fence(Order order) {
    if (active_ && finds_races_) races_.fence(engine_.current(), order);
  }
  /// What one thread did before it gives `object` up is before what another one does after it has
  /// taken it over. took() and gave_back() say it of locks.
  void give(const void* object) {
    if (finds_races_) races_.release(engine_.current(), object);
  }
  void take_over(const void* object) {
    if (finds_races_) races_.acquire(engine_.current(), object);
  }
  void saw_end_of(const Thread& thread) {
    if (finds_races_) races_.joined(engine_.current(), static_cast<std::uint32_t>(thread.id));
  }
  /// The program says that races of the calling thread are meant, from now on (1) or as so far
  /// (-1), …
  void ignore_races(int more) { self().ignores_races += more; }
  /// … and those to these bytes; for this execution.
  void allow_races(const void* address, std::size_t bytes) {
    if (finds_races_) races_.allow(address, bytes);
  }
  /// `let_go()` lets go on who waits for `object`, some or none of them: whom is kept with the step
  /// in which the running thread does it. Returns what `let_go` returns; does not switch.
  template <typename LetGo>
  auto waking(const void* object, const LetGo& let_go) {
    if (!history_.on()) return let_go();
    const std::vector<ThreadId> before = waiting_for(object);
    const auto result = let_go();
    keep_woken(object, before);
    return result;
  }
  /// Who runs and at which step, in one word.
  std::uint64_t moment() { return std::uint64_t{engine_.current()} << 48 | engine_.steps(); }
  /// Freed memory is about to be given out a second time: whether it shall rather stay free, and
  /// all that is freed from now on, too. Who still uses it is found then; a program that goes wrong
  /// because an address comes back needs the ordinary answer. Asked once in an execution, while
  /// other threads live; else false. Does not switch.
  bool spares_freed(Call call);
  /// Memory of the heap is about to be given back.
  void note_free(const void* block, std::size_t bytes, Call call);
  /// Memory was given back.
  void forget_memory(const void* address, std::size_t bytes) {
    if (active_ && finds_races_) races_.forget(address, bytes);
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
  /// The running thread did something that others can see, after a lock_point(). Does not switch.
  void had_effect(const void* caller) { before(/*effect=*/true, nullptr, caller); }
  /// `thread` waits, and shall look at a signal that has come; what it waited for it has to look at
  /// again. Nothing happens if it does not wait, or may not be disturbed. Does not switch.
  void interrupt(Thread& thread);
  /// A timer was set, or a signal came: more can be decided now. Does not switch.
  void reconsider() { look(); }
  std::uint64_t steps() const { return engine_.steps(); }
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
  /// One that static initialization starts: it runs from the beginning of each execution on.
  void spawn_before_main(void* (*start)(void*), void* argument, bool detached, pthread_t* handle);
  /// Nobody will join it. False: `handle` is none of those.
  bool detach_before_main(std::uintptr_t handle);
  /// The calling thread is over. May switch.
  [[noreturn]] void end_thread(void* result);
  /// main, or the body, has returned `code`. Ordinarily the others go on to their end, or to where
  /// nobody can go on, but not for ever; then the process is over. In real life they would be
  /// stopped somewhere on their way: this is the latest moment. The earliest one is the other
  /// answer to a question `fire`: exit handlers run beside the others. May switch.
  [[noreturn, gnu::noinline]] void main_returned(int code, const void* caller);
  /// The process is over with `code`, by exit() or by a return from main.
  [[noreturn]] void end_process(int code, bool with_handlers, const void* caller);
  /// An oracle's report about the calling thread, which ends the execution. The signature is the
  /// kind, `what` and the function of the user that `stack` leads to.
  [[noreturn]] void fail(FindingKind kind, std::string what, std::string message,
                         const CallStack& stack);
  /// The same for an error that AddressSanitizer found; afterwards this process ends.
  [[noreturn]] void fail_in_sanitizer(const std::string& what, const std::string& message,
                                      const CallStack& stack, const MemoryStory& story);

  /// An object of the thread library was destroyed: that is written into its first 8 bytes, and
  /// known until it is made anew. It has at least 32.
  void destroyed(void* object);
  /// Fails where the user's code uses such an object after it was destroyed. `kind`: of object, as
  /// in "mutex". `zeros`: so many bytes at its beginning, at most 32, are zero as long as it lives;
  /// what was written over it on a stack is then no object that was made anew.
  void check_made(const void* object, const char* kind, const void* caller, std::size_t zeros = 0);

  /// It turns in a loop that comes by no point; afterwards this process ends.
  [[noreturn]] void fail_for_hang(const CallStack& stack);

  void took(const void* lock, const void* caller, bool shared = false);
  void gave_back(const void* lock);
  /// It had `lock` before, and has it still: it only counts how often.
  void counted(const void* lock);
  /// It got one of what nobody holds: of a semaphore.
  void took_one(const void* semaphore);

  /// Something outside of what the library controls was used. `name` lives for ever.
  void note_escape(const char* name, const void* caller);

  /// Accesses to memory come by here.
  void note_accesses() { shared_.see_accesses(); }

  // ---- From home ----

  /// False: only calls of the thread library were tried.
  bool sees_accesses() const { return globals.instrumented || shared_.saw_accesses(); }
  /// Of the same executions: false says that main was alone in all of them.
  bool saw_second_thread() const { return shared_.saw_second_thread(); }
  /// What was used, "NAME at PLACE", each once, in order; in this process and in those that were
  /// forked to explore.
  std::vector<std::string> escapes() const;
  /// Where the threads were in the first execution that was stopped at the limit of steps, whoever
  /// ran first; of a few of them.
  std::vector<std::string> places_of_stop() const;
  /// In all executions so far, those of such processes included: 0 says that no schedule was ever
  /// chosen, so that nothing was explored.
  std::uint64_t questions_asked() const { return shared_.questions(); }
  /// What the threads of the last execution did, if it was repeated.
  const History& history() const { return history_; }
  /// What was reported of it: a signature, or "".
  const std::string& told() const { return told_; }
  /// Whether data races are findings; at first they are not, and never under AddressSanitizer,
  /// which tells of no atomics, nor where OpenMP is, whose locks and barriers nobody tells of.
  void look_for_races(bool wanted);
  /// Whether waiting at a condition variable may end though nobody notified; at first it may not.
  void wake_spuriously(bool wanted) { wakes_spuriously_ = wanted; }
  bool wakes_spuriously() const { return wakes_spuriously_; }

  // ---- For sync::Waiters ----
  void make_ready(ThreadId thread) override;
  void unready(ThreadId thread) override;
  std::uint32_t pick_waiter(std::uint32_t waiters) override;

 private:
  static constexpr std::uint64_t kStepNs = 100;
  // Beyond the last question nobody is chosen any more: each thread gets so many steps in its turn.
  static constexpr std::uint64_t kTurnSteps = 10'000;
  static constexpr std::uint64_t kDrainStepsMax = 25'000;
  static constexpr std::uint64_t kClockStart = 1'700'000'000'000'000'000;
  // While one thread alone can go on, its accesses are only counted, but for the last kLoneLook of
  // every kLonePeriod steps: so a loop that never ends is noticed. And but for the first kLoneLook
  // after it took a lock that others were about to take: what it reads under it may be all that a
  // loop does which waits for one of them.
  static constexpr std::uint64_t kLonePeriod = 4096, kLoneLook = 64;
  static constexpr std::uint32_t kRestsPutOffMax = 64;
  // A thread that comes by so many calls and atomic accesses, one after the other, while others
  // could go on and none is chosen, is asked whether it gives way; then twice as many, …
  static constexpr std::uint32_t kRowShortest = 512, kRowLongest = 4096;
  static constexpr std::uint64_t kRestStepsMax =
      5'000;  // What a loop waits for may be out of sight.
  /// Rounds in which those who rest are compared with themselves: 8 to 15, 64 to 71, 512 to 519, …
  static bool is_compared(std::uint32_t round) {
    const std::uint32_t floor = std::bit_floor(round);
    return floor >= 8 && std::countr_zero(floor) % 3 == 0 && round - floor < 8;
  }

  Thread& make_thread(void* (*start)(void*), void* argument, bool detached);
  void rehearse(const Limits& limits);
  void execute(Execution& execution);
  static bool idle(void* self) { return static_cast<Control*>(self)->help(); }
  static void enter_thread(void* thread);
  bool help();
  void flush() {
    if (globals.alone == 0) return;
    engine_.count_alone(globals.alone);
    globals.alone_max -= std::min(globals.alone, globals.alone_max);
    globals.alone = 0;
  }
  void look();  // Sets Globals::alone_max.
  bool is_watched_alone() const {
    return rounds_ != 0 || engine_.steps() < watched_until_ ||
           budget_.is_near_end(engine_.steps()) ||
           (engine_.steps() - alone_since_) % kLonePeriod >= kLonePeriod - kLoneLook;
  }
  bool pass_alone(Pending step, const void* address);
  void fire_due();
  bool is_timed() const { return waiters_.timed() != 0 || timers_.any(); }
  void passed_point(const void* caller) {
    if (signals_.any()) [[unlikely]]
      signals_.deliver(caller);
  }
  bool let_time_pass();
  bool shall_not_wait(Thread& me, WaitKind kind);
  void count_in_row(const void* caller) {
    if (!active_) return;
    if (row_of_ != engine_.current()) {
      row_of_ = engine_.current();
      row_ = 0;
      row_max_ = kRowShortest;
    }
    if (++row_ >= row_max_) [[unlikely]]
      end_row(caller);
  }
  void end_row(const void* caller);
  void before(bool effect, const void* address, const void* caller);
  bool is_on_own_stack(const void* address) {
    const Context& place = donors_->place(engine_.current());
    const auto offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(place.stack);
    return offset < place.stack_bytes;
  }
  void changed(const void* address);
  void wake_resting();
  void pass_point(Pending pending, Did did, const void* object, std::uint32_t bytes, Call call);
  void forget_abandoned_frames();
  std::string memory_words(const MemoryStory& story);
  void keep(Step step);
  void keep_wait(const sync::Wait& wait, const void* caller);
  std::vector<ThreadId> waiting_for(const void* object) const;
  void keep_woken(const void* object, const std::vector<ThreadId>& before);
  std::uint32_t number_of(const void* thread) const;
  const char* called();
  void look_for_race(Access access, const void* address, std::uint32_t bytes, bool is_atomic,
                     Call call);
  /// How memory is used; no bytes: as an object of the thread library.
  struct Use {
    const void* address = nullptr;
    Access access = Access::kNone;
    std::uint32_t bytes = 0;
    const void* caller = nullptr;
  };
  /// It is where the program may be.
  void check_alive(const Use& use) {
    if (is_dead(use.address)) [[unlikely]]
      fail_for_dead(use);
    if (Donors::is_on_stack(use.address)) [[unlikely]]
      check_frame(use);
  }
  /// The same of many bytes, not all of which need be looked at.
  void check_range_alive(const Use& use);
  /// The same of an object of the thread library. AddressSanitizer's own stand-ins for the calls
  /// that use one are behind ours, and look at nothing.
  void check_alive(const void* object, Access access, const void* caller) {
    check_alive({object, access, 0, caller});
    if (globals.under_address_sanitizer) [[unlikely]]
      check_by_sanitizer(object);
  }
  /// Ends the execution with AddressSanitizer's report where it is poisoned.
  static void check_by_sanitizer(const void* object);
  /// Where the variables of main() were, or the deepest of them.
  struct LeftByMain {
    static constexpr std::size_t kBytes = std::size_t{16} << 10;
    const std::byte* end = nullptr;
    bool contains(const std::byte* at) const {
      return reinterpret_cast<std::uintptr_t>(end) - reinterpret_cast<std::uintptr_t>(at) - 1 <
             kBytes;
    }
  };
  [[noreturn, gnu::noinline]] void after_main(int code, const void* caller);
  /// It lies on the stack of a thread. Fails if that is another's, whose function has
  /// returned, or of main() when that has returned.
  void check_frame(const Use& use);
  static void watch_heap();
  [[noreturn]] void fail_for_dead(const Use& use);
  void blame(const Use& use, Fault fault);
  [[noreturn]] void fail_for_race(const Races::Access& mine, const RacingAccess& other, Call call);
  bool stands_back(const void* caller);
  bool should_rest(const void* address, std::uint64_t value, const void* caller);
  void rest(Access access, const void* object, const void* caller);
  bool everybody_turns(bool unchanged);
  Pending pending(Access access, const void* object, const void* caller) const {
    return Pending(site_of(caller), access, Sharing::number(object));
  }
  void run_exits(Thread& thread);
  bool others_live() const;
  void wait_for_others(const void* caller);
  void weigh_steps() { budget_.weigh(engine_.steps(), !active_); }
  void stop_at_limit(const void* address) {
    if (budget_.is_near_end(engine_.steps())) [[unlikely]]
      come_to_limit(address);
  }
  void come_to_limit(const void* address);
  void note_stop();
  void take_turns(const void* caller);
  void stop_draining_in_time() {
    if (engine_.steps() >= drain_until_) [[unlikely]]
      stop_draining();
  }
  void stop_draining();
  void tell(Execution& execution, Ended ended);
  void unwind_waiting(Context& from);
  std::vector<WaitingThread> waiting_threads();

  struct Race {
    Races::Access mine;
    RacingAccess other;
    const void* caller = nullptr;
    CallStack others_stack;
  };
  /// What a thread reported before the execution ended.
  struct Failure {
    bool happened = false;
    FindingKind kind{};
    std::string what, message;
    CallStack stack;
    ThreadId thread{};
    Race race{};
    MemoryStory memory{};
    const void* freed_at = nullptr;  // Where the memory was freed that was used afterwards.
    bool ends_process = false;
  };

  ProgramSignals& signals_ = program_signals();
  Timers& timers_ = timers();
  std::unique_ptr<Donors> donors_;
  Engine engine_;
  sync::Waiters waiters_;
  Sharing sharing_;
  Races races_;
  bool finds_races_ = false;
  bool wakes_spuriously_ = false;
  bool asked_to_spare_ = false;  // In this execution: see spares_freed().
  bool rehearsed_ = false;
  struct EarlyThread {
    void* (*start)(void*);
    void* argument;
    bool detached;
    std::uintptr_t handle;
  };
  std::vector<EarlyThread> early_threads_;
  History history_;
  std::string told_;
  std::vector<std::unique_ptr<Thread>> threads_;  // By actor; reused from execution to execution.
  void (*body_)(void*) = nullptr;
  void* body_argument_ = nullptr;
  std::uint64_t clock_ = 0;
  StepBudget budget_;
  std::uint64_t turn_began_ = 0;  // The step; where threads take turns.
  std::uint32_t turn_ = 1;        // Its number.
  std::uint64_t glance_ns_ = 0;   // How long the last look at the clock took.
  std::uint32_t resting_ = 0;
  std::uint32_t rounds_ = 0;              // In which all that can go on only turned.
  std::uint64_t alone_since_ = 0;         // The step from which on only one can go on.
  std::uint64_t watched_until_ = 0;       // Up to this step it is looked at all the same.
  std::uint32_t row_of_ = UINT32_MAX;     // Who came by the last calls and atomic accesses, …
  std::uint32_t row_ = 0;                 // … by how many of them while others could go on, …
  std::uint32_t row_max_ = kRowShortest;  // … and by how many before it is asked.
  std::uint64_t drain_until_ =
      sync::kNever;                  // The step at which main waits no longer for the others.
  std::uint64_t resting_since_ = 0;  // The step from which on somebody rests.
  bool woke_resting_ = false;        // When nobody could go on the last time.
  bool filtering_ = false;
  bool active_ = false;              // Something can be decided: as Globals::watch, whoever asks.
  bool draining_ = false;            // main has returned and waits for the others.
  bool left_over_ = false;           // The others sleep for ever.
  bool ending_ = false;              // Exit handlers run.
  bool stopping_ = false;            // At the limit of steps.
  LeftByMain left_by_main_;          // Once it has returned.
  std::set<const void*> destroyed_;  // Objects of the thread library. Never walked.
  Context* explaining_ = nullptr;  // Threads are resumed only to unwind their stacks, for this one.
  Failure failure_;
  SharedNotes& shared_ = SharedNotes::make();
};

/// The only one; made when it is asked for first.
extern Control* only_control;
Control& make_control();
inline Control& control() { return only_control != nullptr ? *only_control : make_control(); }

}  // namespace reweave::program
