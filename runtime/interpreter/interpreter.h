// Runs a scenario on the tasklet runtime: a thin layer of frames over the runtime's public
// interface.
//
// Each function of the scenario becomes a code object; each call of it a frame whose locals are a
// program counter, the open blocks and the reference that the operation in progress holds. An
// operation begins, may switch, softly (the interpreter returns and is entered again later) or hard
// (the C stack is put aside), and is then completed; both ways meet in complete(), so that an
// operation is written once.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/interpreter/scenario_service.h"
#include "runtime/interpreter/seen_traces.h"
#include "runtime/language/scenario.h"
#include "runtime/oracle/census.h"
#include "runtime/oracle/stuck.h"
#include "runtime/service/call_async.h"
#include "runtime/tasklet/runtime.h"
#include "runtime/vocabulary/end_state.h"
#include "runtime/vocabulary/settings.h"

namespace reweave::runtime {

struct GeneratorObject;

class Interpreter : public LedgerNames, private RootHolder, private Foresight {
 public:
  /// `scenario` is linked and must outlive the interpreter, unchanged.
  explicit Interpreter(const Scenario& scenario);
  ~Interpreter() override;
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// Points it at another scenario; keeps its memory.
  void set_scenario(const Scenario& scenario);

  /// One execution of the scenario. See Runtime::run(). The census is not taken of one whose trace
  /// `seen` has; it may be null.
  Ending run(const Settings& settings, Execution& execution, const SeenTraces* seen = nullptr);
  /// That was so in the last execution.
  bool was_seen() const { return was_seen_; }

  const Runtime& runtime() const { return runtime_; }
  /// Of the last execution, under Settings::check_collections: from which event to which (not
  /// included) in its log the collector ran because a question said so, or later the program.
  using EventRange = std::pair<std::size_t, std::size_t>;
  const std::vector<EventRange>& collections() const { return collections_; }
  /// Operations were performed during one of them: callbacks, or the ends of generators.
  bool collections_ran_code() const { return collections_ran_code_; }
  /// See Runtime::watch_garbage().
  void watch_garbage(GarbageWatcher* watcher) { runtime_.watch_garbage(watcher); }
  /// See Runtime::set_watcher().
  void set_watcher(Watcher* watcher) { runtime_.set_watcher(watcher); }
  Runtime& runtime() { return runtime_; }
  /// The running one; between executions the first.
  const Thread& thread() const { return runtime_.running(); }

  // What a watcher may look at: null where there is nothing (yet).
  const Scenario& scenario() const { return *scenario_; }
  const Object* content_of(std::int32_t slot) const { return in_slot(slot); }
  const DictObject* keys() const { return keys_; }
  const Channel* channel_at(std::int32_t number) const {
    return channels_[static_cast<std::size_t>(number)];
  }
  const NumberedLock& lock_at(std::int32_t number) { return service_.at(number); }

  /// The flags of a tasklet, one bit for each letter of "abspcm": runtime/doc/semantics.md §1.
  std::uint32_t flags_of(const Tasklet& tasklet) const;
  /// How the last execution ended, and what it left; until the next one.
  void describe_end(EndState& state) const;

  std::string site(SiteId site) const override;
  std::string operation(SiteId site) const override;
  std::string tasklet(std::uint32_t number) const override;
  PendingStep pending(const Thread& thread, SiteId site) const override;

 private:
  Thread& thread() { return runtime_.running(); }

  struct Body;                     // What a function's code object points to.
  struct Block;                    // An open block of a frame.
  struct Locals;                   // The locals of a function's frame.
  struct RecLocals;                // The locals of one level of `rec`.
  struct Activation;               // A function's frame while it is executed.
  enum class Next : std::uint8_t;  // What is to be done in it.

  static Object* execute(Thread& thread, FrameRef self, Object* value);
  static Object* execute_rec(Thread& thread, FrameRef self, Object* value);
  static Object* execute_hspin(Thread& thread, FrameRef self, Object* value);
  static bool calls_async(const Frame& frame, const Locals& locals);
  static void clear_locals(Thread& thread, Frame& frame);
  static void visit_locals(Frame& frame, ReferenceVisitor& visitor);
  static GeneratorObject* generator_of(Frame& frame);
  void visit_roots(ReferenceVisitor& visitor) const override;

  // What is still to come: scenario_foresight.cc
  bool waits_on_purpose(FrameRef innermost) const override;
  bool is_idle(FrameRef innermost) const override;
  std::uint64_t key_of(FrameRef innermost) const override;
  bool could_end(FrameRef innermost, const Waiter& waiter, bool by_chance) const override;
  std::string channel_name(const Waiter& waiter) const override;
  std::string channel_words(const Waiter& waiter) const override;
  std::string lock_words(std::int32_t number) const override;
  std::string condition_words(std::int32_t number) const override;
  struct Reach;
  void reach_function(std::int32_t function, Reach& reach) const;
  void reach_operation(const Op& op, Reach& reach) const;
  void reach_frame(const Frame& frame, Reach& reach) const;
  void reach_callbacks(Reach& reach) const;
  const Body* body_of(const Frame& frame) const;
  std::size_t next_operation(const Frame& frame, const Body& body) const;

  void report_uncaught(const Bomb& bomb, std::int32_t function, SiteId site);
  void end_of_main(const Ending& ending, Execution& execution);

  Object* run_frame(FrameRef self, const Body& body, Object* value);
  Next enter(Activation& at, Object*& value);
  Next begin_step(Activation& at, Object*& value);
  Next preempt_here(Activation& at, Object*& value, bool slice_over);
  Next begin_operation(Activation& at);
  Next perform_turn(Activation& at, Object*& value);
  Next finish_operation(Activation& at, Object*& value);
  void collect();
  Object* perform(const Op& op, Locals& locals, Frame& frame);
  Object* perform_on_slots(const Op& op, Locals& locals);
  Object* exchange(const Op& op, Locals& locals, Frame& frame);
  Object* perform_on_channel(const Op& op, Locals& locals, Frame& frame);
  Object* perform_on_thread(const Op& op, Locals& locals, Frame& frame);
  Object* perform_on_things(const Op& op, Locals& locals, Frame& frame);
  Object* perform_on_content(const Op& op, Locals& locals);
  // Integers: scenario_integers.cc
  Object* perform_on_integers(const Op& op, SiteId site);
  void fail_assertion(const Op& op, SiteId site);
  void emit(std::int32_t word, SiteId site);
  std::int32_t value_of(std::int32_t which);
  bool is_so(const Op& op);
  void say(std::int32_t answer) { thread().current()->said = answer; }
  Object* call(std::int32_t function);
  Object* bind(const Op& op);
  Object* run_others(const Op& op);
  Object* keep(std::int32_t slot, Object* made);
  Object* let_go(const Op& op, Locals& locals, Object* value);
  Object* ran(const Op& op, Object* value);
  Object* exchanged(const Op& op, Locals& locals, Frame& frame, Object* value);
  void log_run_queue();
  void log_tasklet(OpCode code, const Tasklet& tasklet);
  Code& code_of(std::int32_t function);
  Object* perform_on_locals(const Op& op);
  Object* perform_on_keys(const Op& op, Object* key);
  void clear_keys();
  static DictKey local_key(const Op& op) {
    return DictKey::of(static_cast<std::uint32_t>(op.args[0]));
  }
  Object* perform_on_tasklet(const Op& op, Locals& locals, Tasklet* tasklet);
  Object* complete(const Op& op, Locals& locals, Frame& frame, Object* value);
  Object* rec(std::int32_t levels, std::int32_t function, SiteId site);
  // What the real thing does not have: exchange_beyond.cc
  Object* exchange_beyond(const Op& op, Locals& locals, Frame& frame);
  Object* exchanged_beyond(const Op& op, Locals& locals, Frame& frame, Object* value);
  Object* select(const Op& op, Locals& locals);
  Object* selected(const Op& op, Locals& locals, Frame& frame, Object* value);
  Object* send_or_keep(std::int32_t number, Object* value, SiteId site);
  Object* take_from(std::int32_t number);
  void set_buffer(std::int32_t number, std::int32_t most);
  bool can_send(std::int32_t number);
  bool can_receive(std::int32_t number);
  Channel* waiting_room();
  Object* use_temporary_channel(const Op& op, Locals& locals, Frame& frame);
  Object* work(const Op& op, Locals& locals);
  Object* use_service(const Op& op, SiteId site);
  void note_lock_awaited(std::int32_t number);
  bool spins_on(const Op& op, std::uint32_t turn) const;
  void start_thread(std::uint32_t number, std::int32_t function);
  static Object* execute_thread(Thread& thread, FrameRef self, Object* value);
  Object* send_next(const Op& op, Locals& locals, Frame& frame);
  Object* iterate(const Op& op, Locals& locals);
  Object* call_async(const Op& op, Locals& locals, Frame& frame);
  Object* called_async(Locals& locals, Frame& frame, Object* value);
  Object* stop_pool(Locals& locals);
  Object* iterated(const Op& op, Locals& locals, Frame& frame, Object* value);
  Object* bind_again(const Op& op, Tasklet* tasklet);
  Channel* channel(std::int32_t number);
  void log_item(const Tasklet& tasklet);
  void misbehave(Canary canary);
  void enter_block(const Function& function, Locals& locals, std::uint32_t& pc, SiteId site);
  void enter_condition(const Op& op, Locals& locals, std::uint32_t& pc);
  bool leave_block(const Function& function, Locals& locals, std::uint32_t& pc);
  bool handle_error(const Function& function, Locals& locals, std::uint32_t& pc);
  void log_exception(EventKind kind, const Bomb& bomb);
  void store(std::int32_t slot, Object* owned, std::int32_t integer = 0);
  Object* in_slot(std::int32_t slot) const {
    return slot < 0 ? nullptr : slots_[static_cast<std::size_t>(slot)];
  }
  Object* perform_on_object(const Op& op, Object* object);
  Object* make_closure(const Op& op);
  Object* yield(const Op& op, Locals& locals);
  Object* make_generator(const FunctionObject& function, std::int32_t slot);
  Object* log_next(const GeneratorObject& generator, Object* value);
  Object* loop_over(GeneratorObject* generator, Locals& locals);
  Object* looped(const Op& op, Locals& locals, Object* value);
  void log_object(EventKind kind, const Object* object);
  static Cell* cell_of(const FunctionObject& function);
  bool softly_set() const { return thread().settings().switching == Switching::kSoft; }
  static bool is_hard(FrameRef frame);
  /// May the operation under way switch softly? Not in a function that was entered hard.
  bool soft() const { return softly_set() && !is_hard(thread().evaluation().running); }

  const Scenario* scenario_;
  Runtime runtime_;
  AsyncPool pool_{runtime_};
  std::vector<Body> bodies_;
  Code rec_code_;
  Code hspin_code_;
  bool runto_returned_ = false;  // Some `runto` of this execution has returned.
  /// What the main tasklet of a thread runs: the function, and the events around it.
  struct ThreadMain {
    Code code;
    Interpreter* interpreter = nullptr;
    std::int32_t function = 0;
  };
  std::array<ThreadMain, Runtime::kThreadsMax> thread_mains_;
  DictObject* keys_ = nullptr;          // Whose keys are objects; owned; null: not needed yet.
  std::vector<Object*> slots_;          // Owned, or null.
  std::vector<std::int32_t> integers_;  // Of slots; 0 where one holds an object.
  std::vector<bool> emitted_;           // Words that were; empty: nobody asks.
  std::vector<Channel*> channels_;      // Owned.
  /// What a channel keeps for receivers to come.
  struct Buffer {
    std::size_t most = 0;
    std::vector<Object*> values;  // Owned; the oldest first.
    bool has_room() const { return values.size() < most; }
  };
  std::vector<Buffer> buffers_;  // Of each channel; empty: none has any.
  Buffer* buffer_of(std::int32_t number) {
    return buffers_.empty() ? nullptr : &buffers_[static_cast<std::size_t>(number)];
  }
  Channel* waiting_room_ =
      nullptr;  // Where they wait who wait on no channel of the program; owned.
  ServiceState service_;
  Census census_;
  StuckOracle stuck_;
  SiteId left_at_ = kNowhere;  // By an exception: the outermost function that is no tasklet's.
  std::vector<EventRange> collections_;
  bool collections_ran_code_ = false;
  Ending ending_;
  bool was_seen_ = false;
};

/// The letters of flags_of(): "abs".
std::string flags_text(std::uint32_t flags);

}  // namespace reweave::runtime
