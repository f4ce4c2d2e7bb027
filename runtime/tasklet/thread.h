// One interpreter thread: its run queue, its current tasklet, its sliced stack, and all that a
// program can do with tasklets and channels. This is the runtime's interface for C++; what all
// threads share, and how an execution begins, is in runtime.h.
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

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "runtime/frame/frame.h"
#include "runtime/life/generator_object.h"
#include "runtime/life/record.h"
#include "runtime/object/heap.h"
#include "runtime/stack/fiber.h"
#include "runtime/stack/slice.h"
#include "runtime/tasklet/ledger.h"
#include "runtime/tasklet/tasklet.h"
#include "runtime/tasklet/touched.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/clock.h"
#include "scheduler/execution.h"

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

class Condition;
class Lock;
class Runtime;
class Watcher;

class Thread {
 public:
  static constexpr std::uint32_t kWatchdogsMax = 64;
  static constexpr std::uint32_t kNestingMax =
      2000;  // C-recursive levels of one tasklet; then a RuntimeError.

  explicit Thread(Runtime& runtime);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // ---- For the host ----

  /// How a thread's main tasklet ended.
  struct Ending {
    bool ended = false;   // False: the execution was stopped before.
    bool failed = false;  // Main's function left by an exception.
    ExceptionType exception{};
    ErrorCode code{};
    std::uint32_t token = 0;
  };

  const Ledger& ledger() const { return ledger_; }
  const SliceStack& stack() const { return stack_; }
  const SliceCache& slice_cache() const { return slice_cache_; }
  const Heap& heap() const { return heap_; }
  const FrameCounts& frame_counts() const { return frames_.counts; }
  std::uint64_t spills() const { return spills_; }

  // ---- Threads; see Runtime for starting one ----

  /// 0 is the first.
  std::uint32_t number() const { return number_; }
  /// A `run` question: may another thread go on instead, here and now? `site` is where it is asked.
  /// Not while the current tasklet is atomic. May switch threads.
  void take_turn(SiteId site);
  /// Lets the other threads run until each of them has ended, sleeps or waits as well; where
  /// several wait, the one with the highest number goes on first. May switch threads.
  void settle(SiteId site);
  /// What ended a thread's waiting.
  enum class Woken : std::uint8_t {
    kByOther,   // unpark().
    kByTime,    // It was `until`.
    kByNobody,  // All threads sleep and no timer is set: nobody will ever come.
  };
  /// The whole thread waits, with all its tasklets, until unpark() or until the virtual time is
  /// `until`; Clock::kNever: without an end. May switch threads.
  Woken park(std::uint64_t until, SiteId site);
  /// Called by the running thread for one that is parked: it goes on, when it is its turn. Nothing,
  /// if its time was over already. Does not switch.
  void unpark();
  /// The virtual time and its timers; one for each thread that waits with an end.
  Clock& clock() { return clock_; }
  /// Is told what the threads do; mostly null.
  Watcher* watcher() const;
  /// What a thread is doing, as seen by the others.
  enum class Phase : std::uint8_t {
    kUnused,    // Not started in this execution.
    kReady,     // Runs, or could.
    kAsleep,    // Nothing is runnable in it.
    kSettling,  // Waits until no other thread is ready.
    kParked,    // Waits for a lock, a notify or a time.
    kEnded,
  };
  Phase phase() const { return phase_; }
  /// Why it waits, where it does not wait for a time alone.
  struct Parking {
    const Lock* lock = nullptr;            // Until it gets this one.
    const Condition* condition = nullptr;  // To be notified; `lock` is its own then.
  };
  const Parking& parking() const { return parking_; }
  void wait_for(const Lock* lock) { parking_.lock = lock; }
  void wait_for(const Condition* condition) { parking_.condition = condition; }
  /// It waits for a time, and goes on then.
  bool has_timer() const { return clock_.has(number_); }
  /// To be called where nobody is left who could end what the running thread waits for.
  void tell_of_deadlock();
  /// Its main tasklet, or null before that has begun, and after it has ended.
  const Tasklet* main_of() const { return main_; }
  /// Makes it a tasklet of this thread. Runnable, or with C state: RuntimeError.
  Object* bind_thread(Tasklet* tasklet);
  /// The tasklet that is current in its own thread; null while nothing there is runnable.
  const Tasklet* current_of(const Thread& thread) const {
    return &thread == this ? current_ : thread.head_;
  }

  // ---- State, from within a tasklet ----

  Tasklet* current() const { return current_; }
  Tasklet* main_tasklet() const { return main_; }
  std::uint32_t run_count() const { return run_count_; }
  /// The first one of the run queue: the current tasklet, unless that has left the queue. Null: the
  /// queue is empty.
  const Tasklet* run_queue() const { return head_; }
  std::uint32_t nesting_level() const { return nesting_level_; }
  Execution& execution() { return *execution_; }
  const Settings& settings() const { return settings_; }
  Ledger& ledger() { return ledger_; }
  /// None, owned: the caller has one more reference.
  Object* none() { return retain(&none_); }
  bool is_none(const Object* object) const { return object == &none_; }
  Bomb* error() const { return error_; }
  /// Whether a function runs although its tasklet was killed before it started: two defects.
  bool enters_killed();
  bool is_alive(const Tasklet* tasklet) const;

  // ---- Memory: tasklet/memory.cc ----

  /// The `fail` question: true if there is no memory for what is to be made next. Asked before
  /// anything is changed and before any cache is looked at, and only under the setting
  /// `fail_allocations`. Does not switch.
  bool out_of_memory() { return settings_.fail_allocations && asks_to_fail(); }
  /// The same; if so, MemoryError is pending.
  bool lacks_memory() { return settings_.fail_allocations && raises_memory_error(); }

  // ---- The cycle collector: life/collector.h ----

  /// Frees objects that only refer to each other. For places between two operations of a program.
  /// May switch.
  void collect();
  /// What the collector tells, and does, from now on; see Collector::debug().
  void debug_collector(std::uint32_t flags);
  /// The `collect` question, under the setting `collect` alone: true if the collector is to run
  /// here, before an operation at `site` makes what it needs. Does not switch.
  bool ask_collect(SiteId site) { return settings_.collect && asks_to_collect(site); }

  // ---- Objects; null if there is no memory, and MemoryError is pending ----

  Token* make_token();
  /// An exception to give to somebody else.
  Bomb* make_bomb(ExceptionType type, ErrorCode code = ErrorCode::kNone);
  /// An exception to be raised here, or wherever nothing may fail: never null, but MemoryError
  /// itself if there is no memory for another one.
  Bomb* make_error(ExceptionType type, ErrorCode code = ErrorCode::kNone);
  /// `beforehand`: it was there before the program, and cannot fail.
  Channel* make_channel(std::uint32_t number, bool beforehand = false);
  Heap& heap() { return heap_; }
  /// Gives a reference back. The last one ends the object: its weak-reference callbacks and its
  /// finalizer run here, so this may switch. A pending exception is kept aside meanwhile.
  /// One reference too many is a finding that ends the execution.
  void release(Object* object) {
    if (object->refs == 1) [[unlikely]] {
      destroy(object);
    } else if (object->refs-- == 0) [[unlikely]] {
      report_over_release(object);
    }
  }
  /// `code` runs when `object` dies; newest first. Lives as long as the object. Returns None, or
  /// null with MemoryError.
  Object* add_weakref(Object* object, Code* code);

  // ---- Weak references: life/weakref.cc ----

  /// An object that yields `object`, while that lives and nobody has cleared its weak references;
  /// owned. Null with MemoryError.
  Reference* make_reference(Object* object);
  /// What it refers to, owned; null: nothing any more, and no exception. An object of another life
  /// is a finding, `dangling-object`, which ends the execution.
  Object* dereference(const Reference* reference);
  /// All weak references to `object` refer to nothing from now on, as if it had died; `calls`:
  /// their callbacks run, newest first. Whoever calls holds the object. May switch if `calls`.
  void clear_weakrefs(Object* object, bool calls);

  // ---- Closures and records: life/closure.cc; null with MemoryError ----

  /// An empty cell; owned.
  Cell* make_cell();
  /// It holds `content` (owned; null: nothing) from now on. What it held goes afterwards. May
  /// switch.
  void set_cell(Cell* cell, Object* content);
  /// What it holds, owned; null: nothing.
  Object* cell_content(const Cell* cell);
  /// A function that shares the variables in `cells` (retained); owned.
  FunctionObject* make_function(Code& code, std::span<Cell* const> cells);
  /// An empty record, from the free list if there is one; owned.
  Record* make_record();

  // ---- Dicts: life/dict_object.cc ----

  /// An empty dict, whose keys are objects or numbers; owned. Null with MemoryError.
  DictObject* make_dict(bool counts_keys, const DictTuning& tuning = kThriftyDict);
  /// The value of a key, owned; null: there is none, and no exception. One that is being destroyed
  /// is a finding, `dangling-object`, which ends the execution.
  Object* dict_get(const DictObject* dict, DictKey key);
  /// Stores `value` (owned), and retains a new key. The old value goes afterwards. None, or null
  /// with MemoryError. Whoever calls holds the dict. May switch.
  Object* dict_set(DictObject* dict, DictKey key, Object* value);
  /// Deletes an entry, if there is one. Whoever calls holds the dict and the key. May switch.
  void dict_remove(DictObject* dict, DictKey key);
  /// Makes it empty; then all that was in it goes, in order of hashes. Whoever calls holds the
  /// dict. May switch.
  void dict_clear(DictObject* dict);

  // ---- Generators: life/generator_object.cc ----

  /// Will run `frame` (owned), which did not begin; owned. Null with MemoryError: the frame is
  /// released. `frame` without one, and MemoryError pending: null, too.
  GeneratorObject* make_generator(FrameRef frame);
  /// Runs it until it yields; in `execute` of its frame that is a return after
  /// `generator->yielded` was set. The value, owned; null with StopIteration at its end and ever
  /// after, with ValueError if it is running, or with what it raised, which ends it. The caller
  /// holds it. May switch, hard.
  Object* next(GeneratorObject* generator);

  /// Makes `bomb` (owned) the pending exception; returns null, for `return raise(…)`.
  Object* raise(Bomb* bomb);
  Object* raise_runtime_error(ErrorCode code) {
    return raise(make_error(ExceptionType::kRuntimeError, code));
  }
  /// Takes the pending exception away; owned.
  Bomb* take_error();

  // ---- Frames ----

  /// A new activation of `code`, called from the running frame; owned. From the zombie or the free
  /// list if possible. Null if there is no memory, and MemoryError is pending: evaluate() and
  /// call_softly() take that for their own failure.
  FrameRef make_frame(Code& code, SiteId site);
  /// The same for a tasklet's first frame: called from nowhere, and never null. Who uses it has
  /// asked for the memory already.
  FrameRef make_root_frame(Code& code);
  FrameRef retain_frame(FrameRef frame) {
    check_frame(frame, "retained");
    ++frame.frame->refs;
    return frame;
  }
  /// May switch, when the frame's locals die with it. A frame that was parked meanwhile is a
  /// finding.
  void release_frame(FrameRef frame) {
    check_frame(frame, "released");
    require(frame.frame->refs > 0, "frame-without-references");
    if (--frame.frame->refs == 0) end_frame(frame.frame);
  }
  /// Ends the execution with `dangling-frame` unless the reference is good. `doing` goes into the
  /// signature.
  void check_frame(FrameRef frame, const char* doing) {
    if (frame.frame->generation != frame.generation) [[unlikely]]
      report_dangling_frame(frame, doing);
  }
  FrameRef running_frame() const { return running_; }
  /// Runs a frame to its end one C level deeper; consumes `frame` and `value`. May switch (hard)
  /// and may spill.
  Object* evaluate(FrameRef frame, Object* value);
  /// Runs C++ code of a frame: nothing in it may switch softly, because its C stack has to be kept.
  /// Returns what `body(*this)` returns.
  template <typename Function>
  Object* call_native(const Function& body) {
    ++nesting_level_;
    Object* const value = body(*this);
    --nesting_level_;
    return value;
  }
  /// Calls softly: the callee goes on when the caller's execute returns kUnwind, which this
  /// returns.
  Object* call_softly(FrameRef callee, Object* value);

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
  /// A tasklet's nesting level: the thread's own for the current one.
  std::uint32_t nesting_level_of(const Tasklet* tasklet) const;
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
  Object* kill(Tasklet* tasklet, bool soft, bool pending = false) {
    Bomb* const bomb = make_bomb(ExceptionType::kTaskletExit);
    return bomb == nullptr ? nullptr : throw_at(tasklet, bomb, soft, pending, /*kills=*/true);
  }
  /// What limits run(). No ticks: nothing.
  struct RunLimit {
    std::uint32_t ticks = 0;      // How long each tasklet may run before it is interrupted.
    bool soft = false;            // Interrupted only where it switches by itself.
    bool total = false;           // All tasklets together have these ticks.
    bool ignore_nesting = false;  // Interrupted at any nesting level.
  };
  /// stackless.run(): runs the others until none is runnable or, unless another limit is in force
  /// already, `limit` is reached; always a hard switch. Returns None, or the tasklet that was
  /// interrupted, which is paused. May switch.
  Object* run_others(const RunLimit& limit);
  Object* run_others() { return run_others(RunLimit{}); }
  /// Before each operation and each turn of a loop: true if the running tasklet's time slice is
  /// over, and interrupt() is to be called.
  bool tick() { return ++timeout_.ticks > timeout_.watermark; }
  /// A turn of a loop that is followed by an operation, whose tick() tells.
  void count_tick() { ++timeout_.ticks; }
  /// Ends the time slice of the running tasklet: the one that set the limit runs, or the interrupt
  /// stays pending. May switch.
  Object* interrupt(bool soft);
  /// The running tasklet works for `ticks`, or until its slice is over, and interrupted: what is
  /// left is in `ticks` then. May switch.
  Object* burn(std::uint32_t& ticks, bool soft);
  /// A time limit is in force.
  bool timeout_running() const { return timeout_.watermark != Timeout::kNever; }
  /// Ticks left of the running slice; some limit is in force.
  std::uint32_t slice_left() const {
    return static_cast<std::uint32_t>(timeout_.watermark + 1 - timeout_.ticks);
  }
  /// Sets a flag of a tasklet. A pending interrupt of the running one may become possible by that,
  /// and happens. May switch.
  Object* set_atomic(Tasklet* tasklet, bool atomic, bool soft);
  Object* set_ignore_nesting(Tasklet* tasklet, bool ignore, bool soft);
  /// switch_trap(+1 or -1).
  void trap_switches(int difference) { switch_trap_ += difference; }
  int switch_trap() const { return switch_trap_; }
  /// Uncaught errors of tasklets are logged and forgotten.
  void set_error_handler(bool installed) { error_handler_ = installed; }
  void set_switching(Switching switching) { settings_.switching = switching; }

  // ---- Channels ----

  /// Sends `value` (owned; a Bomb is raised in the receiver), which the ledger follows from here
  /// on: `site` is where it says that it was sent. A token must not be sent again before it has
  /// been received. May switch.
  Object* send(Channel* channel, Object* value, SiteId site, bool soft);
  /// Receives: the value, or null with the exception that was sent. The ledger is told what came,
  /// before the program sees it. The C stack is kept. May switch, hard.
  Object* receive(Channel* channel, SiteId site) {
    Reception reception;
    open_reception(reception);
    Object* const value = take(channel, /*soft=*/false);
    close_reception(reception, site, value);
    return value;
  }
  /// The same in pieces, for a frame that may be left softly: open_reception(), take(), and, when
  /// the frame has what came (a value, or null and an exception), close_reception(). take() may
  /// switch.
  void open_reception(Reception& reception) {
    reception.interrupted = current_->expects;
    current_->expects = 0;
  }
  Object* take(Channel* channel, bool soft) { return channel_action(channel, -1, none(), soft); }
  void close_reception(const Reception& reception, SiteId site, Object* value);
  /// Sends a None that carries nothing but a wake-up: no ledger follows it, and it is no result of
  /// the program. It is received by take() alone. May switch.
  Object* send_signal(Channel* channel, bool soft) {
    return channel_action(channel, 1, none(), soft);
  }

  /// What runs before each channel operation, or each switch. Installed with code null: it is only
  /// logged.
  struct Callback {
    bool installed = false;
    Code* code = nullptr;
  };
  void set_channel_callback(Callback callback) { channel_callback_ = callback; }
  void set_schedule_callback(Callback callback) { schedule_callback_ = callback; }
  bool in_callback() const { return callback_running_; }

  // ---- The execution ----

  void log(EventKind kind, std::initializer_list<std::int32_t> args = {});
  /// What a trace shows besides; see Execution::note().
  void note(EventKind kind, std::initializer_list<std::int32_t> args = {});
  /// The operation that runs; kNowhere: none.
  SiteId here() const {
    const bool known = running_ && running_.frame->generation == running_.generation;
    return known ? running_.frame->site : kNowhere;
  }
  /// Uncaught errors of tasklets are logged and forgotten.
  bool has_error_handler() const { return error_handler_; }
  /// A rule that only a defect can break. Broken: a finding `structure RULE`, and the execution
  /// ends.
  void require(bool holds, const char* rule) {
    if (!holds) [[unlikely]]
      violated(rule);
  }
  [[noreturn]] void violated(const char* rule);
  /// The same for a rule whose breach leaves everything in order: the execution goes on.
  void notice(const char* rule);
  /// Ends the execution with `dangling-tasklet` if `tasklet` was destroyed. `doing` goes into the
  /// signature.
  void check_tasklet(const Tasklet* tasklet, const char* doing) {
    if (tasklet->dead) [[unlikely]]
      report_dangling_tasklet(tasklet, doing);
  }
  /// A value, or null with an exception pending: anything else is a finding, and ends the
  /// execution.
  void check_result(const Object* value) {
    if ((value == nullptr) != (error_ != nullptr)) [[unlikely]]
      violated(value == nullptr ? "null-without-error" : "result-with-error");
  }
  /// Leaves the sliced stack for the host without unwinding it: the execution is over.
  [[noreturn]] void abandon();
  /// Asks whether the running tasklet is switched away here, if that is possible here.
  /// `slice_over`: it is interrupted anyway.
  bool ask_preempt(SiteId site, bool slice_over);
  /// How deep this stack is in interpreter levels, for tests.
  std::uint32_t level() const { return level_; }

 private:
  friend class Runtime;
  friend class StructureOracle;
  friend class StuckOracle;
  friend class Census;
  friend class Collector;

  // Threads: tasklet/threads.cc
  static void fiber_entry(void* thread);
  static Object* reap(Thread& self, FrameRef frame, Object* value);
  template <typename Act>
  void as_makeshift(const Act& act);
  void release_as_makeshift(Tasklet* tasklet);
  bool ask_preempt_with_steps(SiteId site);
  void fall_asleep();
  void wake();
  bool is_awake() const { return phase_ == Phase::kReady || phase_ == Phase::kSettling; }
  void forget_execution();
  struct SpillLocals;
  struct JumpLocals;

  bool asks_to_collect(SiteId site);

  // Memory: tasklet/memory.cc
  bool asks_to_fail();
  bool raises_memory_error();
  bool lacks_memory_to_switch(const Tasklet* prev, const Tasklet* next, bool soft);
  bool reserve_switch(const Tasklet* next, bool soft);

  // Life of objects: life/lifetime.cc
  void destroy(Object* object);
  [[noreturn]] void report_over_release(const Object* object);
  /// What is being destroyed has called back, and was destroyed by that: only a defect can do it.
  void check_not_destroyed(const Object* object) {
    if (object->dead) [[unlikely]]
      report_over_release(object);
  }
  [[noreturn]] void report_dangling_tasklet(const Tasklet* tasklet, const char* doing);
  void report_dangling_stack(const StackWindow& window);
  static std::uint64_t read_wait_note(const std::uint64_t* note);
  void report_fault(FindingKind kind, std::string signature, std::string message);
  void destroy_tasklet(Tasklet* tasklet);
  bool kill_last(Tasklet* tasklet);
  void destroy_channel(Channel* channel);
  void empty_channel(Channel* channel);
  void tell_of_end(Tasklet* tasklet);
  void destroy_thing(Thing* thing);
  void destroy_dict(DictObject* dict);
  Object* take_last_field(Thing* thing);
  void call_weakrefs(Object* object);
  void clear_references(Object* object);
  template <typename T>
  T* make_thing(ObjectKind kind, std::size_t extra = 0);
  void number_thing(Thing* thing);
  [[noreturn]] void report_dangling_object(const Object* object, const char* doing);
  bool run_callback(Code& code, bool lets_errors_out = false);

  // Frames: tasklet/frame_cache.cc
  Frame* take_frame(Code& code);
  FrameRef make_called_frame(Code& code, SiteId site);
  void end_frame(Frame* frame);
  void park_frame(Frame* frame);
  [[noreturn]] void report_dangling_frame(FrameRef frame, const char* doing);

  // Evaluation: tasklet/thread.cc
  static void stub_entry(void* thread);
  void stub();
  Object* dispatch(FrameRef frame, Object* value, bool whole_tasklet);
  FrameRef take_transfer(Object*& value);
  FrameRef finish_unwinding(Object*& value);
  void begin_execution(Execution& execution, const LedgerNames& names);
  void run_main(Code& main_code);

  // Spilling: tasklet/spill.cc
  Object* evaluate_spilled(FrameRef frame, Object* value);
  static Object* run_spilled(Thread& thread, FrameRef self, Object* value);
  static void visit_spilled(Frame& frame, ReferenceVisitor& visitor);

  // Switching: tasklet/switching.cc
  Object* schedule_task(Tasklet* prev, Tasklet* next, bool soft, bool* did_switch,
                        bool no_soft_irq = false);
  bool is_current(const Tasklet* tasklet) const;
  Object* throw_at_dead(Tasklet* tasklet, Bomb* bomb, bool kills);
  Object* run_elsewhere(Tasklet* tasklet);
  Object* make_runnable_elsewhere(Tasklet* prev, Tasklet* next);
  Object* switch_tasklets(Tasklet* prev, Tasklet* next, bool soft);
  bool refuses_switch();
  /// The running tasklet is on its way out: this is its schedule callback. Another thread may have
  /// made it runnable again meanwhile, as the last one.
  bool is_leaving() const { return head_ != current_; }
  bool switch_is_refused() const { return switch_trap_ > 0 || in_schedule_callback_; }
  /// Where a tasklet was before a switch that may be refused.
  struct QueuePlace {
    Channel* channel = nullptr;    // Where it was blocked,
    Tasklet* successor = nullptr;  // before whom,
    int direction = 0;             // and in what.
    bool floating = false;         // In no queue.
  };
  QueuePlace make_runnable(Tasklet* tasklet);
  void put_back(Tasklet* tasklet, const QueuePlace& place);
  Code* function_of(const Tasklet* tasklet) const;
  Object* refuse_trapped_switch(Tasklet* prev);
  struct GivingWay {
    bool left_queue = false;   // The running tasklet has just left the run queue.
    bool keeps_undue = false;  // A defect: what was to die after the switch is forgotten there.
    bool* switched = nullptr;  // Told whether it was; may be null.
  };
  Object* give_way(Tasklet* next, Object* dying, bool soft, GivingWay how);
  Object* give_way(Tasklet* next, Object* dying, bool soft) {
    return give_way(next, dying, soft, GivingWay{});
  }
  void release_undue();
  Object* block(Tasklet* prev, bool soft, bool* did_switch);
  static Object* run_jump(Thread& thread, FrameRef self, Object* value);
  static void visit_jump(Frame& frame, ReferenceVisitor& visitor);
  void transfer(CStack* save, CStack* target);
  void release_post_switch();
  Object* tasklet_end(Object* value);
  Object* main_end(Object* value);
  Tasklet* successor_of_ended(Object*& result);
  bool notify_schedule(Tasklet* prev, Tasklet* next);
  CStack* make_cstack(std::uint32_t nesting_level);
  void free_cstack(CStack* cstack);
  void free_cstacks();
  void suspend_frame(Tasklet* tasklet);
  Tasklet* innermost_runner() const;
  bool has_saved_stacks() const { return chain_.next != &chain_; }

  // run() and its time limit: tasklet/watchdog.cc
  struct Timeout {
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};
    std::uint64_t ticks = 0;           // Since the execution began.
    std::uint64_t watermark = kNever;  // The slice ends when there are more; kNever: no limit.
    RunLimit limit;
    Tasklet* owner = nullptr;  // Whose run() has set the limit; owned.
  };
  void start_timeout(const RunLimit& limit);
  void stop_timeout();
  void restart_slice();
  bool allows_interrupt(const Tasklet* tasklet) const;
  bool pending_irq_is_due() const;
  Tasklet* interrupt_target() const {
    return timeout_.owner != nullptr && timeout_.owner->thread == this ? timeout_.owner : main_;
  }
  Tasklet* divert_switch(Tasklet* prev, Tasklet* next, bool not_now);
  void refused_run();
  Tasklet* guess_victim(Tasklet* interrupted);
  Object* returned_from_run(bool owner, Object* value);
  void leave_run(Tasklet* me);

  // Values: tasklet/switching.cc
  Object* claim(Tasklet* tasklet);
  void set_tempval(Tasklet* tasklet, Object* owned);
  Object* explode(Object* value);
  void release_value(Tasklet* holder, Object* value, ReleaseReason reason);

  // Queues: tasklet/queue.cc
  void check_floating(const Tasklet* tasklet);
  void check_queued(const Tasklet* tasklet);
  void check_channel(const Channel* channel);
  void queue_append(Tasklet* tasklet);
  void queue_insert_after_head(Tasklet* tasklet);
  void queue_remove(Tasklet* tasklet) { queue_remove(*tasklet->thread, tasklet); }
  void queue_remove(Thread& home, Tasklet* tasklet);
  void queue_unremove(Tasklet* tasklet);
  void channel_append(Channel* channel, Tasklet* tasklet, int direction);
  Tasklet* channel_pop(Channel* channel);
  void channel_insert(Channel* channel, Tasklet* successor, Tasklet* tasklet, int direction);
  void channel_remove(Tasklet* tasklet);

  // Channels: tasklet/channel.cc
  struct ChannelAction;
  Object* channel_action(Channel* channel, int direction, Object* value, bool soft);
  Object* fail(const ChannelAction& action);
  void finish(const ChannelAction& action);
  void exchange_values(ChannelAction& action);
  Object* hand_over_elsewhere(ChannelAction& action, bool notified);
  void serve(ChannelAction& action);
  bool may_wait(const ChannelAction& action);
  Object* switch_or_undo(ChannelAction& action);
  void undo_hand_over(Channel* channel, Tasklet* peer, int direction);
  bool may_notify_channel();
  bool notify_channel(Channel* channel, bool sending, bool will_block);

  Tasklet* make_tasklet();

  // Shared by all threads of the runtime, which owns them.
  Runtime& runtime_;
  Settings& settings_;
  Ledger& ledger_;
  Heap& heap_;
  Touched& touched_;
  Object& none_;
  Bomb& memory_error_;
  FrameCache& frames_;
  SliceCache& slice_cache_;
  Clock& clock_;
  Code& spill_code_;
  Code& jump_code_;
  Callback& channel_callback_;
  Callback& schedule_callback_;
  bool& error_handler_;

  // Per execution.
  Execution* execution_ = nullptr;
  const LedgerNames* names_ = nullptr;
  Tasklet* current_ = nullptr;  // The running tasklet.
  Tasklet* head_ =
      nullptr;  // Of the run queue: the running tasklet, unless it has just left the queue.
  Tasklet* main_ = nullptr;
  std::uint32_t run_count_ = 0;  // Length of the run queue.
  Bomb* error_ = nullptr;        // The pending exception; owned.
  FrameRef running_;             // The executing frame; borrowed from its dispatcher.
  FrameRef transfer_frame_;      // The frame that goes on next; owned.
  std::int64_t transfers_ = 0;   // Soft hand-overs that are not complete; only a defect looks.
  FrameRef entry_frame_;         // What this thread was entered with; not counted.
  Object* transfer_value_ =
      nullptr;  // The value it goes on with; owned; null: the pending exception.
  Object* del_post_switch_ = nullptr;  // Released when the switch under way is complete; owned.
  std::uint32_t nesting_level_ = 0;    // C-recursive interpreter levels under the current tasklet.
  std::uint32_t recursion_depth_ = 0;  // Calls in progress in the current tasklet, of both kinds.
  std::uint32_t level_ = 0;            // The same as a depth: never set back by a spill.
  std::uint32_t root_ = 0;             // Level at which this stack begins.
  int switch_trap_ = 0;
  bool callback_running_ = false;    // A channel or schedule callback runs (Stackless: schedlock).
  Tasklet* switching_to_ = nullptr;  // While the schedule callback runs: who runs next.
  bool switch_reserved_ = false;     // There is memory for the next switch: it was asked for.
  bool in_schedule_callback_ = false;  // No switch is possible then; the real thing dies of it.
  std::array<Tasklet*, kWatchdogsMax>
      watchdogs_{};  // Tasklets inside run(), outermost first; owned.
  std::uint32_t watchdog_count_ = 0;
  Timeout timeout_;
  Tasklet* interrupted_ = nullptr;        // Whom run() is to return; owned.
  Tasklet* interrupted_stack_ = nullptr;  // A defect: on whose stack run() will look for it.
  Ending ending_;
  const char* doing_ =
      nullptr;  // What the runtime itself is doing when a value dies; null: the operation.

  // For ever, but for the phase.
  std::uint32_t number_ = 0;
  Phase phase_ = Phase::kUnused;
  bool idle_ = false;              // Asleep, or woken and not run since.
  bool lost_turn_atomic_ = false;  // Another thread's turn came in the middle of an atomic section.
  Woken woken_ = Woken::kByNobody;  // What ended the last waiting.
  Parking parking_;
  std::uint32_t held_ticks_ = 0;   // Operations since it got the interpreter lock.
  Tasklet* ended_main_ = nullptr;  // The main tasklet that has ended; owned, twice.
  StackPlace stub_place_;
  ActorId actor_{};   // Of its main tasklet.
  ActorId nobody_{};  // A makeshift main tasklet without a number; 0: not made yet.
  Code* main_code_ = nullptr;
  Fiber fiber_;
  SliceStack stack_;
  Slice host_;
  CStack stub_cstack_;
  CStack chain_;  // Head of the chain of saved stacks.
  CStack* free_cstacks_ = nullptr;
  std::uint64_t spills_ = 0;
  std::uint64_t steps_waited_ = 0;  // For a defect: what it believes, for telemetry alone.
};

}  // namespace reweave::runtime
