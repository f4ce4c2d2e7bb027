#include "runtime/tasklet/interpreter_lock.h"

#include <algorithm>
#include <array>

#include "runtime/tasklet/thread.h"
#include "runtime/tasklet/watcher.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

Thread* InterpreterLock::thread(std::uint32_t number) const {
  if (number == 0) return threads[0];
  if (number >= threads.size() || threads[number]->turn().phase == ThreadPhase::kUnused)
    return nullptr;
  return threads[number];
}

bool InterpreterLock::others_awake(const Thread& than) const {
  return std::any_of(threads.begin(), threads.end(), [&than](const Thread* each) {
    return each != &than && (each->turn().is_awake() || each->has_timer());
  });
}

// Without an operation a thread begins or ends, or takes up a tasklet: that is about its run queue.
PendingStep pending_step(const Thread& thread, FrameRef frame) {
  if (!frame || frame.frame->generation != frame.generation)
    return {ObjectId{1 + thread.number()}, Access::kReadModifyWrite, SiteId{}};
  return thread.shared().names->pending(thread, frame.frame->site);
}

namespace {

// Fills in what the ready threads are about to do, and says the same of those that sleep or wait:
// they go on with the operation at which they are.
void show_steps(Shared& shared, std::span<Thread* const> ready, std::span<Option> options,
                std::span<Option> blocked) {
  for (std::size_t i = 0; i < ready.size(); ++i)
    options[i].next = pending_step(*ready[i], ready[i]->evaluation().running);
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < shared.lock.threads.size(); ++i) {
    const Thread* const each = shared.lock.thread(i);
    if (each == nullptr || each->turn().phase == ThreadPhase::kReady ||
        each->turn().phase == ThreadPhase::kEnded)
      continue;
    blocked[count++] = {each->life().actor, pending_step(*each, each->evaluation().running)};
  }
  shared.execution->show_blocked(blocked.first(count));
}

// Its timer has fired.
void end_waiting(Shared& shared, std::uint32_t number) {
  Thread& waiter = *shared.lock.thread(number);
  waiter.turn().phase = ThreadPhase::kReady;
  waiter.turn().woken = Woken::kByTime;
}

}  // namespace

// Which thread goes on: the ready ones in turn, the running one first if it goes on and last if it
// gives way; where none is ready, the youngest of those that wait for the others to settle; where
// there is none either, whose timer fires. Null: all of them sleep, and for ever.
Thread* choose(Thread& running, bool running_goes_on, SiteId site) {
  Shared& shared = running.shared();
  Clock& clock = shared.clock;
  std::array<Thread*, InterpreterLock::kThreadsMax> ready{};
  std::uint32_t count = 0;
  while (clock.is_due()) end_waiting(shared, clock.take_due());
  for (;;) {
    Thread* settling = nullptr;
    const auto all = static_cast<std::uint32_t>(shared.lock.threads.size());
    for (std::uint32_t i = 0; i < all; ++i) {
      const std::uint32_t turn = running_goes_on ? i : i + 1;
      Thread* const each = shared.lock.thread((running.number() + turn) % all);
      if (each == nullptr) continue;
      if (each->turn().phase == ThreadPhase::kReady) ready[count++] = each;
      if (each->turn().phase == ThreadPhase::kSettling &&
          (settling == nullptr || each->number() > settling->number()))
        settling = each;
    }
    if (count > 0) break;
    if (settling != nullptr || clock.empty()) return settling;
    if (shared.lock.watcher != nullptr) [[unlikely]]
      shared.lock.watcher->idles(running);
    end_waiting(shared, clock.fire(running.execution(), running.life().actor, site));
  }
  std::array<Option, InterpreterLock::kThreadsMax> options;
  for (std::uint32_t i = 0; i < count; ++i) options[i].actor = ready[i]->life().actor;
  std::array<Option, InterpreterLock::kThreadsMax> blocked;  // Shown until the question is asked.
  if (running.execution().wants_steps()) [[unlikely]]
    show_steps(shared, {ready.data(), count}, options, blocked);
  const std::uint32_t answer = running.execution().ask(QuestionKind::kRun, running.life().actor,
                                                       site, count, {options.data(), count});
  return ready[answer];
}

void hand_over(Thread& leaver, Thread& next) {
  next.turn().phase = ThreadPhase::kReady;
  next.turn().idle = false;
  if (&next == &leaver) return;
  next.turn().held_ticks = 0;
  InterpreterLock& lock = leaver.shared().lock;
  lock.running = &next;
  if (lock.watcher != nullptr) [[unlikely]]
    lock.watcher->handed_over(leaver, next);
  switch_fibers(leaver.life().fiber, next.life().fiber);
  if (lock.abandoning) leaver.abandon();
}

void before_step(Shared& shared, SiteId site) {
  if (shared.lock.threaded) take_turn(*shared.lock.running, site);
  if (shared.lock.watcher != nullptr) [[unlikely]]
    shared.lock.watcher->step(*shared.lock.running, site);
}

void take_turn(Thread& thread, SiteId site) {
  // In the real thing the interpreter lets nobody else have the lock in an atomic section.
  if (thread.current()->atomic && !thread.settings().defects.has(Defect::kAtomicYieldsGil)) return;
  // Nobody counts before there is another thread: a condition comes here then, too.
  const bool counts = thread.settings().gil_ticks != 0 && thread.shared().lock.threaded;
  const bool over = counts && ++thread.turn().held_ticks > thread.settings().gil_ticks;
  Thread* const next = choose(thread, /*running_goes_on=*/!over, site);
  if (over && thread.shared().lock.watcher != nullptr) [[unlikely]]
    thread.shared().lock.watcher->gil_tick(thread);
  if (over) thread.turn().held_ticks = 1;  // What follows is the first operation of another turn.
  if (next == &thread) return;
  if (over) thread.log(EventKind::kGilTick, {static_cast<std::int32_t>(next->number())});
  thread.turn().lost_atomic = thread.current()->atomic;
  hand_over(thread, *next);
  thread.turn().lost_atomic = false;
  thread.turn().held_ticks = 1;
}

void settle(Thread& thread, SiteId site) {
  thread.turn().phase = ThreadPhase::kSettling;
  hand_over(thread, *choose(thread, /*running_goes_on=*/false, site));
}

Woken park(Thread& thread, std::uint64_t until, SiteId site) {
  thread.turn().woken = Woken::kByNobody;
  if (until != Clock::kNever) thread.shared().clock.set(thread.number(), until);
  while (thread.turn().woken == Woken::kByNobody) {
    if (until == Clock::kNever && !thread.shared().lock.others_awake(thread)) break;
    thread.turn().phase = ThreadPhase::kParked;
    Thread* const next = choose(thread, /*running_goes_on=*/false, site);
    CHECK_MSG(next != nullptr, "the last thread that was awake waits");
    hand_over(thread, *next);
  }
  return thread.turn().woken;
}

void unpark(Thread& thread) {
  if (thread.turn().phase != ThreadPhase::kParked) return;
  thread.shared().clock.cancel(thread.number());
  thread.turn().phase = ThreadPhase::kReady;
  thread.turn().woken = Woken::kByOther;
}

// Returns when something of this thread is runnable, or when nobody is left who could make it so.
void fall_asleep(Thread& thread) {
  thread.turn().phase = ThreadPhase::kAsleep;
  thread.turn().idle = true;
  const Evaluation& evaluation = thread.evaluation();
  const SiteId site = evaluation.is_known() ? evaluation.running.frame->site : SiteId{};
  Thread* const next = choose(thread, /*running_goes_on=*/false, site);
  CHECK_MSG(next != nullptr, "the last thread that was awake went to sleep");
  hand_over(thread, *next);
}

void wake(Thread& thread) {
  if (thread.turn().phase == ThreadPhase::kAsleep) thread.turn().phase = ThreadPhase::kReady;
}

void tell_of_deadlock(Thread& thread) {
  thread.note(EventKind::kDeadlocked);
  if (thread.shared().lock.deadlock_watcher != nullptr)
    thread.shared().lock.deadlock_watcher->deadlocked(thread);
}

}  // namespace reweave::runtime
