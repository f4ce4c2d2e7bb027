#include "runtime/oracle/telemetry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/tasklet/runtime.h"

namespace reweave::runtime {

void Telemetry::begin(Runtime& runtime) {
  runtime_ = &runtime;
  records_.clear();
  steps_.clear();
  actors_.clear();
  threads_.assign(Runtime::kThreadsMax, ThreadTrack{});
  tasklets_.clear();
  lives_.clear();
  mark_ = {};
  last_id_ = 0;
  idle_ = is_over_ = false;
  live_objects_ = virtual_time_ = 0;
}

void Telemetry::end() {
  look_at_objects(runtime_->running().number());
  show_tasklet_waits(runtime_->running().number());
  is_over_ = true;
  for (std::uint32_t i = 0; i < threads_.size(); ++i) {
    // Who waits does so in his innermost call.
    if (threads_[i].wait != 0) {
      Record& ends = add(What::kWaitEnds, i);
      ends.id = threads_[i].wait;
      ends.value = 1;
      threads_[i].wait = 0;
    }
    end_calls(i);
  }
  for (TaskletTrack& track : tasklets_) end_tasklet_calls(track, 0);
  for (Life& life : lives_) {
    if (life.id != 0) add(What::kObjectEnds, 0).id = life.id;
  }
  widen_last_waits();
  tasklets_.clear();
  lives_.clear();
  runtime_ = nullptr;
}

// Behind the last step time stands still: what began there would end where it began.
void Telemetry::widen_last_waits() {
  auto at = records_.end();
  bool waits = false;
  for (; at != records_.begin() && (at - 1)->time == now(); --at) {
    const What what = (at - 1)->what;
    waits |= what == What::kWaitBegins || what == What::kTaskletWaitsToSend ||
             what == What::kTaskletWaitsToReceive;
  }
  if (!waits) return;
  std::set<std::pair<bool, std::int32_t>> late;  // Tracks: a tasklet's, with its number, or not.
  for (; at != records_.end(); ++at) {
    const bool of_tasklet =
        at->what >= What::kTaskletCallBegins && at->what <= What::kTaskletWaitEnds;
    const bool of_thread = at->what <= What::kCallEnds || at->what == What::kGilTick ||
                           (at->what >= What::kWaitBegins && at->what <= What::kWoke);
    if (!of_tasklet && !of_thread) continue;
    const std::pair track(of_tasklet, of_tasklet ? at->number : std::int32_t{at->thread});
    const bool ends = at->what == What::kCallEnds || at->what == What::kTaskletCallEnds ||
                      at->what == What::kWaitEnds || at->what == What::kTaskletWaitEnds;
    if (ends) late.insert(track);
    if (late.contains(track)) ++at->time;
  }
}

std::uint64_t Telemetry::now() const {
  return runtime_->clock().now() + runtime_->main_thread().execution().steps();
}

Telemetry::Record& Telemetry::add(What what, std::uint32_t thread) {
  Record& record = records_.emplace_back();
  record.what = what;
  record.thread = static_cast<std::uint8_t>(thread);
  record.time = now();
  return record;
}

void Telemetry::step(Thread& thread, SiteId) {
  steps_.push_back({.step = thread.execution().steps() + 1, .time = now()});
  goes_on(thread);
  wait_ends(thread);  // A thread that runs does not wait.
  read_calls(thread);
  show_calls(thread);
  show_tasklet_calls(thread);
  show_tasklet_waits(thread.number());
  look_at_objects(thread.number());
  plot(thread);
}

// ---- Calls ----

// The calls of the running tasklet, outermost first.
void Telemetry::read_calls(const Thread& thread) {
  calls_.clear();
  FrameRef at = thread.evaluation().running;
  while (at && at.frame->generation == at.generation) {
    calls_.push_back({at.frame, at.generation});
    at = at.frame->back;
  }
  std::reverse(calls_.begin(), calls_.end());
}

namespace {

/// How many calls the two have in common, from the outermost on.
template <typename Calls>
std::size_t common(const Calls& a, const Calls& b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end - a.begin());
}

// Several threads may have a makeshift one at the same time, which has no number itself.
std::int32_t number_of_current(const Thread& thread) {
  const std::uint32_t number = thread.current()->number;
  const bool makeshift = number == Runtime::kMakeshift;
  return makeshift ? -static_cast<std::int32_t>(thread.number())
                   : static_cast<std::int32_t>(number);
}

}  // namespace

void Telemetry::show_calls(const Thread& thread) {
  ThreadTrack& track = threads_[thread.number()];
  const std::int32_t tasklet = number_of_current(thread);
  std::size_t kept = common(track.calls, calls_);
  if (track.tasklet != tasklet) kept = 0;
  for (std::size_t i = track.calls.size(); i > kept; --i) add(What::kCallEnds, thread.number());
  if (track.tasklet != tasklet) {
    if (track.tasklet != kNobody) add(What::kCallEnds, thread.number());
    Record& begins = add(What::kCallBegins, thread.number());
    begins.number = track.tasklet = tasklet;
    begins.label = "tasklet";
  }
  track.calls = calls_;
  for (std::size_t i = kept; i < calls_.size(); ++i) {
    Record& begins = add(What::kCallBegins, thread.number());
    begins.number = tasklet;
    begins.value = i + 1;
    begins.site = calls_[i].frame->code->entry;
    begins.label = calls_[i].frame->code->label;
  }
}

void Telemetry::end_calls(std::uint32_t number) {
  ThreadTrack& track = threads_[number];
  for (std::size_t i = track.calls.size(); i > 0; --i) add(What::kCallEnds, number);
  if (track.tasklet != kNobody) add(What::kCallEnds, number);
  track.calls.clear();
  track.tasklet = kNobody;
}

void Telemetry::show_tasklet_calls(const Thread& thread) {
  const Tasklet* const tasklet = thread.current();
  end_ended_tasklets();
  TaskletTrack* mine = nullptr;
  for (TaskletTrack& track : tasklets_) {
    if (track.tasklet == tasklet) mine = &track;
  }
  if (mine == nullptr) {
    mine = &tasklets_.emplace_back();
    mine->tasklet = tasklet;
    mine->number = number_of_current(thread);
    actors_[mine->number] = tasklet->actor;
  }
  mine->thread = static_cast<std::uint8_t>(thread.number());
  end_tasklet_wait(*mine);  // It runs.
  const std::size_t kept = common(mine->calls, calls_);
  end_tasklet_calls(*mine, kept);
  for (std::size_t i = kept; i < calls_.size(); ++i) {
    mine->calls.push_back(calls_[i]);
    Record& begins = add(What::kTaskletCallBegins, thread.number());
    begins.number = mine->number;
    begins.value = i + 1;
    begins.site = calls_[i].frame->code->entry;
    begins.label = calls_[i].frame->code->label;
  }
}

void Telemetry::end_ended_tasklets() {
  for (TaskletTrack& track : tasklets_) {
    if (track.tasklet->dead || track.tasklet->ended) end_tasklet_calls(track, 0);
  }
  std::erase_if(tasklets_, [](const TaskletTrack& track) { return track.calls.empty(); });
}

// Only at a step is it seen who was blocked by the last one, and who is not any more.
void Telemetry::show_tasklet_waits(std::uint32_t thread) {
  for (TaskletTrack& track : tasklets_) {
    const Tasklet& tasklet = *track.tasklet;
    // A defect may have freed either.
    const bool waits = !tasklet.dead && tasklet.blocked != 0 && tasklet.channel != nullptr &&
                       !tasklet.channel->dead;
    if (waits == track.waits) continue;
    if (!waits) {
      end_tasklet_wait(track);
      continue;
    }
    Record& begins =
        add(tasklet.blocked > 0 ? What::kTaskletWaitsToSend : What::kTaskletWaitsToReceive, thread);
    begins.number = track.number;
    begins.value = tasklet.channel->number;
    track.waits = true;
  }
}

void Telemetry::end_tasklet_wait(TaskletTrack& track) {
  if (!track.waits) return;
  Record& ends = add(What::kTaskletWaitEnds, track.thread);
  ends.number = track.number;
  ends.value = is_over_ ? 1 : 0;
  track.waits = false;
}

// Who waits does so in his innermost call.
void Telemetry::end_tasklet_calls(TaskletTrack& track, std::size_t left) {
  if (track.calls.size() > left) end_tasklet_wait(track);
  for (std::size_t i = track.calls.size(); i > left; --i)
    add(What::kTaskletCallEnds, track.thread).number = track.number;
  track.calls.resize(left);
}

// ---- Threads ----

void Telemetry::idles(const Thread& last) {
  leaves(last);
  end_ended_tasklets();
  look_at_objects(last.number());
  if (!idle_) add(What::kLockPassed, last.number()).number = -1;
  idle_ = true;
}

// It runs; where it ran last, too, nobody has handed anything over.
void Telemetry::goes_on(const Thread& thread) {
  if (!idle_) return;
  idle_ = false;
  add(What::kLockPassed, thread.number()).number = static_cast<std::int32_t>(thread.number());
}

void Telemetry::handed_over(const Thread& leaver, const Thread& next) {
  idle_ = false;
  Record& passed = add(What::kLockPassed, leaver.number());
  passed.number = static_cast<std::int32_t>(next.number());
  leaves(leaver);
  const ThreadTrack& track = threads_[next.number()];
  if (track.wait != 0 && track.wait_kind != WaitKind::kLock && track.wait_kind != WaitKind::kSleep)
    wait_ends(next);
}

// What it waits for, now that it does not run.
void Telemetry::leaves(const Thread& leaver) {
  if (leaver.turn().phase == ThreadPhase::kEnded) end_calls(leaver.number());
  if (leaver.turn().phase == ThreadPhase::kAsleep) wait_begins(leaver, WaitKind::kAsleep, -1);
  if (leaver.turn().phase == ThreadPhase::kSettling) wait_begins(leaver, WaitKind::kSettle, -1);
  if (leaver.turn().phase == ThreadPhase::kReady) wait_begins(leaver, WaitKind::kInterpreter, -1);
}

void Telemetry::gil_tick(const Thread& thread) { add(What::kGilTick, thread.number()); }

void Telemetry::wait_begins(const Thread& thread, WaitKind kind, std::int32_t lock) {
  ThreadTrack& track = threads_[thread.number()];
  if (track.wait != 0) return;  // It waits for its lock, and for its turn after that.
  track.wait = ++last_id_;
  track.wait_kind = kind;
  Record& begins = add(What::kWaitBegins, thread.number());
  begins.id = track.wait;
  begins.number = lock;
  begins.value = static_cast<std::uint64_t>(kind);
}

void Telemetry::wait_ends(const Thread& thread) {
  ThreadTrack& track = threads_[thread.number()];
  goes_on(thread);
  if (track.wait == 0) return;
  add(What::kWaitEnds, thread.number()).id = track.wait;
  track.wait = 0;
}

void Telemetry::woke(const Thread& waker, const Thread& woken) {
  Record& record = add(What::kWoke, waker.number());
  record.number = static_cast<std::int32_t>(woken.number());
  record.id = threads_[woken.number()].wait;
}

// ---- Objects and plots ----

void Telemetry::begin_life(Life& life, const Object& object, std::uint32_t thread) {
  life = {.object = &object, .generation = object.generation, .id = ++last_id_};
  Record& begins = add(What::kObjectBegins, thread);
  begins.id = life.id;
  begins.value = static_cast<std::uint64_t>(object.kind);
  begins.bytes = object.bytes;
  begins.number = -1;
  begins.label = object.dead ? "" : nullptr;
  if (object.dead) return;  // It lived for less than a step, and nothing but its header is left.
  if (object.kind == ObjectKind::kTasklet) {
    const auto& tasklet = static_cast<const Tasklet&>(object);
    begins.number = static_cast<std::int32_t>(tasklet.number);
    if (tasklet.number != Runtime::kMakeshift) actors_[begins.number] = tasklet.actor;
  }
  if (object.kind == ObjectKind::kChannel)
    begins.number = static_cast<std::int32_t>(static_cast<const Channel&>(object).number);
  if (object.kind == ObjectKind::kFrame) {
    begins.site = static_cast<const Frame&>(object).code->entry;
    begins.label = static_cast<const Frame&>(object).code->label;
  }
}

namespace {

/// Frames and records are put aside when they die, and live again.
bool may_live_again(const Object& object) {
  return object.kind == ObjectKind::kFrame || object.kind == ObjectKind::kRecord;
}

}  // namespace

void Telemetry::look_at_objects(std::uint32_t thread) {
  for (Life& life : lives_) {
    const Object& object = *life.object;
    const bool other_life = object.generation != life.generation;
    if (life.id != 0 && (object.dead || other_life)) {
      add(What::kObjectEnds, thread).id = life.id;
      life.id = 0;
    }
    if (life.id == 0 && !object.dead) begin_life(life, object, thread);
  }
  std::erase_if(lives_,
                [](const Life& life) { return life.id == 0 && !may_live_again(*life.object); });
  runtime_->heap().objects_since(mark_, [&](const Object& object) {
    if (object.kind == ObjectKind::kWeakRef) return;
    Life& life = lives_.emplace_back();
    begin_life(life, object, thread);
    if (!object.dead) return;
    add(What::kObjectEnds, thread).id = life.id;
    life.id = 0;
    if (!may_live_again(object)) lives_.pop_back();
  });
}

void Telemetry::plot(const Thread& thread) {
  ThreadTrack& track = threads_[thread.number()];
  if (thread.queue().count != track.run_queue || records_.empty()) {
    track.run_queue = thread.queue().count;
    add(What::kRunQueue, thread.number()).value = track.run_queue;
  }
  if (const std::uint64_t live = runtime_->heap().live_objects(); live != live_objects_) {
    live_objects_ = live;
    add(What::kLiveObjects, thread.number()).value = live;
  }
  if (const std::uint64_t time = runtime_->clock().now(); time != virtual_time_) {
    virtual_time_ = time;
    add(What::kVirtualTime, thread.number()).value = time;
  }
}

}  // namespace reweave::runtime
