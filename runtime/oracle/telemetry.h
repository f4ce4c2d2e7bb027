// Telemetry: what a profiler would see of an execution, as a list of records in the order in which
// things happened: the calls of every thread and of every tasklet, what a thread waited for, which
// one had the interpreter lock, how long each object lived, and how long queues were.
//
// It looks before every step and wherever a thread stops or resumes, and compares what it sees with
// what it saw last. So it needs no hook in calls, switches or allocations: switched off it costs
// nothing there, and what takes no step takes no time. A thread's track shows the calls of
// whichever tasklet runs in it: on a switch those of the leaving tasklet end, innermost first, and
// those of the arriving one begin again, outermost first. A tasklet's own track shows the same
// calls without these breaks.
//
// Time: virtual microseconds, and one more for each step. Virtual time alone stands still while
// anybody runs; steps alone do not show how long somebody slept.
//
// It asks nothing, logs nothing and changes nothing: the trace hash of an execution is the same
// with it. Cost, when on: at every step one pass over the calls of the running tasklet and the
// objects alive; about 40 bytes a record. Records are kept until the next execution begins.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "runtime/frame/frame.h"
#include "runtime/object/heap.h"
#include "runtime/tasklet/watcher.h"
#include "scheduler/question.h"

namespace reweave::runtime {

struct Tasklet;

class Telemetry final : public Watcher {
 public:
  enum class What : std::uint8_t {
    kCallBegins,         // In `thread`, by tasklet `number`: `site` or `label`; `value`: depth.
    kCallEnds,           // The innermost one of `thread`.
    kTaskletCallBegins,  // The same on the track of tasklet `number`.
    kTaskletCallEnds,
    kTaskletWaitsToSend,  // Tasklet `number` is blocked on channel `value`.
    kTaskletWaitsToReceive,
    kTaskletWaitEnds,  // Of tasklet `number`; `value` 1: the execution ended before.
    kWaitBegins,       // `thread` waits for something of kind `value`, lock `number`; `id`.
    kWaitEnds,         // The same `id`; `value` as for a tasklet.
    kWoke,             // `thread` gave thread `number` what it waited for; `id` of that waiting.
    kLockPassed,  // The interpreter lock, from `thread` to thread `number`; -1: nobody can run.
    /// An object of kind `value` with `bytes`, made in `thread`; `number`: which tasklet or channel
    /// it is, or -1; `id`.
    kObjectBegins,
    kObjectEnds,   // The same `id`.
    kRunQueue,     // `value` tasklets are in the run queue of `thread`.
    kLiveObjects,  // `value` objects are alive.
    kVirtualTime,  // `value` microseconds.
    kGilTick,      // The ticks of `thread` are over: the interpreter lock goes round.
  };
  struct Record {
    What what{};
    std::uint8_t thread = 0;
    std::int32_t number = 0;
    std::uint64_t time = 0;  // Never less than that of the record before on its track.
    std::uint64_t value = 0;
    std::uint32_t id = 0;  // From 1; each is begun once and ended once.
    std::uint32_t bytes = 0;
    SiteId site{};
    const char* label = nullptr;  // Never freed; null: the function at `site`; "": unknown.
  };

  /// Of the last execution. Everything that began has ended. If a wait began behind the last step
  /// calls and waits end one unit later than they did, for what has no width nobody sees.
  const std::vector<Record>& records() const { return records_; }
  /// When each step began that somebody took, in their order; empty before an execution.
  struct StepBegins {
    std::uint64_t step = 0, time = 0;
  };
  const std::vector<StepBegins>& steps() const { return steps_; }
  /// Which actor a tasklet is, by the number that records call it by.
  const std::map<std::int32_t, ActorId>& actors() const { return actors_; }

  // ---- For the runtime ----

  void begin(Runtime& runtime) override;
  void end() override;
  void step(Thread& thread, SiteId site) override;
  void idles(const Thread& last) override;
  void handed_over(const Thread& leaver, const Thread& next) override;
  void gil_tick(const Thread& thread) override;
  void wait_begins(const Thread& thread, WaitKind kind, std::int32_t lock) override;
  void wait_ends(const Thread& thread) override;
  void woke(const Thread& waker, const Thread& woken) override;

 private:
  struct Call {
    const Frame* frame = nullptr;
    std::uint32_t generation = 0;
    bool operator==(const Call&) const = default;
  };
  struct TaskletTrack {
    const Tasklet* tasklet = nullptr;
    std::int32_t number = 0;
    std::uint8_t thread = 0;
    std::vector<Call> calls;  // Outermost first.
    bool waits = false;
  };
  static constexpr std::int32_t kNobody = -1000;
  struct ThreadTrack {
    std::int32_t tasklet = kNobody;  // Whose calls are shown.
    std::vector<Call> calls;
    std::uint32_t wait = 0;  // The id of the waiting in progress; 0: none.
    WaitKind wait_kind{};
    std::uint64_t run_queue = 0;
  };
  struct Life {
    const Object* object = nullptr;
    std::uint32_t generation = 0;
    std::uint32_t id = 0;  // 0: it has ended.
  };

  Record& add(What what, std::uint32_t thread);
  void read_calls(const Thread& thread);
  void show_calls(const Thread& thread);
  void show_tasklet_calls(const Thread& thread);
  void end_calls(std::uint32_t thread);
  void end_ended_tasklets();
  void show_tasklet_waits(std::uint32_t thread);
  void end_tasklet_wait(TaskletTrack& track);
  void widen_last_waits();
  void leaves(const Thread& leaver);
  void goes_on(const Thread& thread);
  void end_tasklet_calls(TaskletTrack& track, std::size_t left);
  void look_at_objects(std::uint32_t thread);
  void begin_life(Life& life, const Object& object, std::uint32_t thread);
  void plot(const Thread& thread);
  std::uint64_t now() const;

  Runtime* runtime_ = nullptr;
  bool is_over_ = false;  // The execution has ended.
  std::vector<Record> records_;
  std::vector<StepBegins> steps_;
  std::map<std::int32_t, ActorId> actors_;
  std::vector<ThreadTrack> threads_;
  std::vector<TaskletTrack> tasklets_;  // In order of their first step; those with calls only.
  std::vector<Life> lives_;
  std::vector<Call> calls_;  // Of the running tasklet, as it is now.
  Heap::Mark mark_;
  std::uint32_t last_id_ = 0;
  bool idle_ = false;  // Nobody has the interpreter lock.
  std::uint64_t live_objects_ = 0;
  std::uint64_t virtual_time_ = 0;
};

}  // namespace reweave::runtime
