#include "runtime/tasklet/waits.h"

#include "runtime/tasklet/channel_queue.h"
#include "runtime/tasklet/tempval.h"

namespace reweave::runtime {

void begin_early_end(Thread& thread, EarlyEnd& outer, std::uint64_t until, std::uint64_t selects) {
  outer = thread.current()->early_end;
  thread.current()->early_end = {.selects = selects};
  if (selects != 0) thread.shared().selects = true;
  if (until == Clock::kNever) return;
  thread.current()->early_end.timer = ++thread.shared().tasklet_timers_made;
  thread.shared().tasklet_timers.push_back(
      {until, thread.current(), thread.current()->early_end.timer});
}

bool end_early_end(Thread& thread, const EarlyEnd& outer) {
  const EarlyEnd ended = thread.current()->early_end;
  thread.current()->early_end = outer;
  std::erase_if(thread.shared().tasklet_timers,
                [&ended](const TaskletTimer& timer) { return timer.serial == ended.timer; });
  return ended.timed_out;
}

namespace {

// Of this thread's tasklets that wait for a time the one whose time is over first; null: none does.
Tasklet* first_timed(const Thread& thread, std::uint64_t& due) {
  Tasklet* first = nullptr;
  for (const TaskletTimer& timer : thread.shared().tasklet_timers) {
    Tasklet* const t = timer.tasklet;
    if (t->dead || t->dying || t->thread != &thread || t->blocked == 0) continue;
    if (t->early_end.timer != timer.serial || (first != nullptr && timer.due >= due)) continue;
    first = t;
    due = timer.due;
  }
  return first;
}

// It has received nothing, and goes on.
void end_wait(Thread& thread, Tasklet* tasklet) {
  (void)channel_remove(thread, tasklet);
  queue_append(thread, tasklet);
  if (tasklet->thread != &thread) wake(*tasklet->thread);
}

}  // namespace

// Nothing of this thread can run. False: nor does any of its tasklets wait for a time. Else the
// thread has slept, and something can run now, or it is worth looking again.
bool await_timer(Thread& thread) {
  std::uint64_t due = 0;
  if (thread.shared().tasklet_timers.empty() || first_timed(thread, due) == nullptr) return false;
  if (due > thread.shared().clock.now()) {
    thread.shared().clock.set(thread.number(), due);
    fall_asleep(thread);
    thread.shared().clock.cancel(thread.number());
  }
  if (thread.queue().head != nullptr) return true;
  Tasklet* const first = first_timed(thread, due);
  if (first == nullptr || due > thread.shared().clock.now()) return true;
  first->early_end.timed_out = true;
  end_wait(thread, first);
  return true;
}

void wake_selectors(Thread& thread, std::uint32_t channel) {
  if (!thread.shared().selects || channel >= 64) return;
  for (Tasklet* t = thread.shared().first_tasklet; t != nullptr; t = t->next_made) {
    if (t->dead || t->dying || t->blocked == 0 || t->thread == nullptr) continue;
    if ((t->early_end.selects >> channel & 1) != 0) end_wait(thread, t);
  }
}

Object* relieve_sender(Thread& thread, Channel* channel) {
  if (channel->balance <= 0 || channel->head->thread == nullptr) return nullptr;
  Tasklet* const sender = channel_pop(thread, channel);
  Object* const value = claim(thread, sender);
  queue_append(thread, sender);
  if (sender->thread != &thread) wake(*sender->thread);
  return value;
}

}  // namespace reweave::runtime
