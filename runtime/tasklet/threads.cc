// Virtual threads: who holds the interpreter lock, how a thread begins, sleeps, waits, is woken and
// dies.
//
// Exactly one thread runs. It goes on until it has nothing runnable and sleeps, waits for a lock or
// a time or for the others to settle, or ends; and at every operation a `run` question may hand the
// lock on, as the real interpreter may at any tick of its own. Under the setting `gil_ticks` it has
// to give the lock up after so many operations.
#include <algorithm>
#include <array>
#include <utility>

#include "runtime/tasklet/runtime.h"
#include "runtime/tasklet/watcher.h"
#include "scheduler/base/check.h"

namespace reweave::runtime {

// ---- Who runs ----

Thread* Runtime::thread(std::uint32_t number) {
  if (number == 0) return &main_thread_;
  if (number > threads_.size() || threads_[number - 1]->phase_ == Thread::Phase::kUnused)
    return nullptr;
  return threads_[number - 1].get();
}

bool Runtime::others_awake(const Thread& than) const {
  for (std::uint32_t i = 0; i <= threads_.size(); ++i) {
    const Thread& each = i == 0 ? main_thread_ : *threads_[i - 1];
    if (&each != &than && (each.is_awake() || clock_.has(each.number_))) return true;
  }
  return false;
}

// Which thread goes on: the ready ones in turn, the running one first if it goes on and last if it
// gives way; where none is ready, the youngest of those that wait for the others to settle; where
// there is none either, whose timer fires. Null: all of them sleep, and for ever.
Thread* Runtime::choose(bool running_goes_on, SiteId site) {
  std::array<Thread*, kThreadsMax> ready{};
  std::uint32_t count = 0;
  while (clock_.is_due()) end_waiting(clock_.take_due());
  for (;;) {
    Thread* settling = nullptr;
    const auto all = static_cast<std::uint32_t>(threads_.size() + 1);
    for (std::uint32_t i = 0; i < all; ++i) {
      const std::uint32_t turn = running_goes_on ? i : i + 1;
      Thread* const each = thread((running_->number_ + turn) % all);
      if (each == nullptr) continue;
      if (each->phase_ == Thread::Phase::kReady) ready[count++] = each;
      if (each->phase_ == Thread::Phase::kSettling &&
          (settling == nullptr || each->number_ > settling->number_))
        settling = each;
    }
    if (count > 0) break;
    if (settling != nullptr || clock_.empty()) return settling;
    if (watcher_ != nullptr) [[unlikely]]
      watcher_->idles(*running_);
    end_waiting(clock_.fire(*execution_, running_->actor_, site));
  }
  std::array<Option, kThreadsMax> options;
  for (std::uint32_t i = 0; i < count; ++i) options[i].actor = ready[i]->actor_;
  std::array<Option, kThreadsMax> blocked;  // Shown until the question is asked.
  if (execution_->wants_steps()) [[unlikely]]
    show_steps({ready.data(), count}, options, blocked);
  const std::uint32_t answer =
      execution_->ask(QuestionKind::kRun, running_->actor_, site, count, {options.data(), count});
  return ready[answer];
}

// Fills in what the ready threads are about to do, and says the same of those that sleep or wait:
// they go on with the operation at which they are.
void Runtime::show_steps(std::span<Thread* const> ready, std::span<Option> options,
                         std::span<Option> blocked) {
  for (std::size_t i = 0; i < ready.size(); ++i)
    options[i].next = pending(*ready[i], ready[i]->running_frame());
  std::size_t count = 0;
  for (std::uint32_t i = 0; i <= threads_.size(); ++i) {
    const Thread* const each = thread(i);
    if (each == nullptr || each->phase_ == Thread::Phase::kReady ||
        each->phase_ == Thread::Phase::kEnded)
      continue;
    blocked[count++] = {each->actor_, pending(*each, each->running_frame())};
  }
  execution_->show_blocked(blocked.first(count));
}

// Without an operation a thread begins or ends, or takes up a tasklet: that is about its run queue.
PendingStep Runtime::pending(const Thread& thread, FrameRef frame) const {
  if (!frame || frame.frame->generation != frame.generation)
    return {ObjectId{1 + thread.number()}, Access::kReadModifyWrite, SiteId{}};
  return names_->pending(thread, frame.frame->site);
}

// Its timer has fired.
void Runtime::end_waiting(std::uint32_t number) {
  Thread& waiter = *thread(number);
  waiter.phase_ = Thread::Phase::kReady;
  waiter.woken_ = Thread::Woken::kByTime;
}

void Runtime::hand_over(Thread& next) {
  Thread& leaver = *running_;
  next.phase_ = Thread::Phase::kReady;
  next.idle_ = false;
  if (&next == &leaver) return;
  next.held_ticks_ = 0;
  running_ = &next;
  if (watcher_ != nullptr) [[unlikely]]
    watcher_->handed_over(leaver, next);
  switch_fibers(leaver.fiber_, next.fiber_);
  if (abandoning_) leaver.abandon();
}

void Runtime::before_step(SiteId site) {
  if (threaded_) running_->take_turn(site);
  if (watcher_ != nullptr) [[unlikely]]
    watcher_->step(*running_, site);
}

// The same with the steps of both: of the running tasklet and of the one that would go on instead.
bool Thread::ask_preempt_with_steps(SiteId site) {
  const Tasklet* next = timeout_running() ? interrupt_target() : head_;
  if (next == current_) next = current_->next;
  std::array<Option, 2> options;
  options[0] = {current_->actor, runtime_.pending(*this, running_)};
  options[1] = {next->actor, runtime_.pending(*this, next->frame)};
  return execution_->ask(QuestionKind::kPreempt, current_->actor, site, 2, options) != 0;
}

void Thread::take_turn(SiteId site) {
  // In the real thing the interpreter lets nobody else have the lock in an atomic section.
  if (current_->atomic && !settings_.defects.has(Defect::kAtomicYieldsGil)) return;
  const bool over = settings_.gil_ticks != 0 && ++held_ticks_ > settings_.gil_ticks;
  Thread* const next = runtime_.choose(/*running_goes_on=*/!over, site);
  if (over && watcher() != nullptr) [[unlikely]]
    watcher()->gil_tick(*this);
  if (over) held_ticks_ = 1;  // What follows is the first operation of another turn.
  if (next == this) return;
  if (over) log(EventKind::kGilTick, {static_cast<std::int32_t>(next->number_)});
  lost_turn_atomic_ = current_->atomic;
  runtime_.hand_over(*next);
  lost_turn_atomic_ = false;
  held_ticks_ = 1;
}

void Thread::settle(SiteId site) {
  phase_ = Phase::kSettling;
  runtime_.hand_over(*runtime_.choose(/*running_goes_on=*/false, site));
}

Watcher* Thread::watcher() const { return runtime_.watcher(); }

Thread::Woken Thread::park(std::uint64_t until, SiteId site) {
  woken_ = Woken::kByNobody;
  if (until != Clock::kNever) clock_.set(number_, until);
  while (woken_ == Woken::kByNobody) {
    if (until == Clock::kNever && !runtime_.others_awake(*this)) break;
    phase_ = Phase::kParked;
    Thread* const next = runtime_.choose(/*running_goes_on=*/false, site);
    CHECK_MSG(next != nullptr, "the last thread that was awake waits");
    runtime_.hand_over(*next);
  }
  return woken_;
}

void Thread::unpark() {
  if (phase_ != Phase::kParked) return;
  clock_.cancel(number_);
  phase_ = Phase::kReady;
  woken_ = Woken::kByOther;
}

// Returns when something of this thread is runnable, or when nobody is left who could make it so.
void Thread::fall_asleep() {
  phase_ = Phase::kAsleep;
  idle_ = true;
  const SiteId site = running_ ? running_.frame->site : SiteId{};
  Thread* const next = runtime_.choose(/*running_goes_on=*/false, site);
  CHECK_MSG(next != nullptr, "the last thread that was awake went to sleep");
  runtime_.hand_over(*next);
}

void Thread::wake() {
  if (phase_ == Phase::kAsleep) phase_ = Phase::kReady;
}

// ---- How a thread begins and dies ----

Thread* Runtime::start_thread(std::uint32_t number, Code& main_code) {
  CHECK_MSG(executing_, "Runtime::start_thread() was called outside of an execution");
  CHECK_MSG(number > 0 && number < kThreadsMax,
            "Runtime::start_thread() takes a number from 1 to kThreadsMax - 1");
  while (threads_.size() < number) {
    threads_.push_back(std::make_unique<Thread>(*this));
    threads_.back()->number_ = static_cast<std::uint32_t>(threads_.size());
  }
  Thread& thread = *threads_[number - 1];
  if (thread.phase_ != Thread::Phase::kUnused) return nullptr;
  thread.begin_execution(*execution_, *names_);
  thread.actor_ = execution_->spawn(running_->current_->actor);
  name_actor(thread.actor_, static_cast<std::int32_t>(kThreadMains + number));
  thread.main_code_ = &main_code;
  thread.stub_place_ = StackPlace{};
  thread.phase_ = Thread::Phase::kReady;
  thread.idle_ = false;
  thread.fiber_.start(&Thread::fiber_entry, &thread);
  threaded_ = attends_steps_ = true;
  return &thread;
}

// The whole life of a thread but the first one.
void Thread::fiber_entry(void* thread) {
  Thread& self = *static_cast<Thread*>(thread);
  self.runtime_.add_stack(self.stub_place_);
  self.run_main(*self.main_code_);
  // Its main tasklet has ended; what has a C stack here is killed from a makeshift one.
  self.ended_main_ = self.main_;
  self.run_main(self.runtime_.reap_code_);
  Tasklet* const makeshift = self.main_;
  self.clear_weakrefs(makeshift, /*calls=*/false);  // Nothing can run here any more.
  self.current_ = nullptr;
  self.release(makeshift);
  self.release(makeshift);
  self.main_ = nullptr;
  self.phase_ = Phase::kEnded;
  self.runtime_.drop_stack(self.stub_place_);
  for (Tasklet* t = self.runtime_.first_tasklet_; t != nullptr; t = t->next_made) {
    if (!t->dead && t->thread == thread) t->thread = nullptr;
  }
  self.runtime_.leave_ended_thread();
}

// After Stackless's slp_kill_tasks_with_stacks: in the order in which their C stacks were saved,
// runnable tasklets leave the queue and those that are suspended hard are killed; the rest just
// stop. Tasklets that never got a stack of this thread stay where they are.
Object* Thread::reap(Thread& self, FrameRef, Object* value) {
  self.release(value != nullptr ? value : self.take_error());
  ++self.nesting_level_;  // As all C code that may not be left softly.
  self.runtime_.drop_stack(self.main_->stack_place);
  self.release(self.ended_main_);
  self.release(self.ended_main_);
  for (;;) {
    // Callbacks may have given the makeshift one locals, which are not to die where nobody is.
    while (self.main_->locals != nullptr) self.release(std::exchange(self.main_->locals, nullptr));
    Tasklet* next = nullptr;
    const StackPlace* const head = self.runtime_.stacks_;
    const StackPlace* place = head;
    do {
      self.require(place != nullptr, "stack-ring");
      Tasklet* const t = place->tasklet;
      if (t != nullptr) self.check_tasklet(t, "reaped");
      // One that dies is another thread's to destroy, which waits in the middle of it.
      if (t != nullptr && t->thread == &self && t != self.main_ && !t->dying) next = t;
      place = place->next;
    } while (next == nullptr && place != head);
    if (next == nullptr) break;
    retain(next);
    if (self.is_alive(next)) {
      const bool hard =
          self.nesting_level_of(next) > 0 || self.settings_.defects.has(Defect::kThreadEndKillsAll);
      const auto leave_queue = [&] {
        if (!next->in_run_queue()) return;
        self.queue_remove(next);
        self.release_as_makeshift(next);
      };
      leave_queue();
      if (hard) {
        self.as_makeshift([&] {
          Object* const killed = self.kill(next, /*soft=*/false);
          self.release(killed != nullptr ? killed : self.take_error());
        });
        leave_queue();  // It may have caught the exception, and be runnable again.
      }
    }
    next->thread = nullptr;
    self.release_as_makeshift(next);
  }
  --self.nesting_level_;
  return self.none();
}

// In the real interpreter each of these acts gets a makeshift main tasklet of its own, which nobody
// has given a number; the recordings know it by the number of the dead tasklet whose memory it was
// given, the one that was freed last.
template <typename Act>
void Thread::as_makeshift(const Act& act) {
  std::vector<ActorId>& freed = runtime_.freed_;
  if (freed.empty() && nobody_ == ActorId{}) {
    nobody_ = execution_->spawn(actor_);
    runtime_.name_actor(nobody_, -1);
  }
  const bool known = !freed.empty();
  const ActorId actor = known ? freed.back() : nobody_;
  if (known) freed.pop_back();
  main_->actor = actor;
  runtime_.drop_stack(stub_place_);
  runtime_.add_stack(stub_place_);
  runtime_.drop_stack(main_->stack_place);
  runtime_.add_stack(main_->stack_place);
  act();
  runtime_.drop_stack(main_->stack_place);
  if (known) freed.push_back(actor);
}

// A tasklet's memory goes last of all, when the makeshift that its callbacks ran in is gone again.
void Thread::release_as_makeshift(Tasklet* tasklet) {
  std::vector<ActorId>& freed = runtime_.freed_;
  const bool last = tasklet->refs == 1;
  const ActorId actor = tasklet->actor;
  as_makeshift([&] { release(tasklet); });
  if (!last || freed.size() < 2) return;
  if (freed[freed.size() - 2] == actor) std::swap(freed[freed.size() - 2], freed.back());
}

void Runtime::leave_ended_thread() {
  Thread* next = choose(/*running_goes_on=*/false, SiteId{});
  if (next == nullptr && settings_.defects.has(Defect::kNoRecheckAtThreadEnd)) {
    running_->report_fault(FindingKind::kDeadlock, "every-thread-sleeps",
                           "every thread sleeps, and the last one that was awake has ended");
    running_->abandon();
  }
  // All others sleep, and nobody is left to wake them: the first of them looks again, and finds the
  // deadlock.
  for (std::uint32_t i = 0; next == nullptr; ++i) {
    Thread* const each = thread(i);
    if (each != nullptr &&
        (each->phase_ == Thread::Phase::kAsleep || each->phase_ == Thread::Phase::kParked))
      next = each;
  }
  hand_over(*next);
  CHECK_MSG(false, "an ended thread was switched to");
}

// ---- A tasklet moves to another thread ----

Object* Thread::bind_thread(Tasklet* tasklet) {
  if (tasklet->thread == this) return none();
  // A schedule callback may have taken the tasklet out of its run queue that is about to run.
  const bool about_to_run = tasklet->thread != nullptr && tasklet->thread->switching_to_ == tasklet;
  if (tasklet->in_run_queue() || about_to_run)
    return raise_runtime_error(ErrorCode::kBindThreadRunnable);
  if (nesting_level_of(tasklet) > 0) return raise_runtime_error(ErrorCode::kBindCState);
  // Its old thread may sleep in the middle of it, and would go on there.
  if (tasklet->thread != nullptr && tasklet->thread->current_ == tasklet &&
      !settings_.defects.has(Defect::kBindThreadInContext))
    return raise_runtime_error(ErrorCode::kBindCState);
  // A thread without its main tasklet has nobody to return to.
  if (tasklet->is_main && is_alive(tasklet) && !settings_.defects.has(Defect::kBindThreadTakesMain))
    return raise_runtime_error(ErrorCode::kUnbindMain);
  tasklet->thread = this;
  tasklet->cstate = &stub_cstack_;
  runtime_.drop_stack(tasklet->stack_place);
  return none();
}

}  // namespace reweave::runtime
