// One interpreter thread, put together from its parts, and what a program can do with tasklets.
//
// Each part, and what is done with it, has a header of its own: run_queue.h, switching.h,
// channel.h, watchdog.h, interpreter_lock.h, … What all threads share is in shared.h, how an
// execution begins in runtime.h, and how C++ functions become tasklets in native.h.
//
// Values: an operation returns an owned reference; null means that an exception is pending in
// error(); kUnwind means that a soft switch is under way and that the caller's `execute` must
// return kUnwind at once.
//
// Soft and hard: an operation called with `soft` may, at nesting level 0 and under soft switching,
// switch by just returning; otherwise the C stack is sliced and another one put back. Both are
// real.
//
// "May switch" below means: other tasklets may run before the call returns, on the same machine
// stack. Nothing that is reachable from elsewhere may therefore live in a local variable of the
// caller.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "runtime/life/lifetime.h"
#include "runtime/tasklet/evaluation.h"
#include "runtime/tasklet/faults.h"
#include "runtime/tasklet/interpreter_lock.h"
#include "runtime/tasklet/run_queue.h"
#include "runtime/tasklet/saved_stacks.h"
#include "runtime/tasklet/shared.h"
#include "runtime/tasklet/switch_guard.h"
#include "runtime/tasklet/tasklet.h"
#include "runtime/tasklet/thread_life.h"
#include "runtime/tasklet/watchdog.h"

namespace reweave::runtime {

/// The words of the log; see events.def.
enum class EventKind : std::uint16_t {
#define EVENT(identifier, word, arguments) identifier,
#include "runtime/vocabulary/events.def"
#undef EVENT
};
struct EventInfo {
  const char* word;
  const char* arguments;
};
const EventInfo& event_info(EventKind kind);

class Thread {
 public:
  /// `shared` must outlive it. The threads of one runtime have numbers from 0.
  Thread(Shared& shared, std::uint32_t number);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // ---- Its parts ----

  RunQueue& queue() { return queue_; }
  const RunQueue& queue() const { return queue_; }
  Watchdog& watchdog() { return watchdog_; }
  const Watchdog& watchdog() const { return watchdog_; }
  SwitchGuard& guard() { return guard_; }
  const SwitchGuard& guard() const { return guard_; }
  Evaluation& evaluation() { return evaluation_; }
  const Evaluation& evaluation() const { return evaluation_; }
  SavedStacks& saved() { return saved_; }
  const SavedStacks& saved() const { return saved_; }
  Turn& turn() { return turn_; }
  const Turn& turn() const { return turn_; }
  ThreadLife& life() { return life_; }
  const ThreadLife& life() const { return life_; }
  /// What it has in common with the other threads.
  Shared& shared() const { return shared_; }

  Execution& execution() { return *execution_; }
  const Execution& execution() const { return *execution_; }
  Settings& settings() { return shared_.settings; }
  const Settings& settings() const { return shared_.settings; }
  Ledger& ledger() { return shared_.ledger; }
  const Ledger& ledger() const { return shared_.ledger; }
  Heap& heap() { return shared_.heap; }
  const Heap& heap() const { return shared_.heap; }
  /// The virtual time and its timers; one for each thread that waits with an end.
  Clock& clock() { return shared_.clock; }
  /// It waits for a time, and goes on then.
  bool has_timer() const { return shared_.clock.has(number_); }

  /// 0 is the first.
  std::uint32_t number() const { return number_; }
  /// The running tasklet; null before its main tasklet has begun, and after the thread has ended.
  Tasklet* current() const { return current_; }
  Tasklet* main_tasklet() const { return main_; }
  /// For those who switch, and who begin and end threads.
  void set_current(Tasklet* tasklet) { current_ = tasklet; }
  void set_main(Tasklet* tasklet) { main_ = tasklet; }

  // ---- Objects; null if there is no memory, and MemoryError is pending ----

  Token* make_token();
  /// An exception to give to somebody else.
  Bomb* make_bomb(ExceptionType type, ErrorCode code = ErrorCode::kNone);
  /// An exception to be raised here, or wherever nothing may fail: never null, but MemoryError
  /// itself if there is no memory for another one.
  Bomb* make_error(ExceptionType type, ErrorCode code = ErrorCode::kNone);
  /// `beforehand`: it was there before the program, and cannot fail.
  Channel* make_channel(std::uint32_t number, bool beforehand = false);
  /// None, owned: the caller has one more reference.
  Object* none() { return retain(&shared_.none); }
  bool is_none(const Object* object) const { return object == &shared_.none; }
  /// Gives a reference back. The last one ends the object: its weak-reference callbacks and its
  /// finalizer run here, so this may switch. A pending exception is kept aside meanwhile.
  /// One reference too many is a finding that ends the execution.
  void release(Object* object) {
    if (object->refs == 1) [[unlikely]] {
      destroy(*this, object);
    } else if (object->refs-- == 0) [[unlikely]] {
      report_over_release(*this, object);
    }
  }

  // ---- The pending exception ----

  Bomb* error() const { return error_; }
  /// Puts back one that was kept aside; null: there was none.
  void set_error(Bomb* error) { error_ = error; }
  /// Makes `bomb` (owned) the pending exception; returns null, for `return raise(…)`.
  Object* raise(Bomb* bomb) {
    require(*this, error_ == nullptr, "exception-over-exception");
    error_ = bomb;
    return nullptr;
  }
  Object* raise_runtime_error(ErrorCode code) {
    return raise(make_error(ExceptionType::kRuntimeError, code));
  }
  /// Takes it away; owned.
  Bomb* take_error() {
    Bomb* const bomb = error_;
    error_ = nullptr;
    return bomb;
  }
  /// A value, or null with an exception pending: anything else is a finding, and ends the
  /// execution.
  void check_result(const Object* value) {
    if ((value == nullptr) != (error_ != nullptr)) [[unlikely]]
      violated(*this, value == nullptr ? "null-without-error" : "result-with-error");
  }

  // ---- Tasklets; each returns None or null with an exception, unless said otherwise ----

  /// A tasklet for `code`, owned by the caller; paused. Null with MemoryError.
  Tasklet* bind(Code& code);
  /// bind(func): its function is `code` (null: none), it is not alive until it is set up. Refused
  /// for the current, a queued or blocked tasklet, one with C state, and for main.
  /// `with_arguments`: the caller makes its frame at once; only a defect cares.
  Object* rebind(Tasklet* tasklet, Code* code, bool with_arguments = false);
  /// Makes it runnable with the function that it was bound to. Alive already, or bound to nothing:
  /// RuntimeError.
  Object* setup(Tasklet* tasklet);
  /// Appends it to the run queue. Queued already: nothing. Blocked or dead: RuntimeError.
  Object* insert(Tasklet* tasklet);
  /// Takes it out of the run queue, whose reference goes: it may die. Blocked or current:
  /// RuntimeError. May switch.
  Object* remove(Tasklet* tasklet);
  /// schedule(): the next in the run queue runs. May switch.
  Object* schedule(bool soft);
  /// The same, because a question said so and not because the program did; under a time limit, the
  /// end of the time slice instead.
  Object* preempt(bool soft);
  /// schedule_remove(): the same, leaving the run queue. May switch.
  Object* schedule_remove(bool soft);
  /// Switches to it at once; the caller stays in the queue. May switch.
  Object* run_tasklet(Tasklet* tasklet, bool soft);
  /// Switches to it at once; the caller leaves the queue. May switch.
  Object* switch_to(Tasklet* tasklet, bool soft);
  /// Raises `bomb` (owned) in it, at once; in itself: here. May switch.
  Object* throw_at(Tasklet* tasklet, Bomb* bomb, bool soft, bool pending = false,
                   bool kills = false);
  /// The same with TaskletExit.
  Object* kill(Tasklet* tasklet, bool soft, bool pending = false);

  // ---- The execution ----

  void log(EventKind kind, std::initializer_list<std::int32_t> args = {});
  /// What a trace shows besides; see Execution::note().
  void note(EventKind kind, std::initializer_list<std::int32_t> args = {});
  /// It begins, with `execution`; or it begins without this thread.
  void begin_execution(Execution& execution);
  void forget_execution();
  /// Leaves the sliced stack for the host without unwinding it: the execution is over.
  [[noreturn]] void abandon();

 private:
  Shared& shared_;
  const std::uint32_t number_;

  // Per execution.
  Execution* execution_ = nullptr;
  Tasklet* current_ = nullptr;
  Tasklet* main_ = nullptr;
  Bomb* error_ = nullptr;  // Owned.
  RunQueue queue_;
  Watchdog watchdog_;
  SwitchGuard guard_;
  Evaluation evaluation_;
  SavedStacks saved_;
  Turn turn_;
  ThreadLife life_;
};

}  // namespace reweave::runtime
