#include "runtime/tasklet/thread_life.h"

#include <utility>

#include "runtime/life/weakref.h"
#include "runtime/tasklet/tasklet_state.h"
#include "runtime/tasklet/thread.h"
#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

// ---- How a thread begins and dies ----

namespace {

[[noreturn]] void leave_ended_thread(Thread& ended) {
  Thread* next = choose(ended, /*running_goes_on=*/false, SiteId{});
  if (next == nullptr && ended.settings().defects.has(Defect::kNoRecheckAtThreadEnd)) {
    report_fault(ended, FindingKind::kDeadlock, "every-thread-sleeps",
                 "every thread sleeps, and the last one that was awake has ended");
    ended.abandon();
  }
  // All others sleep, and nobody is left to wake them: the first of them looks again, and finds the
  // deadlock.
  for (std::uint32_t i = 0; next == nullptr; ++i) {
    Thread* const each = ended.shared().lock.thread(i);
    if (each != nullptr &&
        (each->turn().phase == ThreadPhase::kAsleep || each->turn().phase == ThreadPhase::kParked))
      next = each;
  }
  hand_over(ended, *next);
  CHECK_MSG(false, "an ended thread was switched to");
}

}  // namespace

// The whole life of a thread but the first one.
void fiber_entry(void* thread) {
  Thread& self = *static_cast<Thread*>(thread);
  self.shared().stacks.add(self.life().stub_place);
  run_main(self, *self.life().main_code);
  // Its main tasklet has ended; what has a C stack here is killed from a makeshift one.
  self.life().ended_main = self.main_tasklet();
  run_main(self, self.shared().reap_code);
  Tasklet* const makeshift = self.main_tasklet();
  clear_weakrefs(self, makeshift, /*calls=*/false);  // Nothing can run here any more.
  self.set_current(nullptr);
  self.release(makeshift);
  self.release(makeshift);
  self.set_main(nullptr);
  self.turn().phase = ThreadPhase::kEnded;
  self.shared().stacks.drop(self.life().stub_place);
  for (Tasklet* t = self.shared().first_tasklet; t != nullptr; t = t->next_made) {
    if (!t->dead && t->thread == thread) t->thread = nullptr;
  }
  leave_ended_thread(self);
}

namespace {

// Each of these acts gets a makeshift main tasklet of its own in the real interpreter, which no
// program has asked for and nobody has given a number.
template <typename Act>
void as_makeshift(Thread& thread, const Act& act) {
  if (thread.life().nobody == ActorId{}) {
    thread.life().nobody = thread.execution().spawn(thread.life().actor);
    thread.shared().name_actor(thread.life().nobody, -1);
  }
  thread.main_tasklet()->actor = thread.life().nobody;
  thread.shared().stacks.drop(thread.life().stub_place);
  thread.shared().stacks.add(thread.life().stub_place);
  thread.shared().stacks.drop(thread.main_tasklet()->stack_place);
  thread.shared().stacks.add(thread.main_tasklet()->stack_place);
  act();
  thread.shared().stacks.drop(thread.main_tasklet()->stack_place);
}

// Where it is the last reference, the tasklet's C stack goes after the makeshift that its callbacks
// ran in; the search for the next one goes on behind it.
void release_as_makeshift(Thread& thread, Tasklet* tasklet) {
  if (tasklet->refs > 1) return thread.release(tasklet);
  thread.life().leaves_ring_last = tasklet;
  as_makeshift(thread, [&] { thread.release(tasklet); });
  thread.life().leaves_ring_last = nullptr;
  if (tasklet->dead) thread.shared().stacks.drop(tasklet->stack_place);
}

}  // namespace

// After Stackless's slp_kill_tasks_with_stacks: in the order in which their C stacks were saved,
// runnable tasklets leave the queue and those that are suspended hard are killed; the rest just
// stop. Tasklets that never got a stack of this thread stay where they are.
Object* reap(Thread& self, FrameRef, Object* value) {
  self.release(value != nullptr ? value : self.take_error());
  ++self.evaluation().nesting_level;  // As all C code that may not be left softly.
  self.shared().stacks.drop(self.main_tasklet()->stack_place);
  self.release(self.life().ended_main);
  release_as_makeshift(self, self.life().ended_main);
  for (;;) {
    // Callbacks may have given the makeshift one locals, which are not to die where nobody is.
    while (self.main_tasklet()->locals != nullptr)
      self.release(std::exchange(self.main_tasklet()->locals, nullptr));
    Tasklet* next = nullptr;
    const StackPlace* const head = self.shared().stacks.head();
    const StackPlace* place = head;
    do {
      require(self, place != nullptr, "stack-ring");
      Tasklet* const t = place->tasklet;
      if (t != nullptr) check_tasklet(self, t, "reaped");
      // One that dies is another thread's to destroy, which waits in the middle of it.
      if (t != nullptr && t->thread == &self && t != self.main_tasklet() && !t->dying) next = t;
      place = place->next;
    } while (next == nullptr && place != head);
    if (next == nullptr) break;
    retain(next);
    if (is_alive(next)) {
      const bool hard = nesting_level_of(self, next) > 0 ||
                        self.settings().defects.has(Defect::kThreadEndKillsAll);
      const auto leave_queue = [&] {
        if (!next->in_run_queue()) return;
        queue_remove(self, next);
        self.release(next);  // Not the last one: `next` is held.
      };
      leave_queue();
      if (hard) {
        as_makeshift(self, [&] {
          Object* const killed = self.kill(next, /*soft=*/false);
          self.release(killed != nullptr ? killed : self.take_error());
        });
        // It may have caught the exception, and be runnable again.
        if (!self.settings().defects.has(Defect::kSurvivorStaysQueued)) leave_queue();
      }
    }
    if (next->thread == &self) next->thread = nullptr;
    release_as_makeshift(self, next);
  }
  --self.evaluation().nesting_level;
  return self.none();
}

// A tasklet of this thread gets a frame: it begins on a fresh C stack, which is the last one.
void give_new_stack(Thread& thread, Tasklet* tasklet) {
  if (tasklet->stack_place.next == nullptr) return;
  thread.shared().stacks.drop(tasklet->stack_place);
  if (thread.number() != 0) thread.shared().stacks.add(tasklet->stack_place);
}

// ---- A tasklet moves to another thread ----

Object* bind_thread(Thread& thread, Tasklet* tasklet) {
  if (tasklet->thread == &thread) return thread.none();
  // A schedule callback may have taken the tasklet out of its run queue that is about to run.
  const bool about_to_run =
      tasklet->thread != nullptr && tasklet->thread->guard().switching_to == tasklet;
  if (tasklet->in_run_queue() || about_to_run)
    return thread.raise_runtime_error(ErrorCode::kBindThreadRunnable);
  if (nesting_level_of(thread, tasklet) > 0)
    return thread.raise_runtime_error(ErrorCode::kBindCState);
  // Its old thread may sleep in the middle of it, and would go on there.
  if (tasklet->thread != nullptr && tasklet->thread->current() == tasklet &&
      !thread.settings().defects.has(Defect::kBindThreadInContext))
    return thread.raise_runtime_error(ErrorCode::kBindCState);
  // A thread without its main tasklet has nobody to return to.
  if (tasklet->is_main && is_alive(tasklet) &&
      !thread.settings().defects.has(Defect::kBindThreadTakesMain))
    return thread.raise_runtime_error(ErrorCode::kUnbindMain);
  // Its old thread has stored its frame, so it looks alive.
  tasklet->runs_elsewhere = tasklet->thread != nullptr && tasklet->thread->current() == tasklet;
  tasklet->thread = &thread;
  tasklet->cstate = &thread.saved().stub;
  tasklet->left_level = 0;
  thread.shared().stacks.drop(tasklet->stack_place);
  return thread.none();
}

}  // namespace reweave::runtime
