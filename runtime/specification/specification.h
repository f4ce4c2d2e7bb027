// The executable specification: what a scenario has to do, said as briefly as possible.
//
// It is the reference algorithm of Stackless's semantics on plain data. It shares nothing with the
// runtime but the table of operations, the words of events and the names of defects: no object, no
// reference that could dangle, no machine stack. What a tasklet is in the middle of is a chain of
// coroutines (routine.h), so that releases may nest and run code, as they do in the real thing.
//
// It never asks. It is given the answers that an execution got and predicts that execution's
// events, one by one. Spilling it does not know of: a program cannot see it.
//
// The defects of Stackless 3.7.5 that recordings show are rules like all others, each with its
// switch, for comparison with recordings; the historical ones are not. As an oracle it has them all
// off: where one is on, the runtime differs, and that is the point.
//
// Cost: about three times an execution of the runtime (measured; see tests/bench). Allocates
// nothing after warm-up.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "runtime/language/scenario.h"
#include "runtime/specification/state.h"
#include "runtime/vocabulary/end_state.h"
#include "runtime/vocabulary/settings.h"
#include "scheduler/execution.h"

namespace reweave::runtime::specification {

enum class EventKind : std::uint16_t {
#define EVENT(identifier, word, arguments) identifier,
#include "runtime/vocabulary/events.def"
#undef EVENT
};

/// Under which rules a scenario is to be predicted.
struct Rules {
  bool soft = true;  // Soft switching.
  DefectSet defects;
  std::uint64_t steps_max = 0;
  /// The execution asked in atomic sections, too, which thread runs. Only the running thread is a
  /// right answer there; the others have to be read all the same.
  bool asks_within_atomic = false;
  std::uint32_t gil_ticks = 0;
};
inline Rules rules_of(const Settings& settings) {
  return {.soft = settings.switching == Switching::kSoft,
          .defects = settings.defects,
          .steps_max = settings.limits.steps_max,
          .gil_ticks = settings.gil_ticks};
}

class Specification : private Routines, private ThreadState {
 public:
  Specification() = default;
  Specification(const Specification&) = delete;
  Specification& operator=(const Specification&) = delete;

  /// Predicts one execution of `scenario`, which is linked. `answers`: the answers to `run`
  /// and `fire` questions, all of them or none, and those to the others that are not ordinary, in
  /// the order in which they were given. Nothing of the arguments is kept.
  void predict(const Scenario& scenario, const Rules& rules,
               std::span<const GivenAnswer> answers = {});

  /// Until the next prediction.
  const std::vector<Event>& events() const { return events_; }
  const EndState& end_state() const { return end_state_; }
  /// What recordings call the tasklet that is an actor.
  std::int32_t tasklet_number(ActorId actor) const;

 private:
  using EventArguments = std::initializer_list<std::int32_t>;

  // The program: program.cc
  Routine<Value> call(std::int32_t function);
  bool softly() { return soft_ && !me().hard; }
  Routine<Value> run(Frame frame);
  Routine<Value> body(Frame frame, std::size_t from, std::size_t to);
  Routine<Value> block(Frame frame, std::size_t at, bool so);
  Routine<Value> nested_call(std::int32_t function);
  Routine<Value> recurse(std::int32_t levels, std::int32_t function);
  Routine<Value> callback(std::int32_t function);
  bool take_step();
  std::uint32_t answer_to(QuestionKind kind, std::int32_t function, const Op& op);
  bool preempted(std::int32_t function, const Op& op, bool slice_over);
  void leave_nested(std::int32_t levels);

  // Single operations: operation.cc
  bool perform_at_once(const Op& op);
  bool tell_at_once(const Op& op);
  bool is_so(const Op& op);
  void log_run_queue();
  std::int32_t value_of(std::int32_t which);
  Routine<Value> store_integer(std::int32_t to, std::int32_t integer);
  void say(std::int32_t answer) { me().said = answer; }
  bool set_at_once(const Op& op);
  Routine<Value> perform(const Op& op, Frame frame);
  Routine<Value> perform_switch(const Op& op);
  Routine<Value> perform_run(const Op& op);
  Routine<Value> perform_exchange(const Op& op);
  Routine<Value> perform_on_content(const Op& op);
  Routine<Value> spawn(const Op& op);
  Routine<Value> copy(const Op& op);
  Routine<Value> start(const Op& op);
  Routine<Value> set_flag(const Op& op);
  Routine<Value> spin_nested();
  Routine<Value> yield(std::int32_t word, Id generator);
  Routine<Value> raise(ExceptionType type);
  Routine<Value> send(Id to);
  Routine<Value> send_exception(Id to, std::int32_t type);
  Routine<Value> receive(Id from);
  Id make_closure(const Op& op);
  Routine<Value> perform_on(Id target, const Op& op);
  Routine<Value> bind_again(Id target, const Op& op);
  Routine<Value> store(std::int32_t slot, Id object, std::int32_t integer = 0);
  Routine<Value> send_sequence(Id channel, std::int32_t count);
  Routine<Value> iterate(Id channel, std::int32_t count);
  Routine<Value> returned_from_run(const Op& op, Value result);

  // Tasklets: lifecycle.cc
  Id create(std::int32_t function);
  Id make(std::int32_t number, ActorId actor);
  Id make_object();
  ActorId new_actor(std::int32_t number);
  Routine<Value> life(Id tasklet);
  Routine<Value> finish(Id tasklet, Value result);
  Routine<Value> release(Id tasklet);
  Routine<Value> tell_of_end(Id tasklet);
  Routine<Value> forget_frames(Id tasklet);
  void take_frames(Id tasklet, std::vector<Id>& going);
  std::size_t spare_list();
  Routine<Value> throw_at(Id tasklet, Value error, bool soft, bool pending, bool kills = true);
  Routine<Value> throw_at_dead(Id tasklet, Value error, bool kills);
  Routine<Value> drop_frames(Id tasklet);
  Routine<Value> bind(Id tasklet, std::int32_t function);
  Value set_up(Id tasklet);

  // Things and weak references: spec_things.cc
  Id make_thing(ObjectKind kind);
  Routine<Value> perform_on_any(Id target, const Op& op);
  Id make_generator(Id function);
  Id reference_to(Id target);
  Routine<Value> destroy_thing(Id id);
  Routine<Value> set_content(Id id, Id content);
  Routine<Value> call_weakrefs(Id id);
  Routine<Value> call_object(Id function);
  Routine<Value> go_through(Id generator, const Op& op);
  Routine<Value> next(Id generator, bool soft);
  Routine<Value> resume(Id generator, bool soft = false);
  Routine<Value> close(Id generator);
  Routine<Value> generator_life(Id generator);
  Id cell_of(Id function) const;
  void clear_references(Id id);
  void add_weakref(Id target, Weakref weakref);

  // Dicts: spec_dicts.cc
  Routine<Value> perform_on_locals(const Op& op);
  Routine<Value> perform_on_keys(Id key, const Op& op);
  Routine<Value> set_item(Id& dict, std::int64_t hash, Id key, Id value, bool counted);
  Routine<Value> remove_item(Id& dict, Id key);
  Routine<Value> clear_dict(Id& dict);
  Routine<Value> store_found(Id found, std::int32_t to);
  Id find_item(Id dict, Id key) const;
  std::int64_t hash_of(Id object) const;
  DictItem& item(Id entry) { return items_[static_cast<std::size_t>(entry)]; }
  const DictItem& item(Id entry) const { return items_[static_cast<std::size_t>(entry)]; }

  // Cycles: spec_collection.cc
  Routine<Value> collect();
  bool find_garbage();
  void count_references();
  void list_objects();
  void reach(Id object);
  void meet(Id object);
  bool is_held(Id object) const;
  bool is_kept_for_job(Id reply);
  bool is_transparent(const Tasklet& object) const;
  void meet_frames(Id tasklet, Id up_to);

  // Switching: spec_switching.cc
  Routine<Value> switch_tasks(Id prev, Id next, bool soft, Id dying, bool no_soft_irq = false,
                              bool* was_refused = nullptr);
  Routine<Value> give_way(Id next, bool soft, Id dying, bool puts_none = false);
  Routine<Value> arrive(Id tasklet);
  Routine<Value> schedule();
  Routine<Value> schedule_remove();
  Routine<Value> run_tasklet(Id tasklet);
  Routine<Value> switch_to(Id tasklet);
  Routine<Value> tell_schedule_callback(Id prev, Id next);
  Value refusal() const;
  bool leaving_would_switch() const;
  void come_back(Id tasklet);
  Id innermost_runner() const;

  // run() and time: spec_watchdog.cc
  Routine<Value> run_others(RunLimit limit);
  Routine<Value> leave_run(Id tasklet);
  Routine<Value> interrupt();
  Routine<Value> burn(std::uint32_t ticks, bool one_slice);
  Routine<Value> spin();
  Routine<Value> spin_scheduling();
  Id divert_switch(Id prev, Id next, bool not_now);
  void set_limit(const RunLimit& limit);
  void restart_slice();
  bool nesting_allows_interrupt(const Tasklet& tasklet) const;
  bool pending_irq_is_due();
  bool limited() const { return watermark_ != kNever; }
  Id watchdog() const {
    return limit_owner_ != kNobody && !elsewhere(limit_owner_) ? limit_owner_ : main_;
  }

  // Threads: spec_threads.cc
  void start_thread(std::int32_t number, std::int32_t function);
  Routine<Value> thread_life(std::int32_t function);
  Routine<Value> reap(Id ended);
  Routine<Value> leave_queue(Id tasklet);
  Routine<Value> release_as_makeshift(Id tasklet);
  Routine<Value> hand_over(std::int32_t number);
  Routine<Value> take_turn();
  Routine<Value> settle();
  Routine<Value> fall_asleep();
  Value run_elsewhere(Id tasklet);
  Value insert(Id tasklet);
  Value bind_thread(Id tasklet);
  void begin_main(Id main);
  void end_main();
  void become_makeshift();
  void wake(Id tasklet);
  std::int32_t choose(bool running_goes_on);
  bool others_awake();

  // Locks, conditions, time: spec_service.cc
  Routine<Value> use_service(const Op& op);
  Routine<Value> acquire(Lock& lock, std::uint64_t until);
  Routine<Value> park(std::uint64_t until);
  Routine<Value> wait(const Op& op);
  Routine<Value> sleep_on(std::uint64_t until, bool polls);
  Value give_back(Lock& lock);
  void unpark(std::int32_t number);
  void fire();
  std::uint32_t next_answer(QuestionKind kind, std::span<const GivenAnswer>& answers,
                            std::uint32_t possible);
  bool is_due() const { return !timers_.empty() && timers_.front().due <= now_; }
  void end_waiting(std::size_t timer);
  ThreadState& thread(std::int32_t number) {
    return number == number_ ? *this : threads_[static_cast<std::size_t>(number)];
  }
  const ThreadState& thread(std::int32_t number) const {
    return number == number_ ? *this : threads_[static_cast<std::size_t>(number)];
  }
  bool elsewhere(Id tasklet) const { return at(tasklet).thread != number_; }
  bool is_current(Id tasklet) const;
  bool is_current_at_home(Id tasklet) const;
  std::int32_t nesting_of(Id tasklet) const;
  void keep_stack(Id owner);
  void drop_stack(Id owner);
  void give_new_stack(Id tasklet);
  bool has_stack(Id owner) const;
  Id stub() const { return -2 - number_; }  // Among `stacks_`.

  // call_async: spec_call_async.cc
  Routine<Value> call_async(std::int32_t function);
  Routine<Value> submit(Job job);
  Routine<Value> stop_pool();
  Routine<Value> work();
  Routine<Value> fail_next_job(ErrorCode code);
  bool grow();
  std::int32_t free_thread() const;
  Id wake_channel();
  Id new_channel();
  bool is_private(Id channel) const {
    return channel >= static_cast<Id>(scenario_->channels.size());
  }
  std::int32_t shown(Id channel) const { return is_private(channel) ? -1 : channel; }

  // Channels: spec_channel.cc
  Routine<Value> channel_action(Id channel, int direction, Value value);
  Routine<Value> tell_channel_callback(Id channel, int direction, bool will_block);

  // What the real thing does not have: spec_beyond.cc
  /// What else ends a wait, and ended that of the operation outside.
  struct EarlyEnd {
    std::int32_t timer = 0;
    std::uint64_t selects = 0;
    bool timed_out = false;
  };
  /// What code that interrupts an operation must leave as it was.
  struct Interruption {
    Id tasklet = kNobody;
    std::int32_t said = 0;
    bool hard = false;
    EarlyEnd early_end;
  };
  Interruption interrupt_operation();
  void resume_operation(const Interruption& interruption);
  EarlyEnd begin_early_end(std::uint64_t until, std::uint64_t selects);
  bool end_early_end(Id tasklet, const EarlyEnd& outer);
  Id first_timed(std::uint64_t& due) const;
  void end_wait(Id tasklet);
  Routine<Value> await_timer();
  bool awaits_timer() const;
  void wake_selectors(Id channel);
  bool relieve_sender(Id channel);
  void set_buffer(Id channel, std::int32_t most);
  bool can_send(Id channel);
  bool can_receive(Id channel);
  Routine<Value> pass(Id to, Value value);
  Routine<Value> take(Id from);
  Routine<Value> keep(Id to, Value value);
  Routine<Value> take_kept(Id from);
  Routine<Value> try_send(Id to);
  Routine<Value> try_receive(Id from);
  Routine<Value> receive_until(Id from, std::uint64_t until);
  Routine<Value> nap(std::uint64_t until);
  Routine<Value> select(Id one, Id other);
  Id waiting_room();

  // The queues.
  void append(Id tasklet);
  void make_runnable(Id tasklet);
  void make_head(Id tasklet);
  void take_out(Id tasklet);
  void wait_on(Id channel, Id tasklet, int direction);
  void stop_waiting(Id tasklet);
  std::int32_t counted_as(Id tasklet) const;

  Tasklet& at(Id tasklet) { return tasklets_[static_cast<std::size_t>(tasklet)]; }
  const Tasklet& at(Id tasklet) const { return tasklets_[static_cast<std::size_t>(tasklet)]; }
  Tasklet& me() { return at(current_); }
  Channel& channel(Id number) { return channels_[static_cast<std::size_t>(number)]; }
  bool is_tasklet(Id object) const { return at(object).kind == ObjectKind::kTasklet; }
  std::int32_t number_of(Id tasklet) const { return tasklet == kNobody ? -1 : at(tasklet).number; }
  Id& slot(std::int32_t number) { return slots_[static_cast<std::size_t>(number)]; }
  std::uint32_t flags_of(Id tasklet) const;
  bool is_ending(Id tasklet) const;
  bool append_beside_leaving(Id tasklet);
  std::int32_t run_count() const { return static_cast<std::int32_t>(queue_.size()) + astray_; }
  Value claim(Id tasklet) { return std::exchange(at(tasklet).tempval, Value{}); }
  void log(EventKind kind, EventArguments arguments = {});
  void log_object(EventKind kind, Id object) {
    if (object == kNobody) return log(kind, {0, 0});
    log(kind, {static_cast<std::int32_t>(at(object).kind), number_of(object)});
  }
  void log_error(EventKind kind, const Value& error);
  Switch halt() { return Switch{*this, nowhere_, nullptr}; }
  void conclude();

  static constexpr std::int32_t kThreadMains = 100, kThreadsMax = 8;
  static constexpr std::int32_t kMakeshift = -1;  // What events call a makeshift main tasklet.
  static constexpr std::int32_t kNestingMax = 2000;
  static constexpr std::size_t kWatchdogsMax = 64;

  const Scenario* scenario_ = nullptr;
  Rules rules_;
  std::span<const GivenAnswer> answers_;  // Those still to come.
  /// A point at which an answer may have been given.
  struct Pass {
    QuestionKind kind{};
    ActorId actor{};
    SiteId site{};
    bool operator==(const Pass&) const = default;
  };
  std::vector<Pass> passes_;  // In step passes_step_, in which the next answer was given.
  std::uint64_t passes_step_ = 0;
  std::span<const GivenAnswer> choices_;  // The same, for looking for those to `run` only,
  std::span<const GivenAnswer> fires_;    // and to `fire`.
  std::vector<Event> events_;
  EndState end_state_;
  Handle nowhere_;

  std::deque<Tasklet> tasklets_;  // And things. References to one stay good when others are made.
  std::size_t tasklet_count_ = 0;
  // What goes with frames that are forgotten: a list for each routine that does so. Deque and
  // indices, for routines hold no memory of their own.
  std::deque<std::vector<Id>> going_;
  std::vector<std::size_t> spare_going_;
  std::int32_t next_number_ = 0;
  std::vector<DictItem> items_;  // Of all dicts; ever made.
  Id keys_ = kNobody;            // The program's dict: its first entry.
  std::int32_t tasklets_made_ = 0;
  std::int32_t thing_count_ = 0;               // Lives of things that ever began.
  std::vector<Weakref> weakrefs_;              // Ever made.
  std::vector<Id> spare_records_;              // Dead; the last one is used first.
  std::vector<std::int32_t> tasklet_numbers_;  // Of each actor.
  std::deque<Channel> channels_;               // Those of the scenario, then those of the pool.
  std::size_t channel_count_ = 0;
  std::vector<Id> slots_;
  std::vector<std::int32_t> integers_;  // Of slots; 0 where one holds an object.
  std::uint64_t step_ = 0;
  std::uint32_t tokens_ = 0;

  bool runto_returned_ = false;
  /// An object in one of its lives.
  struct Life {
    Id object = kNobody;
    std::int32_t number = 0;
  };
  std::vector<Life> order_;  // Of those that the last collection left alive.
  std::vector<Id> listed_;   // All, the oldest first but for those that have changed their places.
  std::vector<Id> aside_;    // Of those, the ones that nobody has met.
  std::vector<Id> survivors_;
  std::vector<Id> found_;    // Garbage.
  std::vector<Id> garbage_;  // The same, while it is collected.
  bool meets_again_ = false;
  bool collecting_ = false;
  std::int32_t gc_debug_ = 0;  // 1 logs what is collected, 2 keeps it.

  // Threads. The state of the running one is our own base; its place here is empty meanwhile.
  std::array<ThreadState, kThreadsMax> threads_;
  Pool async_;
  bool threaded_ = false;   // The program starts threads.
  bool started_ = false;    // It has done so.
  std::vector<Id> stacks_;  // Whoever has a C stack: a ring, in the order of the real thing's.

  static constexpr std::size_t kLocksMax = 8;
  std::array<Lock, kLocksMax> locks_;
  bool locks_used_ = false;
  std::uint64_t now_ = 0;      // Virtual microseconds.
  std::vector<Timer> timers_;  // The earliest first; of equal ones the one set first.
  std::vector<TaskletTimer> tasklet_timers_;
  std::int32_t tasklet_timers_made_ = 0;
  Id waiting_room_ = kNobody;  // Where they wait who wait on no channel of the program.

  bool soft_ = true;
  bool error_handler_ = false;
  Callback channel_callback_;
  Callback schedule_callback_;
};

}  // namespace reweave::runtime::specification
